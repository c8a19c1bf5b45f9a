"""Max signs in at Canaille (by pytest-iam) and is let at Acme's private page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_iam import Server

from orgs.models import AuditEvent, Organization, Resource
from orgs.roles import Role
from sso.models import Connection, LinkedIdentity, SSOSession
from sso.oidc import discovery, jwks
from sso.oidc.addresses import callback_url
from sso.types import Enforcement
from sso.viewer import start_url
from tests.builders import make_connection, make_member, make_org, make_page, make_user, set_policy
from tests.conftest import log_in

CLIENT_ID = "hubsso"
CLIENT_SECRET = "secret-of-hubsso"
PRIVATE_TEXT = "private-body-marker"


@pytest.fixture
def acme(db: None) -> Organization:
    discovery.forget_all()
    jwks.forget_all()
    org = make_org("acme", name="Acme")
    set_policy(org, Enforcement.ENFORCED)
    return org


@pytest.fixture
def connection(acme: Organization, iam_server: Server) -> Connection:
    issuer = iam_server.test_client.get("/.well-known/openid-configuration").json["issuer"]
    return make_connection(acme, issuer=issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)


@pytest.fixture
def page(acme: Organization) -> Resource:
    return make_page(acme, "Private", body=PRIVATE_TEXT)


@pytest.fixture
def registered(connection: Connection, iam_server: Server) -> Iterator[Any]:
    """Our client at Canaille, which signs with RS512 unless it is told otherwise."""
    registration = iam_server.models.Client(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        client_name="HubSSO",
        client_uri="http://testserver",
        redirect_uris=[callback_url(connection.uid)],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="client_secret_basic",
        id_token_signed_response_alg="RS256",
        client_id_issued_at=datetime.now(UTC),
    )
    iam_server.backend.save(registration)
    registration.audience = [registration]  # what it writes into `aud`
    iam_server.backend.save(registration)
    yield registration
    iam_server.logout()
    iam_server.backend.delete(registration)


@pytest.fixture
def person(iam_server: Server) -> Iterator[Any]:
    person = iam_server.random_user(user_name="max", emails=["max@acme.example"])
    yield person
    iam_server.backend.delete(person)


@pytest.fixture
def browser(acme: Organization, client: Client) -> Client:
    user = make_user("max@acme.example", name="Max")
    make_member(acme, user, role=Role.READ)
    log_in(client, user)
    return client


def sign_in(browser: Client, iam_server: Server, page: Resource) -> Any:
    """From our start page through Canaille's consent to our callback. What our side asks goes over real HTTP."""
    location = browser.get(start_url("acme"), {"next": page.get_absolute_url()})["Location"]
    answer = iam_server.test_client.get(location)
    assert answer.status_code == 302, answer.text
    return browser.get(answer.location)


def test_member_signs_in_at_canaille(
    browser: Client, page: Resource, registered: Any, person: Any, iam_server: Server
) -> None:
    iam_server.login(person)
    iam_server.consent(person, registered)
    assert browser.get(page.get_absolute_url()).status_code == 403
    response = sign_in(browser, iam_server, page)
    assert (response.status_code, response["Location"]) == (302, page.get_absolute_url())
    assert PRIVATE_TEXT in browser.get(page.get_absolute_url()).content.decode()
    identity = LinkedIdentity.objects.get()
    assert (identity.subject, identity.email) == ("max", "max@acme.example")


def test_algorithm_outside_the_allow_list_is_refused(
    browser: Client, page: Resource, registered: Any, person: Any, iam_server: Server
) -> None:
    registered.id_token_signed_response_alg = "RS512"
    iam_server.backend.save(registered)
    iam_server.login(person)
    iam_server.consent(person, registered)
    assert sign_in(browser, iam_server, page).status_code == 403
    assert AuditEvent.objects.get(event="org.sso_refused").data["code"] == "algorithm_not_allowed"
    assert not SSOSession.objects.exists()


def test_silent_login_without_a_session_at_canaille_goes_back(
    browser: Client, page: Resource, registered: Any, person: Any, iam_server: Server
) -> None:
    iam_server.logout()
    location = browser.get(start_url("acme"), {"next": page.get_absolute_url(), "silent": "1"})["Location"]
    response = browser.get(iam_server.test_client.get(location).location)
    assert (response.status_code, response["Location"]) == (302, page.get_absolute_url())
    assert not SSOSession.objects.exists()
