"""Mails by the queue: with their transaction, sealed while they wait, tried until the mail server takes them."""

from collections.abc import Callable
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from hubsso import mail
from hubsso.jobs.models import OutgoingLetter
from hubsso.key_rotation import secret_places
from hubsso.mail import Letter, Recipient
from tests.conftest import World, log_in_with_sso
from tests.hubsso.jobs.conftest import Work, let_time_pass, rows
from tests.hubsso.test_mail import now_in_words

SECRET_LINK = "https://hub.example/invitations/the-secret-of-a-link/"
LETTER = Letter(
    subject="Hello", paragraphs=("One.", "Two."), facts=(("Role", "Admin"),), action=("Open", SECRET_LINK)
)
MAX = Recipient("max@acme.example", "fr", "Europe/Paris")


class RefusingBackend(BaseEmailBackend):
    """A mail server that answers with what `says` holds, one a mail, and then takes them."""

    says: list[Exception] = []

    def send_messages(self, email_messages: Any) -> int:
        if self.says:
            raise self.says.pop(0)
        django_mail.outbox.extend(email_messages)
        return len(email_messages)


@pytest.fixture
def server_says(settings: Settings) -> Callable[..., None]:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    RefusingBackend.says = []
    return RefusingBackend.says.extend


def everything_stored() -> str:
    """All text of the two tables, as whoever has the database sees it."""
    found = []
    with connection.cursor() as cursor:
        for table in ("django_tasks_database_dbtaskresult", "jobs_outgoingletter"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - no value of anybody's
            found += cursor.fetchall()
    return repr(found)


def test_letter_waits_for_the_transaction_and_for_a_worker(work: Work) -> None:
    with transaction.atomic():
        mail.send_to([MAX], lambda: LETTER)
        transaction.set_rollback(True)
    assert (rows(), OutgoingLetter.objects.count()) == ([], 0)
    mail.send_to([MAX], lambda: LETTER)
    assert django_mail.outbox == []
    work()
    (message,) = django_mail.outbox
    assert message.to == ["max@acme.example"]
    assert "Admin" in message.body
    assert SECRET_LINK in message.body


def test_who_waits_for_a_link_waits_for_nobodys_invitations(work: Work, client: Client, world: World) -> None:
    for number in range(3):
        mail.send_to([Recipient(f"guest{number}@acme.example")], lambda: LETTER)
    client.post("/accounts/password/reset/", {"email": world.max.user.email})
    work()
    assert django_mail.outbox[0].to == [world.max.user.email]
    assert len(django_mail.outbox) == 4


def test_what_waits_is_sealed_and_gone_once_it_is_sent(work: Work) -> None:
    mail.send_to([MAX], lambda: LETTER)
    waiting = everything_stored()
    assert "the-secret-of-a-link" not in waiting
    assert "max@acme.example" not in waiting
    assert "jobs.OutgoingLetter.content_sealed" in {place.label for place in secret_places()}
    work()
    assert not OutgoingLetter.objects.exists()
    assert "max@acme.example" not in everything_stored()


def test_words_are_in_the_language_and_zone_that_the_reader_had_then(work: Work) -> None:
    with translation.override("en"):
        mail.send_to([MAX], now_in_words)
    work()
    (message,) = django_mail.outbox
    assert message.subject == "fr"
    assert "15 janvier 2026, 13:00 CET" in message.body
    assert 'lang="fr"' in str(message.alternatives[0][0])  # type: ignore[attr-defined]


def test_server_that_is_down_is_tried_again_under_the_same_message_id(
    work: Work, server_says: Callable[..., None]
) -> None:
    server_says([OSError("connection refused"), TimeoutError("max@acme.example")])
    mail.send_to([MAX], lambda: LETTER)
    (letter,) = OutgoingLetter.objects.all()
    work()
    let_time_pass(minutes=5)
    (row,) = work()
    assert "max@acme.example" not in row.traceback
    let_time_pass(minutes=5)
    (row,) = work()
    assert (row.status, len(row.worker_ids)) == ("SUCCESSFUL", 3)
    assert [message.extra_headers["Message-ID"] for message in django_mail.outbox] == [
        f"<{letter.uid}@testserver>"
    ]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (SMTPRecipientsRefused({"max@acme.example": (550, b"no such user max")}), "FAILED"),
        (SMTPRecipientsRefused({"max@acme.example": (450, b"try later")}), "READY"),
        (SMTPDataError(554, b"spam"), "FAILED"),
        (SMTPDataError(452, b"full"), "READY"),
        (SMTPResponseException(535, b"wrong password"), "READY"),
        (ValueError("a header"), "FAILED"),
    ],
    ids=["no such address", "busy", "refused letter", "full", "our password", "no letter at all"],
)
def test_only_what_can_still_be_sent_is_tried_again(
    work: Work, server_says: Callable[..., None], said: Exception, status: str
) -> None:
    server_says([said])
    mail.send_to([MAX], lambda: LETTER)
    (row,) = work()
    assert row.status == status
    assert "max" not in row.traceback.split("hubsso.mail.")[-1]  # what is said of the failure


def test_job_that_runs_twice_sends_once(work: Work) -> None:
    mail.send_to([MAX], lambda: LETTER)
    (row,) = work()
    mail.send_letter.enqueue(*row.args_kwargs["args"])
    work()
    assert len(django_mail.outbox) == 1


def test_a_letter_that_can_not_be_written_fails_nothing(work: Work) -> None:
    def build() -> Letter:
        raise KeyError("name")

    mail.send_to([MAX], build)
    assert rows() == []


def test_invitation_goes_by_the_queue_and_its_link_is_nowhere_to_be_read(
    queue: None, world: World, client: Client, work: Work
) -> None:
    log_in_with_sso(client, world.olivia)
    form = {"email": "ann@partner.example", "role": "read", "is_external_collaborator": "on"}
    page = client.post("/orgs/acme/invitations/", form, follow=True).content.decode()
    assert "ann@partner.example has been invited" in page
    waiting = everything_stored()
    work()
    (message,) = django_mail.outbox
    token = message.body.split("/invitations/")[1].split("/")[0]
    assert len(token) > 20
    assert token not in waiting


def test_reset_of_a_password_goes_by_the_queue(queue: None, world: World, client: Client, work: Work) -> None:
    client.post("/accounts/password/reset/", {"email": "max@acme.example"})
    assert django_mail.outbox == []
    work()
    assert [message.to for message in django_mail.outbox] == [["max@acme.example"]]
