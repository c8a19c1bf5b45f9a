"""What a person reads of single sign-on in their own organisations: the link, the sessions, what was received.

It is all about the person, so it stays readable while an organisation's gate is closed to them.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from accounts.sessions import Browser
from orgs.models import Membership, Organization
from sso.browser import browsers_of
from sso.mapping.seen_attributes import KeptOfMember, seen_for
from sso.models import Connection, LinkedIdentity, Revision, SSOSession
from sso.protocols import adapter_for
from sso.sessions import sessions_of_user


@dataclass(frozen=True, slots=True)
class MySession:
    """One SSO session. `browser` is None where that browser is not signed in to the portal any more."""

    session: SSOSession
    browser: Browser | None
    is_in_this_browser: bool
    is_valid: bool
    may_sign_out: bool


@dataclass(frozen=True, slots=True)
class MyOrganisation:
    """One organisation that has to do with single sign-on. `is_authenticated` speaks of this browser."""

    org: Organization
    membership: Membership
    identity: LinkedIdentity | None
    sessions: list[MySession]
    kept: list[KeptOfMember]

    @property
    def is_authenticated(self) -> bool:
        return any(mine.is_in_this_browser and mine.is_valid for mine in self.sessions)


def my_organisations(*, user: User, this_browser: str, now: datetime) -> list[MyOrganisation]:
    """The person's organisations that have a connection or a link to them, by name. A fixed number of queries."""
    connected = Connection.objects.filter(org=OuterRef("org"))
    linked = LinkedIdentity.objects.filter(org=OuterRef("org"), user=user)
    memberships = Membership.objects.filter(Q(Exists(connected)) | Q(Exists(linked)), user=user)
    identities = {
        identity.org_id: identity
        for identity in LinkedIdentity.objects.filter(user=user).select_related("connection")
    }
    sessions = _sessions(user, this_browser, now)
    kept: dict[int, list[KeptOfMember]] = defaultdict(list)
    for each in seen_for(user=user, now=now):
        kept[each.org.pk].append(each)
    return [
        MyOrganisation(
            org=membership.org,
            membership=membership,
            identity=identities.get(membership.org_id),
            sessions=sessions[membership.org_id],
            kept=kept[membership.org_id],
        )
        for membership in memberships.select_related("org").order_by("org__name", "org_id")
    ]


def _sessions(user: User, this_browser: str, now: datetime) -> dict[int, list[MySession]]:
    """Organisation id -> the person's sessions there, this browser's first, then the newest."""
    browsers = browsers_of([user.pk])
    mine: dict[int, list[MySession]] = defaultdict(list)
    for session in sessions_of_user(user=user, now=now).order_by("-started_at"):
        is_here = session.browser_session == this_browser
        one = MySession(
            session=session,
            browser=browsers.get(session.browser_session),
            is_in_this_browser=is_here,
            is_valid=session.revision.status == Revision.Status.LIVE and session.connection.is_enabled,
            may_sign_out=is_here
            and adapter_for(session.connection.protocol).may_offer_logout(session.revision),
        )
        mine[session.org_id].insert(0 if is_here else len(mine[session.org_id]), one)
    return mine
