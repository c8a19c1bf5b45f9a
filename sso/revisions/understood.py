"""What was understood of an IdP, as sections of labels and values: for a page that knows no protocol."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate of the IdP as a page shows it. `announced_at`: when metadata announced it, where it did."""

    subject: str
    fingerprint: str
    key: str
    not_before: datetime
    not_after: datetime
    is_expired: bool
    announced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One label with what it says; `is_code` for what machines compare, `note` for what to know of it."""

    label: str
    values: tuple[str, ...]
    is_code: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class FactSection:
    title: str
    facts: tuple[Fact, ...] = ()
    certificates: tuple[ShownCertificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """`notes` say what was left out, or what the admin should know before saving."""

    sections: tuple[FactSection, ...]
    notes: tuple[str, ...] = ()


def facts_of(*rows: tuple[str, str]) -> tuple[Fact, ...]:
    """Labels and texts as facts, without those whose text is empty."""
    return tuple(Fact(str(label), (text,)) for label, text in rows if text)
