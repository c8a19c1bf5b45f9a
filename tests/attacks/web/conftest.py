"""The two worlds of whole logins, Acme by OIDC and Globex by SAML, each behind a demo IdP over loopback."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.demo_idp import DemoIdP
from tests.sso.oidc.conftest import AcmeLogin, make_acme
from tests.sso.saml.conftest import GlobexLogin, make_globex


@pytest.fixture
def demo_idp() -> Iterator[DemoIdP]:
    with DemoIdP() as idp:
        yield idp


@pytest.fixture
def acme(db: None, demo_idp: DemoIdP, client: Client) -> AcmeLogin:
    return make_acme(demo_idp, client)


@pytest.fixture
def globex(db: None, demo_idp: DemoIdP, client: Client) -> GlobexLogin:
    return make_globex(demo_idp, client)
