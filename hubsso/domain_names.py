"""Domain names as people type them, in the one form in which they are stored and compared: lower-case ASCII (IDNA).

There are two rules for that form: IDNA 2008, which DNS follows, and IDNA 2003, by which Django addresses its mails.
A name that they read differently (`straße.de`: `xn--strae-oqa.de` or `strasse.de`) counts for none: else a mail to
one domain's owner would prove an address of the other.
"""

import re
from urllib.parse import urlsplit

import idna
from django.core.exceptions import ValidationError
from django.utils.encoding import punycode
from django.utils.translation import gettext as _

MAX_LENGTH = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")


def ascii_domain(typed: str) -> str | None:
    """The domain that somebody typed; None where it is none. `@Bücher.example.` is `xn--bcher-kva.example`."""
    text = typed.strip().lower().removeprefix("@").rstrip(".")
    try:
        name = text if text.isascii() else _encoded(text)
    except UnicodeError:  # an IDNAError is one
        return None
    is_domain = len(name) <= MAX_LENGTH and _DOMAIN.fullmatch(name) and not name.rpartition(".")[2].isdigit()
    return name if is_domain else None


def validate_email_domain(email: str) -> None:
    """For every field in which somebody enters an address that we will write to. Raises ValidationError."""
    domain = email.rpartition("@")[2]
    if not domain.isascii() and ascii_domain(domain) is None:
        raise ValidationError(
            _("Mail servers read this domain in more than one way. Enter it in its ASCII form (xn--…)."),
            code="domain_ambiguous",
        )


def domain_in(typed: str) -> str | None:
    """As `ascii_domain`, and also the domain of a URL or of an e-mail address."""
    text = typed.strip()
    if "://" in text:
        try:
            text = urlsplit(text).hostname or ""
        except ValueError:
            return None
    return ascii_domain(text.rpartition("@")[2])


def shown(name: str) -> str:
    """A stored name as people read it. What would not lead back to the same name stays as it is."""
    try:
        text = idna.decode(name)
    except UnicodeError:
        return name
    return text if ascii_domain(text) == name else name


def domain_of(email: str) -> str:
    """The domain of an e-mail address, or "" where it has none that DNS could hold, or not one alone."""
    return ascii_domain(email.rpartition("@")[2]) or ""


def _encoded(text: str) -> str:
    """Raises UnicodeError, also where the two rules differ."""
    name = idna.encode(text, uts46=True, std3_rules=True).decode()
    if name != punycode(text):
        raise UnicodeError
    return name
