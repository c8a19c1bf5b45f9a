"""The catalogue of translations as data, and a language for tests that marks whatever was translated."""

import ast
import gettext
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "fr"
FOLDER = ROOT / "locale" / LANGUAGE / "LC_MESSAGES"

_FIELD = re.compile(r'^(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d)\])? (".*")$')
_CONTEXT = "\x04"


@dataclass(slots=True)
class Message:
    """One entry of a .po file. `texts` are its translations: one, or one a plural form."""

    context: str = ""
    singular: str = ""
    plural: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.singular


def read_po(path: Path) -> list[Message]:
    """The entries of a .po file, its header left out."""
    messages, current, name, number = [Message()], Message(), "", 0
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("#,"):
            current.is_fuzzy = "fuzzy" in line
        elif not line:
            messages.append(current)
            current = Message()
        elif found := _FIELD.match(line):
            name, number = found[1], int(found[2] or 0)
            _append(current, name, number, ast.literal_eval(found[3]))
        elif line.startswith('"'):
            _append(current, name, number, ast.literal_eval(line))
    return [message for message in messages if message.singular]


def _append(message: Message, name: str, number: int, text: str) -> None:
    match name:
        case "msgctxt":
            message.context += text
        case "msgid":
            message.singular += text
        case "msgid_plural":
            message.plural += text
        case _:
            message.texts[number] = message.texts.get(number, "") + text


def read_mo(path: Path) -> dict[object, str]:
    """What gettext finds in a compiled catalogue, its header left out; a plural's key is (text, form)."""
    with path.open("rb") as file:
        catalogue = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    del catalogue[""]
    return catalogue


def as_compiled(messages: list[Message]) -> dict[object, str]:
    """What `read_mo` finds once these are compiled."""
    compiled: dict[object, str] = {}
    for message in messages:
        text = f"{message.context}{_CONTEXT}{message.singular}" if message.context else message.singular
        if message.plural:
            compiled |= {(text, form): translated for form, translated in message.texts.items()}
        else:
            compiled[text] = message.texts[0]
    return compiled


class MarkedLanguage:
    """Stands for a language whose every translation is the English text between ⟦ and ⟧.

    As Django uses one: `trans_real` asks it by these names, with the context before the text.
    """

    def gettext(self, text: str) -> str:
        return f"⟦{text.rpartition(_CONTEXT)[2]}⟧"

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular if number == 1 else plural)

    def language(self) -> str:
        return LANGUAGE

    to_language = language
