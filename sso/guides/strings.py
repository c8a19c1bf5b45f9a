"""`python -m sso.guides.strings`: write the guides' texts to `messages.py`, where makemessages finds them."""

import json
from pathlib import Path

from sso.guides import FOLDER, GENERIC, Guide, read_guides

TARGET = FOLDER / "messages.py"
_HEAD = '''# ruff: noqa: E501, RUF001
# fmt: off
"""The guides' texts for makemessages, written by `python -m sso.guides.strings`. Nothing imports this."""

from django.utils.translation import gettext_noop as _

TEXTS = (
'''


def main() -> None:
    TARGET.write_text(written_module(FOLDER), encoding="utf-8")


def written_module(folder: Path) -> str:
    """The module's whole text, each text of the folder's guides once."""
    texts = dict.fromkeys(text for guide in read_guides(folder) for text in _texts(guide))
    return _HEAD + "".join(f"    _({json.dumps(text, ensure_ascii=False)}),\n" for text in texts) + ")\n"


def _texts(guide: Guide) -> list[str]:
    """What is translated. A vendor's name is not; that of no vendor is."""
    return [
        *([guide.name] if guide.vendor == GENERIC else []),
        guide.where,
        *guide.steps,
        *guide.pitfalls,
        *([guide.recommended] if guide.recommended else []),
        *guide.copy.values(),
        *guide.paste.values(),
        *(snippet.label for snippet in guide.snippets),
    ]


if __name__ == "__main__":
    main()
