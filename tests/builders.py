"""Makes valid things in one line each. What a test does not name is a sensible default."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.emails import add_verified_email
from accounts.models import User
from orgs.models import Membership, Organization, Resource, ResourceGroup
from orgs.roles import Role
from sso.enforcing import recovery_codes
from sso.models import Connection, KeyPair, LinkedIdentity, LoginAttempt, Revision, SSOPolicy, SSOSession
from sso.types import Enforcement, IdentityAssertion, KeyPairStatus, Purpose, SessionLimit, SSOProtocol
from tests.demo_idp.keys import SamlKeyPair, private_key_pem

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_user(email: str | None = None, *, name: str = "", verified: bool = True, **fields: Any) -> User:
    """A portal account with the password `PASSWORD` and, unless told otherwise, a verified e-mail."""
    email = email or f"person{next(_numbers)}@example.org"
    user = User.objects.create_user(email, PASSWORD, name=name or email.split("@")[0].title(), **fields)
    if verified:
        add_verified_email(user=user, email=email, primary=True)
    return user


def make_org(slug: str | None = None, **fields: Any) -> Organization:
    slug = slug or f"org-{next(_numbers)}"
    return Organization.objects.create(slug=slug, name=fields.pop("name", slug.title()), **fields)


def make_member(
    org: Organization, user: User | None = None, *, role: Role = Role.READ, **fields: Any
) -> Membership:
    return Membership.objects.create(org=org, user=user or make_user(), role=role, **fields)


def make_page(org: Organization, title: str = "Handbook", **fields: Any) -> Resource:
    """A private page outside any group."""
    slug = fields.pop("slug", title.lower().replace(" ", "-"))
    return Resource.objects.create(
        org=org, kind=fields.pop("kind", Resource.Kind.PAGE), title=title, slug=slug, **fields
    )


def make_group(org: Organization, name: str = "Research") -> ResourceGroup:
    return ResourceGroup.objects.create(org=org, name=name, slug=name.lower().replace(" ", "-"))


def set_policy(org: Organization, enforcement: Enforcement, **fields: Any) -> SSOPolicy:
    policy, _ = SSOPolicy.objects.update_or_create(org=org, defaults={"enforcement": enforcement, **fields})
    return policy


def make_connection(
    org: Organization,
    protocol: SSOProtocol = SSOProtocol.OIDC,
    *,
    client_secret: str = "",
    status: Revision.Status = Revision.Status.LIVE,
    connection: dict[str, Any] | None = None,
    **revision: Any,
) -> Connection:
    """A connection with one revision, live unless told otherwise. `connection` and the rest fill the two rows."""
    made = Connection.objects.create(
        org=org, protocol=protocol, **{"name": f"{org.name} IdP {next(_numbers)}", **(connection or {})}
    )
    make_revision(made, status=status, client_secret=client_secret, **revision)
    return made


def make_revision(
    connection: Connection,
    *,
    status: Revision.Status = Revision.Status.LIVE,
    client_secret: str = "",
    **fields: Any,
) -> Revision:
    number = connection.revisions.count() + 1
    revision = Revision(
        org_id=connection.org_id,
        connection=connection,
        number=number,
        status=status,
        **{"issuer": "https://idp.example.org", "client_id": "hubsso", **fields},
    )
    if client_secret:
        revision.seal_client_secret(client_secret)
    revision.save()
    return revision


def live_revision(connection: Connection) -> Revision:
    return connection.revisions.get(status=Revision.Status.LIVE)


def make_sso_session(
    membership: Membership,
    *,
    browser_session: str,
    connection: Connection | None = None,
    expires_at: datetime | None = None,
    **fields: Any,
) -> SSOSession:
    """An SSO session for a browser, an hour long unless told otherwise, by the organisation's first connection."""
    connection = connection or Connection.objects.filter(org=membership.org).first()
    assert connection is not None
    now = timezone.now()
    identity, _ = LinkedIdentity.objects.get_or_create(
        org=membership.org,
        user=membership.user,
        defaults={
            "connection": connection,
            "issuer": live_revision(connection).issuer,
            "subject": f"subject-{membership.user_id}",
        },
    )
    return SSOSession.objects.create(
        org=membership.org,
        user=membership.user,
        browser_session=browser_session,
        connection=connection,
        revision=live_revision(connection),
        identity=identity,
        started_at=now,
        expires_at=expires_at or now + timedelta(hours=1),
        org_limit_at=fields.pop("org_limit_at", now + timedelta(days=7)),
        limit=fields.pop("limit", SessionLimit.ORG_TIMEOUT),
        **fields,
    )


def give_recovery_codes(membership: Membership) -> list[str]:
    """An admin's recovery codes, made and saved."""
    org, user = membership.org, membership.user
    codes = recovery_codes.make_codes(org=org, user=user, now=timezone.now())
    made = recovery_codes.codes_of(org=org, user=user)
    recovery_codes.mark_saved(org=org, user=user, based_on=recovery_codes.stamp(made), now=timezone.now())
    return codes


def make_assertion(connection: Connection, *, subject: str = "subject-1", **fields: Any) -> IdentityAssertion:
    revision = live_revision(connection)
    return IdentityAssertion(
        connection_id=connection.pk,
        revision_id=revision.pk,
        issuer=revision.issuer,
        subject=subject,
        **{"authenticated_at": timezone.now(), **fields},
    )


def make_attempt(
    connection: Connection, user: User, *, browser_session: str = "browser-1", **fields: Any
) -> LoginAttempt:
    """A login attempt that waits for its IdP, through the connection's live revision."""
    now = timezone.now()
    return LoginAttempt.objects.create(
        org_id=connection.org_id,
        connection=connection,
        user=user,
        browser_session=browser_session,
        **{
            "state": f"state-{next(_numbers)}",
            "revision": fields.pop("revision", None) or live_revision(connection),
            "purpose": Purpose.LOGIN,
            "created_at": now,
            "expires_at": now + timedelta(minutes=10),
            **fields,
        },
    )


def give_key_pair(
    connection: Connection, pair: SamlKeyPair, status: KeyPairStatus = KeyPairStatus.ACTIVE
) -> KeyPair:
    """A key pair of ours that was made before: to make one takes a while."""
    ours = KeyPair(
        org_id=connection.org_id, connection=connection, status=status, certificate=pair.certificate_pem
    )
    ours.seal_private_key(private_key_pem(pair.private_key).decode())
    ours.save()
    return ours
