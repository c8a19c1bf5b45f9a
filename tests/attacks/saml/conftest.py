"""Globex as a target; Acme's settings and servers of the tests' own for metadata."""

import pytest
from django.test import Client

from tests.attacks.saml.target import Target, make_target
from tests.hubsso.net.conftest import serve
from tests.sso.saml.conftest import demo_idp, globex
from tests.sso.saml.slo import logout
from tests.sso.settings.conftest import acme, saml_connection

__all__ = ["acme", "demo_idp", "globex", "logout", "saml_connection", "serve", "target"]


@pytest.fixture
def target(db: None, client: Client) -> Target:
    return make_target(client)
