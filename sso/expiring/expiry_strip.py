"""The strip on an organisation's settings that says what is about to expire, for its admins."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from orgs.access import OrgAccess
from orgs.roles import Ability
from sso.expiring.expiry import Ending, endings


@dataclass(frozen=True, slots=True)
class ExpiryStrip:
    """What expires of the organisation, the most urgent first, and how many there are besides."""

    first: Ending
    more: int


def expiry_strip(request: HttpRequest) -> dict[str, object]:
    """`expiry_strip`, a callable: only the settings show it, and only they pay its queries."""
    return {"expiry_strip": lambda: strip_for(request)}


def strip_for(request: HttpRequest) -> ExpiryStrip | None:
    """For admins whom the gate let in; None for everybody else, and where nothing is about to expire."""
    access: OrgAccess | None = getattr(request, "access", None)
    if access is None or not access.can(Ability.MANAGE):
        return None
    found = endings(access.org, now=timezone.now())
    return ExpiryStrip(first=found[0], more=len(found) - 1) if found else None
