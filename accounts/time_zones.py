"""In which zone times are shown: the one that the person has set, else their browser's, else UTC.

Only to people who are signed in: a page for anonymous viewers is the same bytes for everyone.
"""

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

AS_THE_BROWSER_SAYS = ""
COOKIE = "hubsso_zone"  # set by hubsso.js, which alone knows the browser's zone

Choice = tuple[str, object]


def zone_of(request: HttpRequest, user: User) -> ZoneInfo:
    """The zone of a signed-in reader."""
    own = zone_named(user.time_zone) or zone_named(request.COOKIES.get(COOKIE, ""))
    return own or ZoneInfo(settings.TIME_ZONE)


def zone_named(name: str) -> ZoneInfo | None:
    """The zone with this IANA name; None for anything else, however it is written."""
    return ZoneInfo(name) if name in _names() else None


def choices() -> list[tuple[object, object]]:
    """What a person may set: "as my browser says", UTC, then places by continent."""
    by_continent: dict[str, list[Choice]] = {}
    for name in sorted(_names()):
        continent, separator, place = name.partition("/")
        if separator and continent in _CONTINENTS:
            by_continent.setdefault(continent, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return [
        (AS_THE_BROWSER_SAYS, _("As my browser says")),
        ("UTC", "UTC"),
        *((_CONTINENTS[name], places) for name, places in by_continent.items()),
    ]


_CONTINENTS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """Read from the machine's database once a process: `ZoneInfo` is never given a name that is not there."""
    return frozenset(available_timezones())
