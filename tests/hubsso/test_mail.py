"""Mails: text and HTML of one family, in the reader's own language and zone, after commit, best effort."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format

from hubsso.mail import Letter, Recipient, compose, deliver, send_to

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
LETTER = Letter(
    subject="Acme: a <new>\r\nBcc: eve@evil.example",
    paragraphs=("One & two.", "<b>Three</b>"),
    facts=(("Role", "Admin <script>"),),
    action=("Open it", "https://hub.example/orgs/acme/?a=1&b=2"),
    reason="You are an admin.",
)


def html_of(message: EmailMultiAlternatives) -> str:
    (alternative,) = message.alternatives
    assert alternative[1] == "text/html"
    return str(alternative[0])


def test_text_says_what_the_html_says() -> None:
    message = compose(LETTER, to="max@acme.example")
    for line in (
        "One & two.",
        "<b>Three</b>",
        "Role: Admin <script>",
        "https://hub.example/orgs/acme/?a=1&b=2",
    ):
        assert line in message.body.splitlines()
    html = html_of(message)
    assert "<b>" not in html
    assert "<script>" not in html
    assert 'href="https://hub.example/orgs/acme/?a=1&amp;b=2"' in html
    assert "You are an admin." in html
    assert "You are an admin." in message.body


def test_html_loads_nothing_from_elsewhere() -> None:
    html = html_of(compose(LETTER, to="max@acme.example"))
    assert not [word for word in ("<img", "<link", "<script", "url(", "@import", "src=") if word in html]


def test_a_line_break_in_a_subject_begins_no_header() -> None:
    message = compose(LETTER, to="max@acme.example").message()
    assert message["Bcc"] is None
    assert message["Subject"] == "Acme: a <new> Bcc: eve@evil.example"


def now_in_words() -> Letter:
    when = date_format(timezone.localtime(NOON), "j F Y, H:i e")
    return Letter(subject=translation.get_language() or "", paragraphs=(when,))


@pytest.mark.parametrize(
    ("recipient", "language", "when"),
    [
        (Recipient("a@acme.example"), "en", "15 January 2026, 12:00 UTC"),
        (Recipient("a@acme.example", "fr", "Europe/Paris"), "fr", "15 janvier 2026, 13:00 CET"),
        (Recipient("a@acme.example", "", "Mars/Olympus"), "en", "15 January 2026, 12:00 UTC"),
        (Recipient("a@acme.example", "", "../../etc/passwd"), "en", "15 January 2026, 12:00 UTC"),
    ],
)
def test_each_reads_their_own_language_and_zone(recipient: Recipient, language: str, when: str) -> None:
    with translation.override("de"):
        assert deliver(recipient, now_in_words)
    (message,) = django_mail.outbox
    assert message.subject == language
    assert when in message.body


@pytest.fixture
def refusing_server(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1


def test_a_mail_server_that_is_down_fails_nothing(refusing_server: None) -> None:
    assert not deliver(Recipient("a@acme.example"), now_in_words)


@pytest.mark.django_db
def test_nothing_is_sent_for_what_was_rolled_back(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        send_to([Recipient("a@acme.example")], now_in_words)
        transaction.set_rollback(True)
    assert django_mail.outbox == []
