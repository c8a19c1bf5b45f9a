"""A single exchange for the rules, and Globex behind the demo IdP for whole logins over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from lxml import html

from sso.models import Connection
from sso.saml.sp import service_provider
from sso.types import Enforcement, SSOProtocol
from tests.builders import (
    give_key_pair,
    make_connection,
    make_member,
    make_org,
    make_page,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, Person, SAMLServiceProvider, Tenant, TenantConfig
from tests.sso.saml.encrypting import OUR_KEY, TO_US
from tests.sso.saml.exchange import Exchange, make_exchange
from tests.sso.whole_login import PRIVATE_TEXT, WholeLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobexLogin(WholeLogin):
    """Globex, its member Max, and Globex's IdP."""

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
def encrypting(db: None) -> Exchange:
    """An exchange whose honest response is encrypted for the connection's one key pair."""
    connection = make_connection(make_org("globex"), SSOProtocol.SAML)
    give_key_pair(connection, OUR_KEY)
    exchange = make_exchange(connection)
    exchange.honest = exchange.honest.but(encryption=TO_US)
    return exchange


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
    return GlobexLogin(
        org=org,
        max=member,
        connection=connection,
        tenant=tenant,
        client=client,
        page_path=page.get_absolute_url(),
    )


def register_sp(tenant: Tenant, connection: Connection, **fields: Any) -> None:
    """Make the connection's SP known to the IdP."""
    sp = service_provider(connection.uid)
    tenant.add_service_provider(
        SAMLServiceProvider(entity_id=sp.entity_id, acs_url=sp.acs_url, slo_url=sp.slo_url, **fields)
    )
