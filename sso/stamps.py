"""Stamps: what a settings page was based on, so that a stale tab overwrites nobody's change unseen.

A form carries the stamp of what it showed; the domain function that saves compares it, inside its lock, with the
stamp of what is saved now. A stamp guards against accidents, not against attackers, and is no secret.
"""

import hashlib
import json

from sso.settings_errors import StaleForm

STAMP_LENGTH = 24


def stamp_of(*values: object) -> str:
    """A short name for these values (JSON's types); equal values have equal stamps."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:STAMP_LENGTH]


def refuse_stale(*, based_on: str | None, now_saved: str) -> None:
    """Raise StaleForm unless the caller knew what is saved. None comes from a caller that showed nobody a page."""
    if based_on is not None and based_on != now_saved:
        raise StaleForm(stamp=now_saved)
