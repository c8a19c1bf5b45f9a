"""A test's result, made ready for its page: stored details are plain JSON and may be those of an older version."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sso.models import RevisionTest
from sso.models.session import LIMIT_CHOICES
from sso.revision_tests import CheckStatus

_TONES = {CheckStatus.PASSED: "success", CheckStatus.WARNING: "warning", CheckStatus.FAILED: "danger"}
_WORDS = {CheckStatus.PASSED: "Passed", CheckStatus.WARNING: "Note", CheckStatus.FAILED: "Failed"}


@dataclass(frozen=True, slots=True)
class ShownCheck:
    title: str
    text: str
    tone: str
    word: str


@dataclass(frozen=True, slots=True)
class ShownTest:
    """What the page says of one test."""

    test: RevisionTest
    checks: list[ShownCheck]
    subject: str = ""
    emails: list[str] = field(default_factory=list)
    mapped_attributes: dict[str, list[str]] = field(default_factory=dict)
    other_attributes: list[str] = field(default_factory=list)
    role: dict[str, str] | None = None
    seats: list[dict[str, str]] = field(default_factory=list)
    session_ends_at: datetime | None = None
    session_limit: str = ""
    reference: str = ""


def shown_test(test: RevisionTest) -> ShownTest:
    details: dict[str, Any] = test.details
    ends_at = details.get("session_ends_at")
    return ShownTest(
        test=test,
        checks=_checks(test),
        subject=details.get("subject", ""),
        emails=details.get("emails", []),
        mapped_attributes=details.get("mapped_attributes", {}),
        other_attributes=details.get("other_attributes", []),
        role=details.get("role"),
        seats=details.get("seats", []),
        session_ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
        session_limit=str(dict(LIMIT_CHOICES).get(details.get("session_limit", ""), "")),
        reference=details.get("reference", ""),
    )


def _checks(test: RevisionTest) -> list[ShownCheck]:
    """A login that was refused on the way has no list of checks, only what stopped it."""
    stored: list[dict[str, str]] = test.details.get("checks", [])
    if not stored and not test.passed:
        stored = [
            {"title": "The login", "status": CheckStatus.FAILED, "text": test.details.get("admin_detail", "")}
        ]
    return [
        ShownCheck(check["title"], check["text"], _TONES[status], _WORDS[status])
        for check in stored
        for status in [CheckStatus(check["status"])]
    ]
