"""Acme as `world` has it, but by SAML: its requests are made without asking anybody anything."""

import pytest

from sso.types import SSOProtocol
from tests.builders import make_connection
from tests.conftest import World
from tests.demo_idp import DemoIdP, TenantConfig


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
