"""The mails of the portal: one look, as text and as HTML, each in its reader's language and time zone.

A `Letter` is what a mail says; how it looks is in `templates/mail`. It knows no app.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Protocol
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from hubsso.text import one_line

logger = logging.getLogger(__name__)


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
    """Send each of them the letter, once the transaction is through, best effort: nothing fails because of a mail.

    `build` is called once a recipient, under their language and time zone.
    """
    addressees = list(recipients)
    transaction.on_commit(lambda: _deliver_all(addressees, build), robust=True)


def deliver(recipient: Addressee, build: Callable[[], Letter]) -> bool:
    """Send one letter now; whether the mail server took it. A failure is logged."""
    try:
        with translation.override(recipient.language or settings.LANGUAGE_CODE), _zone_of(recipient):
            compose(build(), to=recipient.email).send()
    except (OSError, SMTPException, ValueError):  # a BadHeaderError is a ValueError
        logger.exception("mail.not_sent")
        return False
    return True


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
