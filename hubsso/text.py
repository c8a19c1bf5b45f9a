"""What a text that people read as one line may hold, and numbers that come as text from outside."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Control characters, lone surrogates, and what begins a new line or paragraph.
_NEVER_IN_A_LINE = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They turn around what stands after them, also in the page or log line about it (Unicode TR 36, 2.6).
_BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

MAX_KEY = 2**63 - 1
_MAX_KEY_DIGITS = len(str(MAX_KEY))


def validate_one_line(text: str) -> None:
    """For names and titles: they stand in mail headers, log lines and buttons. Raises ValidationError."""
    if any(_breaks_a_line(letter) for letter in text):
        raise ValidationError(
            _("Use plain text on one line: no line breaks, control characters or changes of direction."),
            code="not_one_line",
        )


def one_line(text: str) -> str:
    """The text as one header can hold it: a name with a line break begins no header of its own."""
    return " ".join("".join(" " if _breaks_a_line(letter) else letter for letter in text).split())


def _breaks_a_line(letter: str) -> bool:
    return unicodedata.category(letter) in _NEVER_IN_A_LINE or letter in _BIDI_OVERRIDES


def has_control_character(text: str) -> bool:
    return any(unicodedata.category(letter) == "Cc" for letter in text)


def key_in(text: str) -> int | None:
    """A database key or a small number as plain digits; None for anything else, however long."""
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_KEY_DIGITS:
        return None
    return key if (key := int(text)) <= MAX_KEY else None
