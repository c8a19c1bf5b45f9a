"""Personas and what they share. Their rights are stated once, here.

Acme enforces SSO by OIDC. Olivia is its admin, Max a member, Nina an external collaborator. Zoe belongs to
Globex alone and must see nothing of Acme but what is public.
"""

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from unittest.mock import patch

import hypothesis
import pytest
from django.core.cache import caches
from django.template import Context, Template
from django.test import Client
from django.test.signals import template_rendered
from django.utils import translation
from django.utils.safestring import SafeString

from accounts.models import User
from hubsso import net, throttle
from orgs.models import Membership, Organization, Resource
from orgs.roles import Role
from sso.browser import _SESSION_KEY as BROWSER_SESSION_KEY
from sso.models import Connection
from sso.oidc import discovery, jwks
from sso.types import Enforcement
from tests.builders import (
    make_connection,
    make_member,
    make_org,
    make_page,
    make_sso_session,
    make_user,
    set_policy,
)

# Hypothesis in the suite: the same examples at every run, however long one takes, and no folder of its own.
hypothesis.settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    max_examples=50,
    database=None,
    suppress_health_check=(
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.too_slow,
    ),
)
hypothesis.settings.load_profile("suite")


@dataclass(frozen=True, slots=True)
class World:
    """Acme and Globex, their people, and one page of each kind. Markers stand in titles and texts."""

    acme: Organization
    globex: Organization
    acme_idp: Connection
    olivia: Membership
    max: Membership
    nina: Membership
    zoe: Membership
    public_page: Resource
    private_page: Resource

    def person(self, name: str) -> User | None:
        """The account of a persona by name; None for `anonymous`."""
        if name == "anonymous":
            return None
        membership: Membership = getattr(self, name)
        return membership.user


def pytest_collection_finish() -> None:
    """What was loaded lives to the end: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _remember_pages_not_their_parts(django_test_environment: None) -> Iterator[None]:
    """`response.context` is of whole templates. Django also copies the context of each part that they include.

    A page includes a hundred, and their copies took a tenth of the suite's time.
    """

    def render(template: Template, context: Context) -> SafeString:
        if context.template is template:
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    with patch.object(Template, "_render", render):
        yield


@pytest.fixture(autouse=True)
def _forget_what_processes_keep() -> None:
    """Nothing one test made known to a process is known to the next."""
    for forget in (
        caches["default"].clear,
        throttle.forget_all,
        discovery.forget_all,
        jwks.forget_all,
        net.logins.forget_all,
        net.lookups.forget_all,
        translation.deactivate,  # the language of the last request
    ):
        forget()


@pytest.fixture
def world(db: None) -> World:
    acme = make_org("acme", name="Acme")
    globex = make_org("globex", name="Globex")
    set_policy(acme, Enforcement.ENFORCED)
    return World(
        acme=acme,
        globex=globex,
        acme_idp=make_connection(acme, connection={"name": "Acme Login"}),
        olivia=make_member(acme, make_user("olivia@acme.example", name="Olivia"), role=Role.ADMIN),
        max=make_member(acme, make_user("max@acme.example", name="Max"), role=Role.READ),
        nina=make_member(
            acme,
            make_user("nina@partner.example", name="Nina"),
            role=Role.READ,
            is_external_collaborator=True,
        ),
        zoe=make_member(globex, make_user("zoe@globex.example", name="Zoe"), role=Role.ADMIN),
        public_page=make_page(acme, "Public-marker", body="public-body-marker", visibility="public"),
        private_page=make_page(acme, "Private-marker", body="private-body-marker"),
    )


def log_in(client: Client, user: User | None) -> str:
    """Sign in to the portal, and return the name of this browser session."""
    if user is None:
        return ""
    client.force_login(user)
    return str(client.session[BROWSER_SESSION_KEY])


def log_in_with_sso(client: Client, membership: Membership) -> str:
    """Sign in to the portal and hold a live SSO session for the membership's organisation."""
    browser_session = log_in(client, membership.user)
    make_sso_session(membership, browser_session=browser_session)
    return browser_session
