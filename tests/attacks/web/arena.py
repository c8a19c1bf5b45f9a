"""Evil, an organisation whose admin holds the keys of its IdPs, in one portal with everybody else.

Mallory is Evil's admin and Eve a member. Gus is a member of Evil and, what matters to him, the admin of Globex. Zoe
belongs to Globex alone, Otto to nobody. Globex has one of everything, open logins and live SSO sessions included.
Evil's connections map roles and groups. Gus, and Ivan by SAML, are signed in at both, by IdP sessions of one name.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.test import Client
from django.utils import timezone
from mozilla_django_oidc.utils import generate_code_challenge

from accounts.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.models import Connection, LoginAttempt, Revision
from sso.oidc.addresses import callback_url
from sso.saml.sp import service_provider
from sso.types import Enforcement, Purpose, SSOProtocol
from tests.builders import (
    live_revision,
    make_attempt,
    make_connection,
    make_group,
    make_member,
    make_org,
    make_revision,
    make_sso_session,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import OMIT, DemoIdP, OIDCClient, SamlResponseBuilder, Tenant, TenantConfig
from tests.demo_idp.config import Person
from tests.demo_idp.oidc_authorize import Grant
from tests.demo_idp.oidc_logout_tokens import honest_logout_token
from tests.demo_idp.saml_logout import LogoutMessage
from tests.org_things import things_of

CLIENT_ID = "hubsso"
CLIENT_SECRET = "secret of evil's client"
GLOBEX_ISSUER = "<the issuer of Globex>"  # stands for it in words, as long as nobody knows its port
ZOES_IDP_SESSION = "idp-session-of-zoe"
# A browser's own: the portal session's key rotates at every login. What it says of the person is compared apart.
OF_THE_BROWSER = frozenset({"Session", "UserSession"})
OF_THE_CODE = frozenset({"Permission", "ContentType"})

MINUTE = timedelta(minutes=1)
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Words:
    """What Evil's IdP says: changes of an honest ID token, of userinfo, and of a SAML response, all well signed."""

    id_token: Mapping[str, Any] = field(default_factory=dict)
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    saml: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody in their browser; `user` is None for one who is not signed in."""

    user: User | None
    client: Client
    browser_session: str


@dataclass(frozen=True, slots=True)
class Arena:
    tenant: Tenant
    evil: Organization
    oidc: Connection
    saml: Connection
    globex: Organization
    globex_oidc: Connection
    globex_saml: Connection
    globex_issuer: str
    zoes_attempts: Mapping[SSOProtocol, LoginAttempt]
    people: Mapping[str, User]

    def visit(self, name: str) -> Visitor:
        client = Client()
        user = self.people.get(name)
        return Visitor(user, client, log_in(client, user))

    def attempt(
        self, visitor: Visitor, protocol: SSOProtocol, purpose: Purpose = Purpose.LOGIN
    ) -> LoginAttempt:
        """A trip to Evil's IdP by this visitor; Mallory's, begun in another browser, for one who is not signed in."""
        connection = self.oidc if protocol is SSOProtocol.OIDC else self.saml
        revision = live_revision(connection)
        if purpose is Purpose.TEST:
            revision = connection.revisions.get(status=Revision.Status.DRAFT)
        token = secrets.token_urlsafe(32)
        return make_attempt(
            connection,
            self.whom_it_is_about(visitor),
            browser_session=visitor.browser_session or "browser of mallory",
            purpose=purpose,
            revision=revision,
            nonce=token,
            code_verifier=token,
            request_id=f"_{token}",
        )

    def whom_it_is_about(self, visitor: Visitor) -> User:
        return visitor.user or self.people["mallory"]

    def named(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """The words with Globex's issuer where it is meant."""
        return {name: self.globex_issuer if value == GLOBEX_ISSUER else value for name, value in said.items()}

    def code(self, attempt: LoginAttempt, words: Words) -> str:
        """A code of Evil's OP, for its words about this attempt."""
        code = secrets.token_urlsafe(32)
        self.tenant.grants[code] = Grant(
            client_id=CLIENT_ID,
            redirect_uri=callback_url(self.oidc.uid),
            scopes=frozenset({"openid", "email", "profile"}),
            nonce=attempt.nonce,
            code_challenge=generate_code_challenge(attempt.code_verifier, "S256"),
            session=self.tenant.start_session("eve"),
            expires_at=timezone.now() + MINUTE,
            id_token_overrides=self.named(words.id_token),
            userinfo_overrides=self.named(words.userinfo),
        )
        return code

    def saml_response(
        self, words: Words, *, request_id: str | None, connection: Connection | None = None
    ) -> str:
        """A response of Evil's IdP to a request at one of the SPs, as it stands in the form field."""
        sp = service_provider((connection or self.saml).uid)
        honest = SamlResponseBuilder.honest(
            issuer=self.tenant.saml_entity_id,
            acs_url=sp.acs_url,
            audience=sp.entity_id,
            in_response_to=request_id,
            name_id="eve",
            signing_key=self.tenant.saml_key_pair,
            now=timezone.now(),
        )
        return honest.but(**self.named(words.saml)).base64()

    def logout_token(self, words: Words) -> str:
        """A logout token of Evil's OP: honest but for what it says of the person, of itself and of whom it is for."""
        session = self.tenant.start_session("eve")
        honest = honest_logout_token(self.tenant, self.tenant.clients[CLIENT_ID], session)
        said = {name: value for name, value in words.id_token.items() if name in ("iss", "aud", "sub", "sid")}
        return honest.but(**{"sid": OMIT, **self.named(said)}).encode()

    def saml_logout(self, words: Words, connection: Connection, *, is_request: bool) -> LogoutMessage:
        """A LogoutRequest of Evil's IdP, or an answer to one that Zoe's browser may have sent."""
        said = self.named(words.saml)
        answer = LogoutMessage(
            issuer=said.get("issuer") or self.tenant.saml_entity_id,
            destination=service_provider(connection.uid).slo_url,
            issued_at=timezone.now(),
            signing_key=self.tenant.saml_key_pair,
            message_id=f"_{secrets.token_hex(16)}",
            in_response_to="_zoes-logout",
        )
        if not is_request:
            return answer
        return answer.but(
            in_response_to=None,
            name_id=said.get("name_id") or "ivan",
            session_indexes=(said.get("session_index") or ZOES_IDP_SESSION,),
            not_on_or_after=timezone.now() + MINUTE,
        )

    def outside(self) -> Rows:
        """Every row of every account and of every organisation but Evil."""
        return {
            name: [row for row in rows if not self._is_evils(name, row)] for name, rows in all_rows().items()
        }

    def outside_and_others(self, user: User) -> tuple[Rows, Rows]:
        """What is outside, and Evil's rows of people other than this one: an answer is about one person."""
        outside, others = {}, {}
        for name, rows in all_rows().items():
            outside[name] = [row for row in rows if not self._is_evils(name, row)]
            others[name] = [
                row for row in rows if self._is_evils(name, row) and row.get("user_id") not in (None, user.pk)
            ]
        return outside, others

    def _is_evils(self, model: str, row: Mapping[str, Any]) -> bool:
        if model == "Organization":
            return bool(row["id"] == self.evil.pk)
        if "org_id" not in row and "connection_id" in row:
            return row["connection_id"] in (self.oidc.pk, self.saml.pk)
        return bool(row.get("org_id") == self.evil.pk)


def all_rows() -> Rows:
    """The whole database but what is the browser's own and what the code itself puts there."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model.__name__ not in OF_THE_BROWSER | OF_THE_CODE
    }


def make_arena(idp: DemoIdP) -> Arena:
    tenant = idp.add_tenant(
        TenantConfig(
            slug="evil",
            oidc_algorithm="EdDSA",
            people=(Person(subject="eve", name="Eve", email="eve@evil.example"),),
        )
    )
    evil, globex = make_org("evil", name="Evil"), make_org("globex", name="Globex")
    people = {
        name: make_user(f"{name}@{'globex' if name == 'zoe' else 'evil'}.example", name=name.title())
        for name in ("mallory", "eve", "gus", "ivan", "zoe", "otto")
    }
    make_member(evil, people["mallory"], role=Role.ADMIN)
    make_member(evil, people["eve"])
    oidc, saml = _evil_connections(evil, tenant)
    _let_in(make_member(evil, people["gus"]), "gus", oidc)
    _let_in(make_member(evil, people["ivan"]), "ivan", saml)
    globex_idp = idp.add_tenant(TenantConfig(slug="globex", oidc_algorithm="EdDSA"))
    globex_oidc, globex_saml = _make_globex(globex, globex_idp, people)
    return Arena(
        tenant=tenant,
        evil=evil,
        oidc=oidc,
        saml=saml,
        globex=globex,
        globex_oidc=globex_oidc,
        globex_saml=globex_saml,
        globex_issuer=globex_idp.issuer,
        zoes_attempts={
            SSOProtocol.OIDC: make_attempt(
                globex_oidc, people["zoe"], browser_session="browser of zoe", nonce="n" * 43
            ),
            SSOProtocol.SAML: make_attempt(
                globex_saml, people["zoe"], browser_session="browser of zoe", request_id="_zoes-request"
            ),
        },
        people=people,
    )


def _evil_connections(evil: Organization, tenant: Tenant) -> tuple[Connection, Connection]:
    set_policy(evil, Enforcement.ENFORCED)
    fields: dict[str, Any] = {
        "role_mapping_enabled": True,
        "role_attribute": "roles",
        "group_mapping_enabled": True,
        "group_attribute": "groups",
    }
    oidc_revision: dict[str, Any] = {
        "issuer": tenant.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    saml_revision: dict[str, Any] = {
        "issuer": tenant.saml_entity_id,
        "sso_url": tenant.saml_sso_url,
        "certificates": [tenant.saml_certificate_pem],
    }
    oidc = make_connection(evil, connection={"name": "Evil OIDC", **fields}, **oidc_revision)
    saml = make_connection(
        evil, SSOProtocol.SAML, connection={"name": "Evil SAML", **fields}, **saml_revision
    )
    group = make_group(evil, "Evildoers")
    for connection, revision in ((oidc, oidc_revision), (saml, saml_revision)):
        make_revision(connection, status=Revision.Status.DRAFT, **revision)
        for role in (Role.ADMIN, Role.WRITE, Role.NO_ACCESS):
            connection.role_rules.create(value=str(role), role=role)
        connection.group_rules.create(value="evildoers", group=group, role=Role.ADMIN)
    tenant.add_client(
        OIDCClient(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=(callback_url(oidc.uid),))
    )
    return oidc, saml


def _make_globex(
    globex: Organization, idp: Tenant, people: Mapping[str, User]
) -> tuple[Connection, Connection]:
    set_policy(globex, Enforcement.ENFORCED)
    oidc = make_connection(globex, issuer=idp.issuer, connection={"email_domains": ["globex.example"]})
    saml = make_connection(
        globex, SSOProtocol.SAML, issuer=idp.issuer, certificates=[idp.saml_certificate_pem]
    )
    things_of(globex)
    for name, connection in (("zoe", oidc), ("gus", oidc), ("ivan", saml)):
        _let_in(make_member(globex, people[name], role=Role.ADMIN), name, connection)
    return oidc, saml


def _let_in(member: Membership, subject: str, connection: Connection) -> None:
    """A live SSO session. The IdP's sessions have one name everywhere, as if Evil had heard of it."""
    session = make_sso_session(
        member,
        browser_session=f"browser of {subject}",
        connection=connection,
        idp_session_id=ZOES_IDP_SESSION,
    )
    session.identity.subject = subject
    session.identity.save()


def changed(before: Rows, after: Rows) -> set[str]:
    """The models whose rows differ."""
    return {name for name in before | after if before.get(name) != after.get(name)}


# Of an attempt's first refusal: it is traced, written into the audit log, recorded and counted.
_OF_A_REFUSAL = frozenset(
    {"AuditEvent", "AuditCounter", "RefusalTrace", "LoginRecord", "LoginCount", "ConnectionHealth"}
)


def _without_marks(rows: Rows) -> Rows:
    """Without the mark of attempts whose refusal is recorded."""
    attempts = [{**row, "is_recorded": None} for row in rows["LoginAttempt"]]
    return {**rows, "LoginAttempt": attempts}


def knocked_at(before: Rows, after: Rows) -> bool:
    """Is all that came to `before` what anybody leaves who knocks at a door: refusals, recorded and traced?"""
    kept = changed(_without_marks(before), _without_marks(after)) <= _OF_A_REFUSAL
    events, traces = (after[name][len(before[name]) :] for name in ("AuditEvent", "RefusalTrace"))
    return (
        kept
        and all(after[name][: len(before[name])] == before[name] for name in ("AuditEvent", "RefusalTrace"))
        and {event["event"] for event in events} <= {"org.sso_refused", "org.sso_logout_refused"}
        and {trace["user_id"] for trace in traces} <= {None, *(event["actor_id"] for event in events)}
    )
