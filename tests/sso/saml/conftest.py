"""A single exchange for the rules, and Globex behind the demo IdP for whole logins over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from lxml import html

from orgs.models import AuditEvent, Membership, Organization
from sso.models import Connection, LinkedIdentity, Revision, SSOSession
from sso.saml.sp import service_provider
from sso.types import Enforcement, SSOProtocol
from sso.viewer import start_url
from tests.builders import (
    live_revision,
    make_connection,
    make_member,
    make_org,
    make_page,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, Person, SAMLServiceProvider, Tenant, TenantConfig
from tests.sso.saml.exchange import Exchange, make_exchange

PRIVATE_TEXT = "private-body-marker"


@dataclass(frozen=True, slots=True)
class GlobexLogin:
    """Globex, its member Max, and Globex's IdP. `client` is Max's browser, signed in to the portal only."""

    org: Organization
    max: Membership
    connection: Connection
    tenant: Tenant
    client: Client
    page_path: str

    @property
    def revision(self) -> Revision:
        return live_revision(self.connection)

    def start(self, *, silent: bool = False) -> Any:
        """The start page's answer: a redirect or a form to the IdP, or a refusal."""
        query = {"next": self.page_path, **({"silent": "1"} if silent else {})}
        return self.client.get(start_url(self.org.slug), query)

    def go_to_idp(self, subject: str = "max", *, browser: IdPBrowser | None = None) -> IdPAnswer:
        """From the start page through the IdP's login page to its response, not yet delivered."""
        url, form = way_to_idp(self.start())
        return (browser or IdPBrowser()).complete_login(url, subject, form=form)

    def post(self, answer: IdPAnswer) -> Any:
        """Deliver a response as the IdP's page does: a cross-site POST, which carries no cookie of ours."""
        return answer.deliver(Client())

    def sign_in(self, subject: str = "max") -> Any:
        """The whole login: the answer to the last step in the browser, or the ACS's refusal."""
        return self.finish(self.post(self.go_to_idp(subject)))

    def finish(self, response: Any, client: Client | None = None) -> Any:
        """Follow the ACS's redirect in the browser that started the login; a refusal is handed back."""
        return (client or self.client).get(response["Location"]) if response.status_code == 303 else response

    def can_read(self, client: Client | None = None) -> bool:
        """Does the gate let the browser at Globex's private page?"""
        response = (client or self.client).get(self.page_path)
        return response.status_code == 200 and PRIVATE_TEXT in response.content.decode()

    def refusals(self) -> list[str]:
        """The codes in Globex's audit log, oldest first."""
        events = AuditEvent.objects.filter(org=self.org, event="org.sso_refused").order_by("seq")
        return [event.data["code"] for event in events]

    def assert_nothing_was_opened(self) -> None:
        assert not SSOSession.objects.exists()
        assert not LinkedIdentity.objects.exists()


def way_to_idp(response: Any) -> tuple[str, dict[str, str] | None]:
    """Where the start page sends the browser: by redirect, or by the one form of a page."""
    if response.status_code == 302:
        return response["Location"], None
    assert response.status_code == 200, response.content.decode()
    page: Any = html.fromstring(response.content)
    (form,) = [form for form in page.forms if "SAMLRequest" in form.fields]
    return form.action, dict(form.fields)


@pytest.fixture
def exchange() -> Exchange:
    return make_exchange()


@pytest.fixture
def demo_idp() -> Iterator[DemoIdP]:
    with DemoIdP() as idp:
        yield idp


@pytest.fixture
def globex(db: None, demo_idp: DemoIdP, client: Client) -> GlobexLogin:
    return make_globex(demo_idp, client)


def make_globex(demo_idp: DemoIdP, client: Client) -> GlobexLogin:
    tenant = demo_idp.add_tenant(
        TenantConfig(
            slug="globex",
            protocols=("saml",),
            people=(
                Person(subject="max", name="Max", email="max@globex.example", groups=("engineering",)),
                Person(subject="zoe", name="Zoe", email="zoe@globex.example"),
            ),
        )
    )
    org = make_org("globex", name="Globex")
    set_policy(org, Enforcement.ENFORCED)
    connection = make_connection(
        org,
        SSOProtocol.SAML,
        issuer=tenant.saml_entity_id,
        sso_url=tenant.saml_sso_url,
        certificates=[tenant.saml_certificate_pem],
    )
    register_sp(tenant, connection)
    member = make_member(org, make_user("max@globex.example", name="Max"))
    log_in(client, member.user)
    page = make_page(org, "Private", body=PRIVATE_TEXT)
    return GlobexLogin(org, member, connection, tenant, client, page.get_absolute_url())


def register_sp(tenant: Tenant, connection: Connection, **fields: Any) -> None:
    """Make the connection's SP known to the IdP."""
    sp = service_provider(connection.uid)
    tenant.add_service_provider(SAMLServiceProvider(entity_id=sp.entity_id, acs_url=sp.acs_url, **fields))


def change_revision(globex: GlobexLogin, **fields: Any) -> None:
    """Another configuration for the live revision, which is not how the product does it."""
    Revision.objects.filter(pk=globex.revision.pk).update(**fields)
