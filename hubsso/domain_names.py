"""Domain names as people type them, in the one form in which they are stored and compared: lower-case ASCII (IDNA)."""

import re
from urllib.parse import urlsplit

import idna

MAX_LENGTH = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")


def ascii_domain(typed: str) -> str | None:
    """The domain that somebody typed; None where it is none. `@Bücher.example.` is `xn--bcher-kva.example`."""
    text = typed.strip().lower().removeprefix("@").rstrip(".")
    try:
        name = text if text.isascii() else idna.encode(text, uts46=True, std3_rules=True).decode()
    except UnicodeError:  # an IDNAError is one
        return None
    is_domain = len(name) <= MAX_LENGTH and _DOMAIN.fullmatch(name) and not name.rpartition(".")[2].isdigit()
    return name if is_domain else None


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
    """The domain of an e-mail address, or "" where it has none that DNS could hold."""
    return ascii_domain(email.rpartition("@")[2]) or ""
