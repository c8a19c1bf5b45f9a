"""The banner on every page of the portal, while any of the viewer's organisations waits for SSO; and notices."""

from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from orgs.access import OrgAccess
from sso import skipping
from sso.return_paths import with_next
from sso.viewer import WaitingOrg
from sso.watching import health


@dataclass(frozen=True, slots=True)
class Banner:
    items: tuple[WaitingOrg, ...]

    @property
    def skip_url(self) -> str:
        """Where "not now" posts to; empty while an enforcing organisation waits alone."""
        return reverse("sso:skip") if any(item.can_skip for item in self.items) else ""


def sso_banner(request: HttpRequest) -> dict[str, object]:
    """`sso_banner`, a callable: a page that does not show it pays no query."""
    return {"sso_banner": lambda: banner_for(request)}


def failing_connections(request: HttpRequest) -> dict[str, object]:
    """`failing_connections`, a callable, for the SSO settings, whose readers the gate has let in as admins."""
    access: OrgAccess | None = getattr(request, "access", None)
    return {"failing_connections": lambda: health.failing(access.org, now=timezone.now()) if access else []}


def banner_for(request: HttpRequest) -> Banner | None:
    portal_view = getattr(request, "portal_view", None)
    user = getattr(request, "user", None)
    if portal_view is None or user is None or not user.is_authenticated:
        return None
    if getattr(request, "is_blocked", False):
        return None  # the block page is a banner of its own, and has one button
    on_trial = getattr(getattr(request, "org_on_trial", None), "pk", None)  # the strip has that button
    skipped = skipping.skipped_org_ids(request)
    items = tuple(
        replace(item, start_url=with_next(item.start_url, _this_page(request)))
        for item in portal_view.waiting
        if not (item.can_skip and item.org_id in skipped) and item.org_id != on_trial
    )
    return Banner(items) if items else None


def _this_page(request: HttpRequest) -> str:
    """Where the login returns to: the page the banner is on, where that is one to return to.

    An address that IdPs send people to is none: its query answers one trip to an IdP.
    """
    route = request.resolver_match
    is_of_a_trip = route is not None and "connection_uid" in route.kwargs and "org_slug" not in route.kwargs
    return request.get_full_path() if request.method in ("GET", "HEAD") and not is_of_a_trip else "/"
