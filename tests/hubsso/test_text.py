"""What a name may hold, and how keys are read from text."""

import pytest
from django.core.exceptions import ValidationError

from hubsso.text import MAX_KEY, key_in, validate_one_line


@pytest.mark.parametrize("name", ["Acme", "Ünïcode & Co.", "شركة", "Olivia 👩‍💻", "O'Neill-Smith", ""])
def test_ordinary_names_pass(name: str) -> None:
    validate_one_line(name)


@pytest.mark.parametrize(
    "letter",
    ["\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ud800"],
)
def test_line_breaks_controls_and_overrides_are_refused(letter: str) -> None:
    with pytest.raises(ValidationError):
        validate_one_line(f"Acme{letter}Inc")


@pytest.mark.parametrize(("text", "key"), [("0", 0), ("42", 42), ("007", 7), (str(MAX_KEY), MAX_KEY)])
def test_plain_digits_are_a_key(text: str, key: int) -> None:
    assert key_in(text) == key


@pytest.mark.parametrize("text", ["", "-1", "1.0", " 1", "x", "²", "٣", "\0", str(MAX_KEY + 1), "9" * 5000])
def test_anything_else_is_none(text: str) -> None:
    assert key_in(text) is None
