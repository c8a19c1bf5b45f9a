"""Times as SAML writes them (Core 1.3.3): `2026-11-24T09:30:00Z`, in UTC, with or without a fraction."""

import re
from datetime import UTC, datetime

from sso.saml.errors import ResponseMalformed, shown

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)\Z", re.ASCII)


def parse_instant(text: str) -> datetime:
    """Read a time. Raises ResponseMalformed for anything that is not UTC."""
    match = _INSTANT.match(text)
    if match is None:
        raise ResponseMalformed(f"{shown(text)} is not a time in UTC.")
    microseconds = int((match[2] or "0")[:6].ljust(6, "0"))
    try:
        return datetime.fromisoformat(match[1]).replace(microsecond=microseconds, tzinfo=UTC)
    except ValueError as error:
        raise ResponseMalformed(f"{shown(text)} is not a time.") from error


def format_instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
