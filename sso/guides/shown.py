"""A guide as its reader meets it: in their language, with one connection's values in the vendor's words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from sso.guides import Guide, GuideInvalid
from sso.protocols import CopyValue, adapter_for

NO_CONNECTION = "00000000-0000-0000-0000-000000000000"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(\|pattern)?\}")
_SPECIAL_IN_PATTERNS = re.compile(r"[.\\/?*+^$|()\[\]{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownGuide:
    """`values` are what the vendor has a name for, in the order of its page; `others` what it has none for."""

    guide: Guide
    where: str
    steps: tuple[str, ...]
    pitfalls: tuple[str, ...]
    values: tuple[CopyValue, ...]
    others: tuple[CopyValue, ...]
    snippets: tuple[CopyValue, ...]
    paste: Mapping[str, str]  # our form's field -> the vendor's name for it, and where it is


def shown_guide(guide: Guide, values: list[CopyValue]) -> ShownGuide:
    """Fill the guide with `values`, what the connection's protocol gives to an IdP."""
    by_key = {value.key: value.value for value in values}
    return ShownGuide(
        guide=guide,
        where=gettext(guide.where),
        steps=tuple(gettext(step) for step in guide.steps),
        pitfalls=tuple(gettext(pitfall) for pitfall in guide.pitfalls),
        values=tuple(CopyValue(key, gettext(name), by_key[key]) for key, name in guide.copy.items()),
        others=tuple(value for value in values if value.key not in guide.copy),
        snippets=tuple(
            CopyValue(f"snippet-{number}", gettext(snippet.label), _filled(snippet.text, by_key))
            for number, snippet in enumerate(guide.snippets, 1)
        ),
        paste={name: gettext(place) for name, place in guide.paste.items()},
    )


def check_names(guide: Guide) -> None:
    """Only values and fields that the protocol has may be named. Raises GuideInvalid."""
    adapter = adapter_for(guide.protocol)
    ours = {value.key for value in adapter.values_for_idp(NO_CONNECTION)}
    used = {key for snippet in guide.snippets for key, _ in _PLACEHOLDER.findall(snippet.text)}
    unknown = (guide.copy.keys() | used) - ours
    unknown |= guide.paste.keys() - adapter.draft_form(base=None).fields.keys()
    if unknown:
        raise GuideInvalid(f"{guide.vendor}-{guide.protocol}: there is no {', '.join(sorted(unknown))}")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """`{key}` is our value; `{key|pattern}` is a regular expression that matches it alone."""

    def value(found: re.Match[str]) -> str:
        ours = values[found[1]]
        return _SPECIAL_IN_PATTERNS.sub(r"\\\g<0>", ours) if found[2] else ours

    return _PLACEHOLDER.sub(value, text)
