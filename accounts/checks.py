"""Start-up checks of what an operator may add to accounts."""

from typing import Any

from django.core.checks import Warning as CheckWarning
from django.core.checks import register

from accounts import places


@register()
def check_place_database(**kwargs: Any) -> list[CheckWarning]:
    """A database of places that can't be read leaves sessions with their addresses: worth a word, and no failure."""
    problem = places.problem_with_database()
    if not problem:
        return []
    text = f"HUBSSO_GEOIP_DATABASE can't be read ({problem}). Sessions show addresses instead of places."
    return [CheckWarning(text, id="accounts.W001")]
