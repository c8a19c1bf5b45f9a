"""Connects a demo organisation to its IdP: draft, live, mapped, enforced, as its admin would."""

import secrets
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from accounts.emails import verified_emails
from accounts.models import User
from orgs import audit, domains
from orgs.models import Organization, ResourceGroup
from sso import connections
from sso.connections import OIDCConfiguration, SAMLConfiguration
from sso.enforcing import recovery_codes
from sso.login import new_attempt
from sso.mapping import mappings
from sso.models import Connection, Revision, RevisionTest, SSOPolicy
from sso.revisions import hand_overs
from sso.revisions.revision_tests import record_test
from sso.types import Enforcement, IdentityAssertion, Purpose, SSOProtocol
from tests.demo.identity import TENANTS, DemoConnection
from tests.demo_idp.tenant import Tenant

CLIENT_ID = "hubsso"
Test = Callable[[Revision, User, datetime], object]


def connect(
    demo: DemoConnection,
    *,
    org: Organization,
    group: ResourceGroup,
    tenant: Tenant,
    actor: User,
    now: datetime,
) -> Connection:
    """Make the organisation's connection, in the caller's transaction, and let it ask for SSO."""
    connection = connections.create_connection(org=org, name=demo.name, protocol=demo.protocol, actor=actor)
    mappings.save_email_domains(connection=connection, domains=[demo.email_domain], actor=actor)
    _prove(demo.email_domain, org=org, actor=actor, now=now)
    _map_groups(demo, connection, group, actor)
    configuration: OIDCConfiguration | SAMLConfiguration
    if demo.protocol is SSOProtocol.OIDC:
        configuration = OIDCConfiguration(
            issuer=tenant.issuer, client_id=CLIENT_ID, client_secret=secrets.token_urlsafe(32)
        )
    else:
        configuration = SAMLConfiguration(
            issuer=tenant.saml_entity_id,
            sso_url=tenant.saml_sso_url,
            certificates=[tenant.saml_certificate_pem],
            sign_requests=demo.sign_requests,
            slo_url=tenant.saml_slo_url,
        )
    make_live(connection, configuration, test=_log_in, actor=actor, now=now)
    hand_overs.make_hand_over(
        connection=connection, recipient="Ida, who runs the directory", days=7, actor=actor, now=now
    )
    if demo.enforcement is Enforcement.ENFORCED:
        _have_recovery_codes(org, actor, now)
    _ask_for_sso(org, demo.enforcement, actor)
    return connection


def make_live(
    connection: Connection,
    configuration: OIDCConfiguration | SAMLConfiguration,
    *,
    test: Test,
    actor: User,
    now: datetime,
) -> Revision:
    """Save a draft, test it and make it live, by an IdP that does not answer yet."""
    draft = connections.save_draft(connection=connection, configuration=configuration, actor=actor, now=now)
    test(draft, actor, now)
    return connections.go_live(connection=connection, revision=draft, actor=actor, now=now)


def vouch(draft: Revision, actor: User, now: datetime) -> None:
    """A passed test without particulars, for a connection that people may have changed since."""
    RevisionTest.objects.create(org_id=draft.org_id, revision=draft, user=actor, passed=True, at=now)


def _log_in(draft: Revision, actor: User, now: datetime) -> None:
    """The admin's own login through the draft, as the demo's IdP would have answered it."""
    connection = draft.connection
    attempt = new_attempt(
        connection=connection,
        revision=draft,
        user=actor,
        browser_session="",
        purpose=Purpose.TEST,
        next_path="",
        now=now,
    )
    tenant = next(config for config in TENANTS if config.slug == connection.org.slug)
    known = {person.email: person for person in tenant.people if person.email}
    email = next(email for email in known if email in verified_emails(actor))
    person = known[email]
    one: Callable[[str], object] = str if connection.protocol == SSOProtocol.OIDC else lambda text: [text]
    told = {"email": one(email), "name": one(person.name), "groups": list(person.groups)}
    record_test(
        attempt=attempt,
        assertion=IdentityAssertion(
            connection_id=connection.pk,
            revision_id=draft.pk,
            issuer=draft.issuer,
            subject=person.subject,
            emails=(email,),
            attributes=told,
            authenticated_at=now,
        ),
        now=now,
    )


def _map_groups(demo: DemoConnection, connection: Connection, group: ResourceGroup, actor: User) -> None:
    if demo.role_rules:
        rows = [mappings.RoleRow(value, role) for value, role in demo.role_rules.items()]
        mappings.save_role_mapping(
            connection=connection,
            is_enabled=True,
            attribute="groups",
            rows=rows,
            actor=actor,
            now=timezone.now(),
        )
    if demo.group_rules:
        seats = [mappings.GroupRow(value, group, role) for value, role in demo.group_rules.items()]
        mappings.save_group_mapping(
            connection=connection, is_enabled=True, attribute="groups", rows=seats, actor=actor
        )


def _prove(name: str, *, org: Organization, actor: User, now: datetime) -> None:
    """As if DNS showed the record. One more domain of the organisation waits for its own."""
    domain = domains.add_domain(org=org, typed=name, actor=actor)
    challenge = domains.challenge_of(domain)
    domains.check_domain(domain=domain, actor=actor, now=now, look_up=lambda _: [challenge.value])
    domains.set_auto_join(domain=domain, is_on=True, actor=actor)
    domains.add_domain(org=org, typed=f"mail.{name}", actor=actor)


def _have_recovery_codes(org: Organization, actor: User, now: datetime) -> None:
    """As enforcing asks for. Nobody wrote them down: whoever wants to use one makes new ones."""
    recovery_codes.make_codes(org=org, user=actor, now=now)
    made = recovery_codes.codes_of(org=org, user=actor)
    recovery_codes.mark_saved(org=org, user=actor, based_on=recovery_codes.stamp(made), now=now)


def _ask_for_sso(org: Organization, enforcement: Enforcement, actor: User) -> None:
    """`enforcement.change_policy` wants the admin's own SSO session in a browser, and there is no browser here."""
    SSOPolicy.objects.create(org=org, enforcement=enforcement)
    data = {"enforcement": {"from": Enforcement.OFF.value, "to": enforcement.value}}
    audit.record("org.settings.sso.enable", org=org, actor=actor, data=data)
