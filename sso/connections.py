"""An organisation's connections and their revisions: draft, live, retired, put back, off, gone.

A revision never changes once it is saved. Changing a connection makes a new draft while the live revision keeps
serving; a draft goes live only after a login through it, by the admin who makes it live, has passed. Whoever
changes a connection's revisions holds its row's lock, so that two admins at once come one after the other; a
connection that one of them deleted is gone for the other (ConnectionGone).
"""

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max

from accounts.models import User
from hubsso.crypto import CannotUnseal
from orgs import audit
from orgs.models import Organization
from sso.connection_lock import lock_connection
from sso.gate import live_connections
from sso.guides import GENERIC
from sso.mapping import mappings
from sso.models import Connection, LinkedIdentity, Revision, RevisionTest, SSOPolicy, SSOSession
from sso.protocols import adapter_for
from sso.revisions import trials
from sso.settings_errors import (
    ConnectionNameTaken,
    DraftGone,
    DraftNotTested,
    SecretBoundToIssuer,
    SecretNeeded,
    SecretUnreadable,
    WouldLockOut,
)
from sso.stamps import refuse_stale, stamp_of
from sso.types import ClientAuthentication, Enforcement, ResponseMode, SSOProtocol

# What a draft that is put back takes from the old revision; the secret is sealed anew for the new row.
COPIED_FIELDS = (
    "issuer",
    "client_id",
    "client_authentication",
    "response_mode",
    "signing_algorithms",
    "more_scopes",
    "client_secret_expires_on",
    "max_age_seconds",
    "follow_id_token_expiry",
    "sso_url",
    "sso_binding",
    "certificates",
    "sign_requests",
    "want_encrypted",
    "force_authn",
    "authn_context_classes",
    "slo_url",
    "slo_response_url",
    "slo_binding",
    "metadata_url",
    "email_attribute",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OIDCConfiguration:
    """What an admin enters of an OP. An empty `client_secret` keeps the stored one.

    No `signing_algorithms` mean all that we take.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    client_secret_expires_on: date | None = None
    client_authentication: str = ClientAuthentication.CLIENT_SECRET
    response_mode: str = ResponseMode.QUERY
    signing_algorithms: list[str] = field(default_factory=list)
    more_scopes: str = ""
    max_age_seconds: int | None = None
    follow_id_token_expiry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SAMLConfiguration:
    """What an admin enters of a SAML IdP. `issuer` is its entity ID; `certificates` are PEM texts."""

    issuer: str
    sso_url: str
    certificates: list[str]
    sso_binding: str = Revision.Binding.REDIRECT
    sign_requests: bool = False
    want_encrypted: bool = False
    force_authn: bool = False
    authn_context_classes: list[str] = field(default_factory=list)
    slo_url: str = ""
    slo_response_url: str = ""
    slo_binding: str = Revision.Binding.REDIRECT
    metadata_url: str = ""
    email_attribute: str = ""


@transaction.atomic
def create_connection(
    *, org: Organization, name: str, protocol: SSOProtocol, actor: User | None, vendor: str = GENERIC
) -> Connection:
    """Make a connection without any revision. Raises ConnectionNameTaken."""
    try:
        with transaction.atomic():
            connection = Connection.objects.create(org=org, name=name, protocol=protocol, vendor=vendor)
    except IntegrityError:
        raise ConnectionNameTaken(field="name") from None
    _record(connection, actor, action="create", protocol=protocol.value)
    return connection


@transaction.atomic
def rename_connection(*, connection: Connection, name: str, actor: User) -> None:
    """Change the name members see. Raises ConnectionNameTaken."""
    before = lock_connection(connection).name
    try:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.pk).update(name=name)
    except IntegrityError:
        raise ConnectionNameTaken(field="name") from None
    connection.name = name
    _record(connection, actor, action="rename", before=before)


@transaction.atomic
def change_vendor(*, connection: Connection, vendor: str, actor: User | None) -> None:
    """Show another vendor's guide; nothing else depends on it."""
    before = lock_connection(connection).vendor
    Connection.objects.filter(pk=connection.pk).update(vendor=vendor)
    connection.vendor = vendor
    _record(connection, actor, action="change_vendor", vendor={"from": before, "to": vendor})


@transaction.atomic
def save_draft(
    *,
    connection: Connection,
    configuration: OIDCConfiguration | SAMLConfiguration,
    actor: User | None,
    now: datetime,
    based_on: str | None = None,
    actor_label: str = "",
) -> Revision:
    """Save a new draft; an older draft retires. Without `based_on` the later one of two admins' drafts stays.

    `actor_label` names whoever has no account. Raises SecretNeeded, or a subclass that says why the stored secret
    can't be kept, and StaleForm when the revision to start from is no longer that of the stamp `based_on`.
    """
    lock_connection(connection)
    refuse_stale(based_on=based_on, now_saved=draft_stamp(editable_revision(connection)))
    values = asdict(configuration)
    secret = values.pop("client_secret", "")
    if _needs_secret(configuration) and not secret:
        secret = _stored_secret(connection, configuration.issuer)
    return _add_draft(connection, values, secret=secret, actor=actor, actor_label=actor_label, now=now)


@transaction.atomic
def put_back(*, connection: Connection, revision: Revision, actor: User, now: datetime) -> Revision:
    """Copy an old revision to a new draft, to be tested and made live like any other. Raises SecretUnreadable."""
    lock_connection(connection)
    values = {name: getattr(revision, name) for name in COPIED_FIELDS}
    return _add_draft(
        connection,
        values,
        secret=_open_secret(revision),
        actor=actor,
        now=now,
        copied_from=revision.number,
    )


def passed_test(*, revision: Revision, user: User) -> RevisionTest | None:
    """The user's newest test of this revision if it passed, else None."""
    newest = revision.tests.filter(user=user).order_by("-at", "-pk").first()
    return newest if newest and newest.passed else None


@transaction.atomic
def go_live(
    *,
    connection: Connection,
    revision: Revision,
    actor: User | None,
    now: datetime,
    trial_seconds: int = 0,
    tested_by: User | None = None,
) -> Revision:
    """Make a draft live; the live revision retires, and with it every SSO session that it gave.

    For `trial_seconds`, if any, it is on trial (see `trials`), unless there is nothing to fall back to or the
    connection is switched off, so that nobody could confirm it.

    `tested_by` is the admin whose test counts where an operator does it. Raises DraftGone if it is no draft any more,
    DraftNotTested unless the newest test of it by the actor, or by that admin, passed.
    """
    is_enabled = lock_connection(connection).is_enabled
    draft = connection.revisions.filter(pk=revision.pk, status=Revision.Status.DRAFT).first()
    if draft is None:
        raise DraftGone
    tester = actor or tested_by
    if tester is None or passed_test(revision=draft, user=tester) is None:
        raise DraftNotTested
    replaced = connection.revisions.filter(status=Revision.Status.LIVE).first()
    draft.replaced = trials.proven(replaced)
    if draft.replaced and trial_seconds and is_enabled:
        draft.confirm_by = now + timedelta(seconds=trial_seconds)
    if replaced:
        _retire(replaced, now=now)
    draft.status, draft.live_since = Revision.Status.LIVE, now
    draft.save(update_fields=["status", "live_since", "replaced", "confirm_by"])
    trials.note_deadline(connection.org_id)
    audit.record(
        "org.settings.sso.live",
        org=connection.org,
        actor=actor,
        data={
            "connection": connection.name,
            "revision": draft.number,
            "replaced": replaced.number if replaced else None,
            **({"confirm_by": draft.confirm_by.isoformat()} if draft.confirm_by else {}),
        },
    )
    return draft


@transaction.atomic
def switch_off(*, connection: Connection, actor: User | None, accepts_lock_out: bool = False) -> None:
    """Nobody signs in by this connection any more, and its SSO sessions end for good. Raises WouldLockOut."""
    lock_connection(connection)
    if not accepts_lock_out and would_lock_out(connection):
        raise WouldLockOut
    connection.is_enabled = False
    connection.save(update_fields=["is_enabled"])
    ended, _ = SSOSession.objects.filter(connection=connection).delete()
    _record(connection, actor, action="switch_off", sessions_ended=ended)


@transaction.atomic
def switch_on(*, connection: Connection, actor: User | None) -> None:
    """Members sign in by this connection again, through its live revision."""
    lock_connection(connection)
    connection.is_enabled = True
    connection.save(update_fields=["is_enabled"])
    _record(connection, actor, action="switch_on")


@transaction.atomic
def delete_connection(
    *, connection: Connection, actor: User, unlink_members: bool = False, accepts_lock_out: bool = False
) -> None:
    """Delete a connection with its revisions and SSO sessions. Raises WouldLockOut.

    `unlink_members` also forgets who its members are at the IdP. Do it when the organisation moves to another
    IdP: a member's account is linked to one subject at a time.
    """
    lock_connection(connection)
    if not accepts_lock_out and would_lock_out(connection):
        raise WouldLockOut
    mappings.take_back_mapped_seats(connection=connection, actor=actor)
    unlinked = 0
    if unlink_members:
        identities = LinkedIdentity.objects.filter(org=connection.org_id, connection=connection)
        unlinked = identities.count()
        identities.delete()
    _record(connection, actor, action="delete", identities_unlinked=unlinked)
    connection.delete()
    trials.note_deadline(connection.org_id)


def would_lock_out(connection: Connection) -> bool:
    """Is it the last connection that opens the gate of an enforcing organisation?"""
    if not SSOPolicy.objects.filter(org=connection.org_id, enforcement=Enforcement.ENFORCED).exists():
        return False
    return [live.pk for live in live_connections(connection.org)] == [connection.pk]


def editable_revision(connection: Connection) -> Revision | None:
    """What the draft form starts from: the draft, else the live revision, else the newest one."""
    for status in (Revision.Status.DRAFT, Revision.Status.LIVE, Revision.Status.RETIRED):
        revision = connection.revisions.filter(status=status).order_by("-number").first()
        if revision is not None:
            return revision
    return None


def draft_stamp(base: Revision | None) -> str:
    """Names the revision that the draft form starts from, for `save_draft` to compare: revisions never change."""
    return stamp_of(base.number if base else 0)


def testable_revision(connection: Connection) -> Revision | None:
    """What a test login goes through: the draft, else the live revision."""
    revision = editable_revision(connection)
    return revision if revision and revision.status != Revision.Status.RETIRED else None


def _add_draft(
    connection: Connection,
    values: dict[str, object],
    *,
    secret: str,
    actor: User | None,
    now: datetime,
    actor_label: str = "",
    copied_from: int | None = None,
) -> Revision:
    """Inside the caller's transaction and lock. The protocol then prepares what logins through it will need."""
    newest = connection.revisions.aggregate(number=Max("number"))["number"] or 0
    for older in connection.revisions.filter(status=Revision.Status.DRAFT):
        _retire(older, now=now)
    draft = Revision(
        org_id=connection.org_id,
        connection=connection,
        number=newest + 1,
        created_by=actor,
        created_by_label=actor_label,
        **values,
    )
    if secret:
        draft.seal_client_secret(secret)
    draft.save()
    adapter_for(connection.protocol).prepare(draft, now=now)
    data = {"connection": connection.name, "revision": draft.number, "issuer": draft.issuer}
    if copied_from is not None:
        data["copied_from"] = copied_from
    audit.record("org.settings.sso.draft", org=connection.org, actor=actor, label=actor_label, data=data)
    return draft


def _retire(revision: Revision, *, now: datetime) -> None:
    revision.status, revision.retired_at = Revision.Status.RETIRED, now
    revision.save(update_fields=["status", "retired_at"])


def _needs_secret(configuration: OIDCConfiguration | SAMLConfiguration) -> bool:
    return (
        isinstance(configuration, OIDCConfiguration)
        and configuration.client_authentication == ClientAuthentication.CLIENT_SECRET
    )


def _stored_secret(connection: Connection, issuer: str) -> str:
    """The secret of the revision that the admin was editing: the draft, else the live or newest one."""
    base = editable_revision(connection)
    if base is None or not base.client_secret_sealed:
        raise SecretNeeded(field="client_secret")
    if base.issuer != issuer:
        raise SecretBoundToIssuer(field="client_secret")
    return _open_secret(base)


def _open_secret(revision: Revision) -> str:
    try:
        return revision.client_secret
    except CannotUnseal:
        raise SecretUnreadable(field="client_secret") from None


def _record(connection: Connection, actor: User | None, *, action: str, **data: object) -> None:
    audit.record(
        "org.settings.sso",
        org=connection.org,
        actor=actor,
        data={"action": action, "connection": connection.name, **data},
    )
