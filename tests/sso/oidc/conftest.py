"""Acme behind the demo IdP: whole logins over real HTTP, with Django's test client as the browser's portal side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from hubsso import net
from orgs.models import Membership
from orgs.roles import Role
from sso.models import Connection
from sso.oidc import discovery, jwks
from sso.oidc.addresses import callback_url
from sso.oidc.logout import signed_out_url
from sso.types import Enforcement
from tests.builders import (
    make_connection,
    make_member,
    make_org,
    make_page,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, OIDCClient, Person, Tenant, TenantConfig
from tests.sso.whole_login import PRIVATE_TEXT, WholeLogin

CLIENT_ID = "hubsso client/1"  # to be form-urlencoded in Basic (RFC 6749, 2.3.1)
CLIENT_SECRET = "s3cret: with % and + and é"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeLogin(WholeLogin):
    """Acme, its member Max, and Acme's OP."""

    olivia: Membership
    idp: DemoIdP

    def go_to_idp(self, subject: str = "max", *, browser: IdPBrowser | None = None) -> IdPAnswer:
        """From the start page through the OP's login page to the answer, not yet delivered."""
        response = self.start()
        assert response.status_code == 302, response.content.decode()
        return (browser or IdPBrowser()).complete_login(response["Location"], subject)

    def bring(self, answer: IdPAnswer) -> Any:
        """Deliver an answer as Max's browser does. A form comes from the OP's page, so without our cookie."""
        if answer.form is None:
            return answer.deliver(self.client)
        posted = answer.deliver(Client())
        return self.client.get(posted["Location"]) if posted.status_code == 303 else posted

    def sign_in(self, subject: str = "max") -> Any:
        """The whole login: the last response."""
        return self.bring(self.go_to_idp(subject))


@pytest.fixture(autouse=True)
def _forget_idps() -> Iterator[None]:
    forget_idps()
    yield
    forget_idps()


def forget_idps() -> None:
    for forget in (discovery.forget_all, jwks.forget_all, net.logins.forget_all, net.lookups.forget_all):
        forget()


@pytest.fixture
def demo_idp() -> Iterator[DemoIdP]:
    with DemoIdP() as idp:
        yield idp


@pytest.fixture
def acme(db: None, demo_idp: DemoIdP, client: Client) -> AcmeLogin:
    return make_acme(demo_idp, client)


def make_acme(demo_idp: DemoIdP, client: Client) -> AcmeLogin:
    tenant = demo_idp.add_tenant(
        TenantConfig(
            slug="acme",
            protocols=("oidc",),
            people=(
                Person(subject="max", name="Max", email="max@acme.example", groups=("engineering",)),
                Person(subject="olivia", name="Olivia", email="olivia@acme.example"),
            ),
        )
    )
    org = make_org("acme", name="Acme")
    set_policy(org, Enforcement.ENFORCED)
    connection = make_connection(org, issuer=tenant.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    register_client(tenant, connection)
    member = make_member(org, make_user("max@acme.example", name="Max"))
    log_in(client, member.user)
    return AcmeLogin(
        org=org,
        max=member,
        olivia=make_member(org, make_user("olivia@acme.example", name="Olivia"), role=Role.ADMIN),
        connection=connection,
        tenant=tenant,
        idp=demo_idp,
        client=client,
        page_path=make_page(org, "Private", body=PRIVATE_TEXT).get_absolute_url(),
    )


def register_client(tenant: Tenant, connection: Connection, **fields: Any) -> None:
    """Make the connection's client known to the OP."""
    registration: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": (callback_url(connection.uid),),
        "require_pkce": True,
        "post_logout_redirect_uris": (signed_out_url(connection.uid),),
    }
    tenant.add_client(OIDCClient(**{**registration, **fields}))
