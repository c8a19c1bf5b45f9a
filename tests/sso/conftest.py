"""Whole logins by both protocols, each behind a demo IdP over loopback; and `world` with Acme by SAML.

`saml_world` makes requests without asking anybody anything. The protocols' folders have an IdP, and an Acme or a
Globex, of their own.
"""

from collections.abc import Iterator

import pytest
from django.test import Client

from sso.types import SSOProtocol
from tests.builders import make_connection
from tests.conftest import World
from tests.demo_idp import DemoIdP, TenantConfig
from tests.sso.oidc.conftest import AcmeLogin, forget_idps, make_acme
from tests.sso.saml.conftest import GlobexLogin, make_globex


@pytest.fixture
def demo_idp() -> Iterator[DemoIdP]:
    forget_idps()
    with DemoIdP() as idp:
        yield idp
    forget_idps()


@pytest.fixture
def acme(db: None, demo_idp: DemoIdP, client: Client) -> AcmeLogin:
    return make_acme(demo_idp, client)


@pytest.fixture
def globex(db: None, demo_idp: DemoIdP, client: Client) -> GlobexLogin:
    return make_globex(demo_idp, client)


@pytest.fixture
def saml_world(world: World) -> World:
    world.acme_idp.delete()
    make_connection(
        world.acme,
        SSOProtocol.SAML,
        connection={"name": "Acme Login"},
        issuer="https://idp.example.org",
        sso_url="https://idp.example.org/sso",
        certificates=[_certificate()],
    )
    return world


def _certificate() -> str:
    with DemoIdP([TenantConfig(slug="acme")]) as idp:
        return idp.tenant("acme").saml_certificate_pem
