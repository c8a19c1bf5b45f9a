"""Who looks at lists that mix organisations: what the gate withholds from them, and which orgs wait for SSO."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orgs.access import Area, MemberOf, Viewer, WithheldOrg
from sso.gate import GatedOrg, Who, orgs_of
from sso.policy import may_be_set_aside
from sso.return_paths import with_next
from sso.types import Outcome, Purpose, Reason

REASON_TEXTS: dict[Reason, str] = {
    Reason.SSO_MISSING: _("You have not authenticated with its identity provider in this browser yet."),
    Reason.SSO_EXPIRED: _("Your last authentication has expired."),
    Reason.SSO_REVISION_CHANGED: _("Its single sign-on was changed since you last authenticated."),
    Reason.SSO_UNAVAILABLE: _("Its single sign-on is not working. Contact an admin of the organisation."),
}


@dataclass(frozen=True, slots=True)
class WaitingOrg:
    """One line of the banner. `org_id` keys the viewer's "not now".

    `idp_name` and `idp_host`, where the button leads, are empty where there are several IdPs. `reason_text` is empty
    where there never was a session.
    """

    org_id: int
    org_name: str
    org_slug: str
    idp_name: str
    idp_host: str
    start_url: str
    reason_text: str
    can_skip: bool
    is_enforced: bool


@dataclass(frozen=True, slots=True)
class PortalView:
    """One viewer's standing in all their organisations."""

    viewer: Viewer
    waiting: tuple[WaitingOrg, ...]


def look(who: Who, *, now: datetime) -> PortalView:
    """Decide for every organisation of the viewer. One query for a member, none for anybody else."""
    return standing_in(orgs_of(who, now=now), user_id=who.user_id, now=now)


def standing_in(gated_orgs: Iterable[GatedOrg], *, user_id: int | None, now: datetime) -> PortalView:
    """Decide for these organisations, as lists that mix organisations want to know it."""
    memberships: list[MemberOf] = []
    withheld: list[WithheldOrg] = []
    waiting: list[WaitingOrg] = []
    for gated in gated_orgs:
        decision = gated.decide(area=Area.MEMBERS, now=now)
        if decision.outcome is Outcome.REQUIRE_SSO:
            withheld.append(_withheld(gated))
        elif gated.member:
            memberships.append(gated.member)
        is_asked = decision.outcome in (Outcome.REQUIRE_SSO, Outcome.ALLOW_WITH_BANNER)
        if is_asked and gated.facts.has_live_connection:
            waiting.append(_waiting(gated, decision.reason))
    viewer = Viewer(user_id=user_id, memberships=tuple(memberships), withheld=tuple(withheld))
    return PortalView(viewer=viewer, waiting=tuple(waiting))


def _withheld(gated: GatedOrg) -> WithheldOrg:
    return WithheldOrg(
        org_id=gated.org.pk,
        slug=gated.org.slug,
        name=gated.org.name,
        has_idp=gated.facts.has_live_connection,
    )


def _waiting(gated: GatedOrg, reason: Reason) -> WaitingOrg:
    can_skip = may_be_set_aside(gated.facts.enforcement)
    return WaitingOrg(
        org_id=gated.org.pk,
        org_name=gated.org.name,
        org_slug=gated.org.slug,
        idp_name=gated.idp_name,
        idp_host=gated.idp_host,
        start_url=start_url(gated.org.slug),
        reason_text="" if reason is Reason.SSO_MISSING else gettext(REASON_TEXTS[reason]),
        can_skip=can_skip,
        is_enforced=not can_skip,
    )


def start_url(org_slug: str) -> str:
    return reverse("sso:start", args=[org_slug])


def retry_url(org_slug: str, *, purpose: str, next_path: str) -> str:
    """The same trip to the IdP again, back to the same page."""
    if purpose == Purpose.JOIN:
        return reverse("sso:join", args=[org_slug])
    return with_next(start_url(org_slug), next_path)


def choice_url(org_slug: str) -> str:
    """Where a member chooses among several connections, whichever the rule would choose."""
    return start_url(org_slug) + "?choose=1"
