"""A portal in a thread of the test process, on a database of its own: a story sets its stage by the ORM."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from orgs.models import Membership
from orgs.roles import Role
from tests.builders import make_member, make_user
from tests.conftest import log_in, log_in_with_sso
from tests.demo_idp import DemoIdP
from tests.e2e.staged.stage import bring_cookie
from tests.e2e.visitor import Visitor, visiting
from tests.sso.oidc.conftest import AcmeLogin, forget_idps, make_acme
from tests.sso.saml.conftest import GlobexLogin, make_globex

Enter = Callable[..., Visitor]


@pytest.fixture
def portal(browser: Browser, live_server: LiveServer, settings: Any) -> str:
    """On localhost; the IdPs are on 127.0.0.1: two sites to the browser, so SameSite counts."""
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture(scope="session")
def idp_server() -> Iterator[DemoIdP]:
    with DemoIdP() as idp:
        yield idp


@pytest.fixture
def acme(portal: str, idp_server: DemoIdP) -> AcmeLogin:
    """Enforces SSO by OpenID Connect."""
    forget_idps()
    return make_acme(idp_server, Client())


@pytest.fixture
def globex(portal: str, idp_server: DemoIdP) -> GlobexLogin:
    """Enforces SSO by SAML."""
    return make_globex(idp_server, Client())


@pytest.fixture
def zoe(globex: GlobexLogin) -> Membership:
    """Globex's admin."""
    return make_member(globex.org, make_user("zoe@globex.example", name="Zoe"), role=Role.ADMIN)


@pytest.fixture
def enter(browser: Browser, portal: str) -> Iterator[Enter]:
    """Gives a member a browser in which they are signed in to the portal; nobody may meet an error in its console.

    With `has_sso` they have authenticated for the membership's organisation as well.
    """
    visitors: list[Visitor] = []
    with ExitStack() as contexts:

        def enter(membership: Membership, *, has_sso: bool = False, **options: Any) -> Visitor:
            visitor = contexts.enter_context(visiting(browser, portal, **options))
            visitors.append(visitor)
            client = Client()
            (log_in_with_sso(client, membership) if has_sso else log_in(client, membership.user))
            name = django_settings.SESSION_COOKIE_NAME
            bring_cookie(visitor, name, client.cookies[name].value, url=portal)
            return visitor

        yield enter
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []
