""" "Not now": a member sets an optional banner aside, until this browser's session ends."""

from django.http import HttpRequest

_SESSION_KEY = "hubsso_set_aside"


def skipped_org_ids(request: HttpRequest) -> frozenset[int]:
    return frozenset(request.session.get(_SESSION_KEY, []))


def skip(request: HttpRequest, org_ids: list[int]) -> None:
    """Set the banner aside for these organisations, beside those that were set aside before."""
    request.session[_SESSION_KEY] = sorted(skipped_org_ids(request) | set(org_ids))
