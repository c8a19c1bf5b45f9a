"""The organisations' IdPs as the demo IdP serves them, and how the portal is connected to each."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from orgs.roles import Role
from sso.key_pairs import active_key_pair
from sso.models import Revision
from sso.oidc.addresses import absolute_url, callback_url
from sso.oidc.logout import signed_out_url
from sso.saml.sp import service_provider
from sso.types import Enforcement, SSOProtocol
from tests.demo.people import (
    ADA,
    BEN,
    CARL,
    DORA,
    FRITZ,
    GITA,
    HANA,
    INES,
    MAX,
    NINA,
    OLIVIA,
    TOM,
    ZOE,
    Account,
)
from tests.demo_idp.config import (
    AUTH_METHODS,
    PRIVATE_KEY_JWT,
    OIDCClient,
    Person,
    SAMLServiceProvider,
    TenantConfig,
)
from tests.demo_idp.keys import KeyStore
from tests.demo_idp.tenant import Tenant

PORTAL = "HubSSO"
TOLD_IN_FRAMES = frozenset({"initech"})  # front-channel logout; the others use the back channel


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConnection:
    """How an organisation uses its IdP: what it asks, which domains count, what its groups give."""

    org_slug: str
    name: str
    protocol: SSOProtocol
    enforcement: Enforcement
    email_domain: str
    role_rules: dict[str, Role] = field(default_factory=dict)
    group_rules: dict[str, Role] = field(default_factory=dict)
    sign_requests: bool = False


CONNECTIONS = (
    DemoConnection(
        org_slug="acme",
        name="Acme Login",
        protocol=SSOProtocol.OIDC,
        enforcement=Enforcement.ENFORCED,
        email_domain="acme.example",
        role_rules={"acme-admins": Role.ADMIN, "engineering": Role.WRITE, "staff": Role.READ},
        group_rules={"launch": Role.WRITE},
    ),
    DemoConnection(
        org_slug="globex",
        name="Globex ID",
        protocol=SSOProtocol.SAML,
        enforcement=Enforcement.ENFORCED,
        email_domain="globex.example",
        sign_requests=True,
    ),
    DemoConnection(
        org_slug="initech",
        name="Initech Login",
        protocol=SSOProtocol.OIDC,
        enforcement=Enforcement.OPTIONAL,
        email_domain="initech.example",
    ),
)


def _person(account: Account, domain: str, *groups: str) -> Person:
    """The account's owner as this IdP knows them: by their address at its organisation."""
    email = next(email for email in account.emails if email.endswith(f"@{domain}"))
    return Person(subject=account.key, name=account.name, email=email, groups=groups)


TENANTS = (
    TenantConfig(
        slug="acme",
        title="Acme Login",
        protocols=("oidc",),
        people=(
            _person(OLIVIA, "acme.example", "staff", "acme-admins", "launch"),
            _person(MAX, "acme.example", "staff", "engineering"),
            _person(INES, "acme.example", "staff", "launch"),
            _person(BEN, "acme.example", "staff", "engineering"),
            _person(ADA, "acme.example", "staff", "engineering"),
            _person(CARL, "acme.example", "staff", "engineering"),
            _person(DORA, "acme.example", "staff"),
        ),
    ),
    TenantConfig(
        slug="globex",
        title="Globex ID",
        protocols=("saml",),
        people=(
            _person(ZOE, "globex.example", "board", "operations"),
            _person(MAX, "globex.example", "contractors"),
            _person(TOM, "globex.example", "operations"),
            _person(FRITZ, "globex.example", "operations"),
            _person(GITA, "globex.example", "contractors"),
        ),
    ),
    TenantConfig(
        slug="initech",
        title="Initech Login",
        protocols=("oidc",),
        people=(_person(HANA, "initech.example", "leads"), _person(MAX, "initech.example")),
    ),
    # Nobody is connected to it: Hooli's admin may do that, by either protocol.
    TenantConfig(
        slug="hooli",
        title="Hooli ID",
        people=(
            _person(HANA, "hooli.example", "chiefs"),
            Person(subject=NINA.key, name=NINA.name, email=NINA.emails[0], groups=("makers",)),
        ),
    ),
)


def tenants_at(idp_url: str, *, keys: Path) -> dict[str, Tenant]:
    """The tenants as they will be served at this address, by slug: their URLs and certificates.

    Makes the keys that are not there yet; the server finds the same ones in the same folder.
    """
    store = KeyStore(keys)
    return {config.slug: Tenant(config, server_url=idp_url, store=store) for config in TENANTS}


def registrations(tenants: dict[str, Tenant]) -> list[TenantConfig]:
    """The tenants with the portal made known to each: every connection that leads there, drafts included."""
    return [
        replace(tenant.config, clients=_clients(tenant), service_providers=_service_providers(tenant))
        for tenant in tenants.values()
    ]


def _clients(tenant: Tenant) -> tuple[OIDCClient, ...]:
    """One client for each Client ID and secret in use, with the addresses of all its connections.

    Of two with one Client ID the last counts: one with a secret may sign, too.
    """
    connections: dict[tuple[str, str], list[UUID]] = {}
    for revision in _revisions_at(tenant.issuer):
        key = (revision.client_id, revision.client_secret)
        connections.setdefault(key, []).append(revision.connection.uid)
    return tuple(
        OIDCClient(
            client_id=client_id,
            client_secret=secret,
            title=PORTAL,
            auth_methods=AUTH_METHODS if secret else (PRIVATE_KEY_JWT,),
            jwks_uri=absolute_url("sso:oidc_jwks", uids[0]),
            redirect_uris=tuple(sorted({callback_url(uid) for uid in uids})),
            require_pkce=True,
            post_logout_redirect_uris=tuple(sorted({signed_out_url(uid) for uid in uids})),
            initiate_login_uri=absolute_url("sso:oidc_initiate", uids[0]),
            backchannel_logout_uri=_logout_address("backchannel", tenant, uids[0]),
            frontchannel_logout_uri=_logout_address("frontchannel", tenant, uids[0]),
        )
        for (client_id, secret), uids in sorted(connections.items())
    )


def _logout_address(channel: str, tenant: Tenant, connection_uid: UUID) -> str | None:
    """A client has room for one address of each kind."""
    if (channel == "frontchannel") != (tenant.slug in TOLD_IN_FRAMES):
        return None
    return absolute_url(f"sso:oidc_{channel}_logout", connection_uid)


def _service_providers(tenant: Tenant) -> tuple[SAMLServiceProvider, ...]:
    """One SP for each connection, told of sign-outs. Where it signs its requests, they must be signed; where it
    wants to, it gets encrypted assertions.
    """
    providers = {}
    for revision in _revisions_at(tenant.saml_entity_id):
        sp = service_provider(revision.connection.uid)
        pair = active_key_pair(revision.connection)
        certificate = pair.certificate if pair else None
        providers[sp.entity_id] = SAMLServiceProvider(
            entity_id=sp.entity_id,
            acs_url=sp.acs_url,
            title=PORTAL,
            certificate=certificate if revision.sign_requests else None,
            encryption_certificate=certificate if revision.want_encrypted else None,
            logout_certificate=certificate,
            slo_url=sp.slo_url,
        )
    return tuple(providers.values())


def _revisions_at(issuer: str) -> list[Revision]:
    in_use = (Revision.Status.DRAFT, Revision.Status.LIVE)
    found = Revision.objects.filter(issuer=issuer, status__in=in_use)
    return list(found.select_related("connection").order_by("status", "id"))
