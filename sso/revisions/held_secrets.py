"""A secret between the page where it was typed and the save that stores it: sealed, and carried by the form.

It opens only for whoever typed it, for the same connection and for an hour. No page shows it.
"""

import json
from datetime import datetime, timedelta

from hubsso.crypto import CannotUnseal, seal, unseal

HELD_FOR = timedelta(hours=1)
MAX_HELD_LENGTH = 4000


class NothingHeld(Exception):
    """There is no secret here that would open for this place and at this time."""


def hold(secret: str, *, place: str, now: datetime) -> str:
    """The secret sealed for `place`: a connection and whoever works on it."""
    return seal(json.dumps([secret, now.timestamp()]), context=_context(place))


def release(held: str, *, place: str, now: datetime) -> str:
    """The secret again. Raises NothingHeld."""
    try:
        secret, held_at = json.loads(unseal(held, context=_context(place)))
    except (CannotUnseal, ValueError):
        raise NothingHeld from None
    if not timedelta() <= now - datetime.fromtimestamp(held_at, now.tzinfo) < HELD_FOR:
        raise NothingHeld
    return str(secret)


def _context(place: str) -> str:
    return f"held:{place}:client_secret"
