"""Mistakes of a draft that one click corrects: what is offered beside a field, and how it comes back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

MAX_POSTED_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Correction:
    """`values` are form fields with what they should hold; `label` is on the button."""

    label: str
    values: Mapping[str, str]

    @property
    def posted(self) -> str:
        """What the button sends."""
        return json.dumps(self.values)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a failed test taught of a field of the tested revision: `text` says it, `correction` is one click away."""

    field: str
    text: str
    correction: Correction


def posted_correction(text: str) -> dict[str, str]:
    """What a button sent; empty for anything else. The form checks the values as if they had been typed."""
    try:
        values = json.loads(text[:MAX_POSTED_LENGTH])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def use(field: str, value: str) -> Correction:
    return Correction(_("Use %(value)s") % {"value": value}, {field: value})


# What copying brings along and nobody sees: zero-width characters, directional marks, no-break spaces.
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))


def without_spaces(text: str) -> str:
    """An address without the white space and invisible characters that came along when it was copied."""
    return "".join(text.translate(_UNSEEN).split())


def better_address(text: str) -> str:
    """The address that was probably meant; the same where nothing is known to be better."""
    address = without_spaces(text).strip("<>\"'")
    if address.lower().startswith("http://"):
        return f"https://{address[len('http://') :]}"
    if "://" not in address and "." in address.partition("/")[0]:
        return f"https://{address.lstrip('/')}"
    return address
