"""What the gate hands to views: who is looking, at which organisation, and what is withheld from them.

Views are marked with the `Area` they show (`@org_view`) or with the reason why the gate lets them be
(`@gate_exempt`). The mark is all a view says; the decision is made elsewhere and arrives as `request.access`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from orgs.models import Organization
from orgs.roles import Ability, Role, can
from orgs.viewer import MemberOf, Viewer, WithheldOrg

__all__ = [
    "Area",
    "MemberOf",
    "OrgAccess",
    "OrgRequest",
    "PortalRequest",
    "Viewer",
    "WithheldOrg",
    "gate_exempt",
    "org_view",
]

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Area(StrEnum):
    """What part of an organisation a view shows."""

    PUBLIC = "public"  # the organisation's face; the view shows whatever the viewer's role allows
    MEMBERS = "members"  # for members only; what an unmarked view gets
    SETTINGS = "settings"
    SSO_SETTINGS = "sso_settings"  # the only area that a recovery session opens


@dataclass(frozen=True, slots=True)
class OrgAccess:
    """A viewer whom the gate let at one organisation. `member` is None for outsiders.

    `role_lock` and `invitations_off` say why roles can't be set by hand, or nobody can be invited, just now;
    they are empty where nothing stands in the way. `is_recovery`: a recovery session let them in, which is for
    repairing single sign-on and not for reading about members.
    """

    org: Organization
    user_id: int | None
    member: MemberOf | None
    role_lock: str = ""
    invitations_off: str = ""
    is_recovery: bool = False

    @property
    def role(self) -> Role:
        return self.member.role if self.member else Role.NO_ACCESS

    @property
    def viewer(self) -> Viewer:
        """The same viewer, for querysets; it knows this organisation only."""
        return Viewer(user_id=self.user_id, memberships=(self.member,) if self.member else ())

    def may_read_about(self, user_id: int | None) -> bool:
        """What an identity provider said of an account, and what is linked to it: in a recovery session one's own."""
        return not self.is_recovery or (user_id is not None and user_id == self.user_id)

    def can(self, ability: Ability) -> bool:
        return can(self.role, ability)


class PortalRequest(HttpRequest):
    """A request past the middleware. `viewer` is worked out when first used."""

    viewer: Viewer


class OrgRequest(PortalRequest):
    """A request for one organisation's page that the gate let through."""

    access: OrgAccess


def org_view(area: Area, *, needs: Ability | None = None) -> Callable[[View], View]:
    """Mark a view `(request, org_slug, ...)` with its area, and refuse roles that lack the ability it needs.

    The middleware has decided before the view runs and left `request.access`; without it the view fails.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: OrgRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            access = request.access
            if needs is not None and not access.can(needs):
                raise PermissionDenied(f"needs {needs}")
            return view(request, *args, **kwargs)

        wrapper.org_area = area  # type: ignore[attr-defined]
        wrapper.org_needs = needs  # type: ignore[attr-defined]
        return cast("View", wrapper)

    return decorate


def gate_exempt(reason: str) -> Callable[[View], View]:
    """Mark a view that names an organisation and yet must answer without the gate; `reason` says why."""

    def decorate(view: View) -> View:
        view.gate_exempt_reason = reason  # type: ignore[attr-defined]
        return view

    return decorate
