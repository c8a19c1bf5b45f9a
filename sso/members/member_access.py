"""What an admin takes back from a member: the link to their identity at the IdP, and their SSO sessions."""

from django.db import transaction

from accounts.models import User
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Organization
from sso import sessions
from sso.models import LinkedIdentity, SSOSession


@transaction.atomic
def unlink_identity(*, identity: LinkedIdentity, actor: User | None) -> None:
    """Forget who a member is at the IdP, and end the SSO sessions that came of it. They link anew at next login."""
    lock_organisation(identity.org_id)
    data = {"member": audit.label_of(identity.user), "issuer": identity.issuer, "subject": identity.subject}
    audit.record("org.sso_unlink", org=identity.org, actor=actor, data=data)
    identity.delete()


@transaction.atomic
def end_session(*, session: SSOSession, actor: User) -> None:
    """End one SSO session, in whichever browser it is."""
    if sessions.end_session(org=session.org, session_id=session.pk):
        _record_ended(session.org, session.user, actor, count=1)


@transaction.atomic
def end_all_sessions(*, org: Organization, user: User, actor: User) -> int:
    """End all of a member's SSO sessions for this organisation. Returns how many there were."""
    count = sessions.end_sessions_of_user(org=org, user=user)
    if count:
        _record_ended(org, user, actor, count=count)
    return count


def _record_ended(org: Organization, user: User, actor: User, *, count: int) -> None:
    data = {"member": audit.label_of(user), "count": count}
    audit.record("org.sso_end_sessions", org=org, actor=actor, data=data)
