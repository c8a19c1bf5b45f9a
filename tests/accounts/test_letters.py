"""Every mail that allauth may send has a letter of ours."""

import re
from datetime import UTC, datetime
from pathlib import Path

import allauth
import pytest

from accounts.letters import LETTERS, letter_for
from hubsso.mail import compose

BY_CODE = {"account/email/login_code", "account/email/password_reset_code"}  # switched off
CONTEXT = {
    "activate_url": "https://hub.example/confirm/",
    "password_reset_url": "https://hub.example/reset/",
    "signup_url": "https://hub.example/signup/",
    "from_email": "old@acme.example",
    "to_email": "new@acme.example",
    "deleted_email": "gone@acme.example",
    "timestamp": datetime(2026, 1, 15, 12, 0, tzinfo=UTC),
    "user_agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
    "ip": "203.0.113.7",
}


def prefixes_of_allauth() -> set[str]:
    """The prefixes that the code of the apps that we use names."""
    root = Path(allauth.__file__).parent
    code = "".join(path.read_text() for app in ("account", "mfa") for path in (root / app).rglob("*.py"))
    return set(re.findall(r'"((?:account|mfa)/email/\w+)"', code))


def test_every_mail_of_allauth_has_a_letter() -> None:
    assert prefixes_of_allauth() - BY_CODE == set(LETTERS)


@pytest.mark.parametrize("prefix", sorted(LETTERS))
def test_letter_leads_on_or_says_where_the_change_came_from(prefix: str) -> None:
    letter = letter_for(prefix, CONTEXT)
    text = str(compose(letter, to="max@acme.example").body)
    assert "https://hub.example/" in text or "Firefox on Windows" in text
