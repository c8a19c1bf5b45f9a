"""One member as their organisation's admins see them: identity, sessions, how the role came about, a refused login.

Everything is bounded: what the audit log says of somebody is looked for among the newest entries of each kind.
"""

from dataclasses import dataclass
from datetime import datetime

from accounts.sessions import Browser
from orgs import audit
from orgs.audit import AuditEntry
from orgs.models import AuditEvent, Membership
from sso.browser import browsers_of
from sso.mapping.role_mapping import read_detail
from sso.members import relinking
from sso.models import LinkedIdentity, RefusalTrace, SSOSession
from sso.sessions import live_sessions

MAX_ENTRIES = 8
LOOKED_AT = 300
# What changes a role, or who somebody is. By themselves (a login through a mapping), or by an admin about them.
_OWN_EVENTS = ("org.change_role", "org.withhold_role", "org.sso_join", "org.sso_link")
_OTHERS_EVENTS = (
    "org.add_user",
    "org.change_role",
    "org.set_collaborator",
    "org.sso_unlink",
    "org.sso_relink",
)


@dataclass(frozen=True, slots=True)
class MemberSession:
    """A live SSO session, and the browser it is in; None where the portal session is gone."""

    session: SSOSession
    browser: Browser | None


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """`refused` is the newest refusal as another identity that still stands; it can be relinked."""

    membership: Membership
    identity: LinkedIdentity | None
    sessions: list[MemberSession]
    history: list[AuditEntry]
    refused: RefusalTrace | None

    @property
    def mapped_by(self) -> tuple[str, str] | None:
        """(attribute, value) of the mapping's row that gave the role."""
        return read_detail(self.membership.role_detail)


def details_of(*, membership: Membership, now: datetime) -> MemberDetails:
    """All that the member's page shows."""
    identities = LinkedIdentity.objects.filter(org=membership.org_id, user=membership.user_id)
    identity = identities.select_related("connection").first()
    return MemberDetails(
        membership=membership,
        identity=identity,
        sessions=_sessions(membership, now),
        history=history_of(membership),
        refused=_refused_as_another(membership, identity, now),
    )


def history_of(membership: Membership) -> list[AuditEntry]:
    """The newest entries about a member's role and identity, the latest first."""
    entries = AuditEvent.objects.filter(org=membership.org_id).order_by("-seq")
    own = list(entries.filter(actor=membership.user_id, event__in=_OWN_EVENTS)[:MAX_ENTRIES])
    label = audit.label_of(membership.user)
    found = {entry.pk: entry for entry in own if entry.data.get("member", label) == label}
    for event in _OTHERS_EVENTS:
        for entry in entries.filter(event=event)[:LOOKED_AT]:
            if entry.data.get("member") == label:
                found[entry.pk] = entry
    newest = sorted(found.values(), key=lambda entry: -entry.seq)[:MAX_ENTRIES]
    return [audit.describe(entry) for entry in newest]


def _sessions(membership: Membership, now: datetime) -> list[MemberSession]:
    live = live_sessions(org=membership.org, now=now).filter(user=membership.user_id)
    sessions = list(live.order_by("-started_at", "-pk"))
    browsers = browsers_of([membership.user_id]) if sessions else {}
    return [MemberSession(session, browsers.get(session.browser_session)) for session in sessions]


def _refused_as_another(
    membership: Membership, identity: LinkedIdentity | None, now: datetime
) -> RefusalTrace | None:
    traces = RefusalTrace.objects.filter(
        org=membership.org_id, user=membership.user_id, code__in=relinking.CODES, expires_at__gt=now
    )
    if identity is not None and identity.last_login_at is not None:
        traces = traces.filter(at__gt=identity.last_login_at)
    newest = traces.order_by("-at", "-pk").first()
    return newest if newest is not None and relinking.may_relink(newest) else None
