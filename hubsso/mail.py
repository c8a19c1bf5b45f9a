"""The mails of the portal: one look, as text and as HTML, each in its reader's language and time zone.

A `Letter` is what a mail says; how it looks is in `templates/mail`. It knows no app.

Where there is a queue (`hubsso.jobs`), letters wait in it and are tried for a day; where there is none, they are sent
after the transaction, once, best effort.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from hubsso.jobs.backends import runs_inline
from hubsso.jobs.models import OutgoingLetter
from hubsso.jobs.registry import AWAITED, FOR_A_DAY, NORMAL, GiveUp, job
from hubsso.text import one_line

logger = logging.getLogger(__name__)
PERMANENT_CODE = 500  # and above (RFC 5321, 4.2.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail says, in the order in which it is read.

    `action` is one button, (label, absolute URL); `facts` are short lines, (label, value); `reason` says in small
    print why the reader gets it.
    """

    subject: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    action: tuple[str, str] | None = None
    reason: str = ""


class Addressee(Protocol):
    """Who can be written to: an account, or a `Recipient`. `language` and `time_zone` may be empty."""

    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address that belongs to no account, or of which no more is known."""

    email: str
    language: str = ""
    time_zone: str = ""


def send_to(recipients: Iterable[Addressee], build: Callable[[], Letter]) -> None:
    """Leave each of them the letter; what is rolled back is not sent. Nothing fails because of a mail.

    `build` is called once a recipient, under their language and time zone: now where there is a queue, so that the
    letter says what was so when it happened; after the transaction where there is none.
    """
    if runs_inline():
        addressees = list(recipients)
        transaction.on_commit(lambda: _deliver_all(addressees, build), robust=True)
        return
    for recipient in recipients:
        try:
            deliver(recipient, build)
        except DatabaseError:  # the caller's transaction is lost with it
            raise
        except Exception:
            logger.exception("mail.not_sent")


def deliver(recipient: Addressee, build: Callable[[], Letter]) -> bool:
    """Leave one letter to the queue, or send it now where there is none. False, and logged, where that failed."""
    language = recipient.language or settings.LANGUAGE_CODE
    try:
        with translation.override(language), _zone_of(recipient):
            post(build(), to=recipient.email)
    except (OSError, SMTPException, ValueError):  # a BadHeaderError is a ValueError
        logger.exception("mail.not_sent")
        return False
    return True


@contextmanager
def reading_as(reader: Addressee | None) -> Iterator[None]:
    """Under the language and time zone that a reader has set; what they have not set stays as it is."""
    language = (reader and reader.language) or translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language), _zone_of(reader) if reader else nullcontext():
        yield


def post(letter: Letter, *, to: str, is_awaited: bool = False) -> None:
    """Send a letter in the language that is active: by the queue, or now. Now, it raises what the mail server says.

    One that `is_awaited`, as is the link that opens an account, comes before all others in the queue.
    """
    if runs_inline():
        compose(letter, to=to).send()
        return
    outgoing = OutgoingLetter(created_at=timezone.now())
    outgoing.content = {"to": to, "language": translation.get_language(), "letter": asdict(letter)}
    with transaction.atomic():
        outgoing.save(force_insert=True)
        send_letter.using(priority=AWAITED if is_awaited else NORMAL).enqueue(str(outgoing.uid))


class MailNotSent(Exception):
    """The mail server was not reached or refused the letter for now. Says its code, and nobody's address."""


class MailRefused(GiveUp):
    """The letter can't be sent to anybody, or its recipient is refused for good."""


@job(retry=FOR_A_DAY, lost_after=timedelta(minutes=5))
def send_letter(letter_uid: str) -> str:
    """Send a letter of the queue, and forget it. Raises MailNotSent or MailRefused.

    Where a worker dies between the two, the letter is sent again under the same Message-ID: rather twice than never.
    """
    outgoing = OutgoingLetter.objects.filter(pk=letter_uid).first()
    if outgoing is None:
        return "was sent before, or is too old"
    content = outgoing.content
    with translation.override(content["language"] or settings.LANGUAGE_CODE):
        message = compose(_letter_of(content["letter"]), to=content["to"])
    message.extra_headers["Message-ID"] = f"<{outgoing.uid}@{urlsplit(settings.BASE_URL).hostname}>"
    try:
        message.send()
    except (OSError, SMTPException, ValueError) as error:
        is_final = isinstance(error, ValueError) or _is_refused_for_good(error)
        raise (MailRefused if is_final else MailNotSent)(_named(error)) from None
    outgoing.delete()
    return "sent"


def compose(letter: Letter, *, to: str) -> EmailMultiAlternatives:
    """The message: text, and HTML beside it, in the language that is active."""
    context = {
        "letter": letter,
        "site_name": settings.SITE_NAME,
        "site_url": settings.BASE_URL,
        "language": translation.get_language() or settings.LANGUAGE_CODE,
    }
    message = EmailMultiAlternatives(
        one_line(letter.subject), render_to_string("mail/base.txt", context).strip() + "\n", to=[to]
    )
    message.attach_alternative(render_to_string("mail/base.html", context), "text/html")
    return message


def _deliver_all(recipients: list[Addressee], build: Callable[[], Letter]) -> None:
    for recipient in recipients:
        deliver(recipient, build)


def _zone_of(recipient: Addressee) -> AbstractContextManager[object]:
    try:
        return timezone.override(ZoneInfo(recipient.time_zone)) if recipient.time_zone else nullcontext()
    except (ValueError, OSError, KeyError):  # a zone that this machine does not know (any more)
        return nullcontext()


def _letter_of(stored: dict[str, Any]) -> Letter:
    """What `asdict` made, after JSON made lists of its tuples."""
    action = stored["action"]
    return Letter(
        subject=stored["subject"],
        paragraphs=tuple(stored["paragraphs"]),
        facts=tuple((label, value) for label, value in stored["facts"]),
        action=(action[0], action[1]) if action else None,
        reason=stored["reason"],
    )


def _is_refused_for_good(error: OSError) -> bool:
    """A 5xx about the recipient or the letter. One about us, as a wrong password is, an operator can mend."""
    match error:
        case SMTPRecipientsRefused():
            return all(code >= PERMANENT_CODE for code, _text in error.recipients.values())
        case SMTPDataError():
            return error.smtp_code >= PERMANENT_CODE
        case _:
            return False


def _named(error: Exception) -> str:
    """Without what the server said, which names people."""
    match error:
        case SMTPRecipientsRefused():
            codes: object = sorted({code for code, _text in error.recipients.values()})
        case SMTPResponseException():
            codes = error.smtp_code
        case _:
            codes = ""
    return f"{type(error).__name__} {codes}".strip()
