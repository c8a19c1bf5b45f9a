"""Giving a member another identity at their IdP, after a login that was refused because it was another one.

The new identity is never typed: it is what the IdP said in that login, read from the refusal's trace. Replacing is one
step, so that nobody can take the place in between, and holds to the e-mail rule of a first link. The next login as the
new identity then finds its link.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Membership
from sso.errors import AccountLinkedToAnother, SSOError, SubjectLinkedToAnother
from sso.linking import check_email
from sso.models import Connection, LinkedIdentity, RefusalTrace, Revision
from sso.settings_errors import RelinkEmailRefused, RelinkOutdated
from sso.stamps import refuse_stale, stamp_of
from sso.types import Purpose

CODES = frozenset({AccountLinkedToAnother.code, SubjectLinkedToAnother.code})


@dataclass(frozen=True, slots=True)
class Relink:
    """A member, the identity they have, and the one that they came as.

    `old` is None where the member has none; `holder` is who has the new identity now, None where nobody does.
    `email_refusal` is the code by which the e-mail rule refuses the new identity now; empty where it passes.
    """

    trace: RefusalTrace
    membership: Membership
    connection: Connection
    issuer: str
    subject: str
    email: str
    email_refusal: str
    old: LinkedIdentity | None
    holder: LinkedIdentity | None

    @property
    def stamp(self) -> str:
        """Names what the page shows, for `replace_identity` to compare."""
        links = [(link.pk, link.subject) if link else None for link in (self.old, self.holder)]
        return stamp_of(self.trace.reference, *links)


def may_relink(trace: RefusalTrace) -> bool:
    """Is there something to compare still? Not once the link was replaced, or another configuration serves."""
    try:
        relink_for(trace)
    except RelinkOutdated:
        return False
    return True


def _is_of_this_kind(trace: RefusalTrace) -> bool:
    """Not of a test: a draft's word is not the organisation's yet."""
    return trace.code in CODES and trace.purpose in (Purpose.LOGIN, Purpose.JOIN) and bool(trace.user_id)


def relink_for(trace: RefusalTrace) -> Relink:
    """Old and new side by side. Raises RelinkOutdated where the refusal no longer says how things are."""
    fields = trace.fields
    issuer, subject = fields.get("offered_issuer"), fields.get("offered_subject")
    if not _is_of_this_kind(trace) or not issuer or not subject:
        raise RelinkOutdated
    connection = _connection_of(trace, issuer)
    membership = (
        Membership.objects.select_related("user", "org").filter(org=trace.org_id, user=trace.user_id).first()
    )
    if membership is None or connection is None:
        raise RelinkOutdated
    identities = LinkedIdentity.objects.filter(org=trace.org_id).select_related("user", "connection")
    old = identities.filter(user=trace.user_id).first()
    holder = identities.filter(issuer=issuer, subject=subject).first()
    if holder is not None and holder.user_id == trace.user_id:
        raise RelinkOutdated  # done already
    return Relink(
        trace=trace,
        membership=membership,
        connection=connection,
        issuer=issuer,
        subject=subject,
        email=fields.get("offered_email", ""),
        email_refusal=_email_refusal(trace, connection, membership.user),
        old=old,
        holder=holder,
    )


def _connection_of(trace: RefusalTrace, issuer: str) -> Connection | None:
    """As it is now. None unless the revision that vouched for the new identity is still the one that serves."""
    if trace.revision_id is None or trace.connection_id is None:
        return None
    live = Revision.objects.filter(pk=trace.revision_id, status=Revision.Status.LIVE, issuer=issuer)
    return Connection.objects.filter(pk=trace.connection_id, is_enabled=True, revisions__in=live).first()


def _email_refusal(trace: RefusalTrace, connection: Connection, user: User) -> str:
    """By the rule as it is now. Of several addresses the trace keeps the number alone, which is enough to refuse."""
    email = trace.fields.get("offered_email", "")
    emails = (email,) * int(trace.fields.get("offered_emails_count", bool(email)))
    try:
        check_email(connection=connection, user=user, emails=emails)
    except SSOError as refusal:
        return refusal.code
    return ""


@transaction.atomic
def replace_identity(
    *, trace: RefusalTrace, actor: User, now: datetime, based_on: str | None
) -> LinkedIdentity:
    """Link the member to the identity of the refused login; who had it before is unlinked. Their sessions end.

    Raises RelinkOutdated, RelinkEmailRefused, or StaleForm where the page showed other links than there are now.
    """
    lock_organisation(trace.org_id)
    if trace.expires_at <= now:
        raise RelinkOutdated
    relink = relink_for(trace)
    refuse_stale(based_on=based_on, now_saved=relink.stamp)
    if relink.email_refusal:
        raise RelinkEmailRefused
    for link in (relink.old, relink.holder):
        if link is not None:
            link.delete()
    identity = LinkedIdentity.objects.create(
        org_id=trace.org_id,
        connection=relink.connection,
        user=relink.membership.user,
        issuer=relink.issuer,
        subject=relink.subject,
        email=relink.email,
    )
    _record(relink, actor)
    return identity


def _record(relink: Relink, actor: User) -> None:
    data: dict[str, object] = {
        "member": audit.label_of(relink.membership.user),
        "connection": relink.connection.name,
        "issuer": relink.issuer,
        "subject": {"from": relink.old.subject if relink.old else "", "to": relink.subject},
        "reference": relink.trace.reference,
    }
    if relink.holder is not None:
        data["unlinked"] = audit.label_of(relink.holder.user)
    audit.record("org.sso_relink", org=relink.membership.org, actor=actor, data=data)
