"""Whole logins against the demo IdP: honest ones."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from sso.models import LinkedIdentity, LoginAttempt, SSOSession
from sso.oidc.adapter import OIDCAdapter
from sso.oidc.addresses import callback_url
from sso.types import SessionLimit
from tests.builders import make_connection
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPBrowser
from tests.demo_idp.config import OIDC_ALGORITHMS, Person, TenantConfig
from tests.sso.oidc.conftest import AcmeLogin, register_client
from tests.sso.whole_login import change_revision


def test_member_is_let_in_and_returns_to_the_page(acme: AcmeLogin) -> None:
    assert not acme.can_read()
    response = acme.sign_in()
    assert (response.status_code, response["Location"]) == (302, acme.page_path)
    assert acme.can_read()
    session = SSOSession.objects.get()
    assert (session.org, session.user, session.revision) == (acme.org, acme.max.user, acme.revision)
    assert session.logout_hint == {"id_token": acme.tenant.id_tokens[-1]}
    identity = LinkedIdentity.objects.get()
    assert (identity.issuer, identity.subject) == (acme.tenant.issuer, "max")
    assert identity.email == "max@acme.example"


@pytest.mark.catalogue("WEB-NONCE-PKCE")
def test_authorization_request_has_all_it_needs(acme: AcmeLogin) -> None:
    query = {name: value for name, (value,) in parse_qs(urlsplit(acme.start()["Location"]).query).items()}
    attempt = LoginAttempt.objects.get()
    assert query["response_type"] == "code"
    assert query["scope"].split() == ["openid", "email", "profile"]
    assert query["redirect_uri"] == callback_url(acme.connection.uid)
    assert (query["state"], query["nonce"]) == (attempt.state, attempt.nonce)
    assert query["code_challenge_method"] == "S256"
    assert attempt.code_verifier not in str(query)
    assert query["login_hint"] == "max@acme.example"
    assert "prompt" not in query
    assert "max_age" not in query


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_redirect_uri_does_not_follow_the_host_header(acme: AcmeLogin) -> None:
    location = acme.client.get(f"/orgs/{acme.org.slug}/sso/", headers={"host": "localhost"})["Location"]
    assert parse_qs(urlsplit(location).query)["redirect_uri"][0].startswith("http://testserver/")


@pytest.mark.parametrize("algorithm", OIDC_ALGORITHMS)
def test_every_algorithm_signs_in(acme: AcmeLogin, demo_idp: DemoIdP, algorithm: str) -> None:
    tenant = demo_idp.add_tenant(
        TenantConfig(slug="acme", oidc_algorithm=algorithm, people=(Person(subject="max", name="Max"),))
    )
    register_client(tenant, acme.connection)
    acme.sign_in()
    assert acme.can_read()


@pytest.mark.parametrize(
    ("announced", "accepted", "used"),
    [
        (("client_secret_basic", "client_secret_post"), "client_secret_basic", ["client_secret_basic"]),
        (("client_secret_post",), "client_secret_post", ["client_secret_post"]),
        ((), "client_secret_basic", ["client_secret_basic"]),
        # The OP takes both, but this client was registered for the form.
        (
            ("client_secret_post", "client_secret_basic"),
            "client_secret_post",
            ["client_secret_basic", "client_secret_post"],
        ),
    ],
)
def test_client_authenticates_as_the_op_announces(
    acme: AcmeLogin, demo_idp: DemoIdP, announced: tuple[str, ...], accepted: str, used: list[str]
) -> None:
    tenant = demo_idp.add_tenant(
        TenantConfig(
            slug="acme", announced_auth_methods=announced, people=(Person(subject="max", name="Max"),)
        )
    )
    register_client(tenant, acme.connection, auth_methods=(accepted,))
    acme.sign_in()
    assert acme.can_read()
    assert [request.auth_method for request in demo_idp.requests.to("token")] == used


def test_claims_may_be_in_userinfo_only(acme: AcmeLogin) -> None:
    register_client(acme.tenant, acme.connection, claims_in_id_token=False)
    acme.sign_in()
    assert LinkedIdentity.objects.get().email == "max@acme.example"


def test_second_login_asks_for_nothing_but_token_and_userinfo(acme: AcmeLogin) -> None:
    acme.sign_in()
    acme.idp.requests.clear()
    acme.sign_in()
    asked = [request.endpoint for request in acme.idp.requests if request.endpoint in BACK_CHANNEL]
    assert asked == ["token", "userinfo"]


BACK_CHANNEL = {"discovery", "jwks", "token", "userinfo"}


@pytest.mark.catalogue("WEB-FIXATION")
def test_session_key_rotates_also_for_the_same_user(acme: AcmeLogin) -> None:
    keys = [acme.client.session.session_key]
    for _ in range(2):
        acme.sign_in()
        keys.append(acme.client.session.session_key)
    assert len(set(keys)) == 3
    assert SSOSession.objects.count() == 1


def test_max_age_limits_the_session(acme: AcmeLogin) -> None:
    change_revision(acme, max_age_seconds=1800)
    location = acme.start()["Location"]
    assert parse_qs(urlsplit(location).query)["max_age"] == ["1800"]
    IdPBrowser().complete_login(location, "max").deliver(acme.client)
    session = SSOSession.objects.get()
    assert session.limit == SessionLimit.OIDC_MAX_AGE
    assert abs(session.expires_at - timezone.now() - timedelta(seconds=1800)) < timedelta(seconds=30)


def test_id_token_expiry_limits_the_session_where_the_org_follows_it(acme: AcmeLogin) -> None:
    change_revision(acme, follow_id_token_expiry=True)
    acme.sign_in()
    session = SSOSession.objects.get()
    assert session.limit == SessionLimit.OIDC_ID_TOKEN_EXP
    assert session.expires_at - timezone.now() <= timedelta(seconds=300)


def test_silent_login_renews_without_a_page(acme: AcmeLogin) -> None:
    browser = IdPBrowser()
    acme.go_to_idp(browser=browser).deliver(acme.client)
    assert "You are authenticated" in acme.client.get(acme.page_path).text
    location = acme.start(silent=True)["Location"]
    assert parse_qs(urlsplit(location).query)["prompt"] == ["none"]
    response = browser.follow(location).deliver(acme.client)
    assert (response.status_code, response["Location"]) == (302, acme.page_path)
    assert "You are authenticated" not in acme.client.get(acme.page_path).text


def test_silent_login_without_an_idp_session_goes_back_to_the_banner(acme: AcmeLogin) -> None:
    location = acme.start(silent=True)["Location"]
    response = IdPBrowser().follow(location).deliver(acme.client)
    assert (response.status_code, response["Location"]) == (302, acme.page_path)
    assert acme.refusals() == []
    acme.assert_nothing_was_opened()


def test_idp_started_login_starts_one_of_ours(acme: AcmeLogin) -> None:
    path = f"/sso/{acme.connection.uid}/oidc/initiate/"
    for send in (acme.client.get, acme.client.post):
        response = send(
            path,
            {
                "iss": acme.tenant.issuer,
                "login_hint": "olivia",
                "target_link_uri": "https://evil.example/",
            },
        )
        assert response.status_code == 302
        assert response["Location"] == f"/orgs/acme/sso/?connection={acme.connection.uid}"
    at_idp = acme.client.get(response["Location"])["Location"]
    assert at_idp.startswith(f"{acme.tenant.url}/authorize?")
    assert "evil" not in at_idp
    assert "olivia" not in at_idp


def test_idp_started_login_goes_to_that_idp_among_several(acme: AcmeLogin) -> None:
    make_connection(acme.org, issuer="https://other.example", connection={"email_domains": ["acme.example"]})
    response = acme.client.get(
        f"/sso/{acme.connection.uid}/oidc/initiate/", {"iss": acme.tenant.issuer}, follow=False
    )
    assert acme.client.get(response["Location"])["Location"].startswith(f"{acme.tenant.url}/authorize?")


@pytest.mark.catalogue("WEB-MIX-UP", "WEB-LOGIN-CSRF")
@pytest.mark.parametrize("issuers", [[], ["https://evil.example"], [""], ["+/"], ["", "+"], ["+", "+"]])
def test_idp_started_login_of_another_issuer_is_refused(acme: AcmeLogin, issuers: list[str]) -> None:
    """`+` stands for the OP's own issuer."""
    query = {"iss": [issuer.replace("+", acme.tenant.issuer) for issuer in issuers]}
    path = f"/sso/{acme.connection.uid}/oidc/initiate/"
    assert acme.client.get(path, query).status_code == 400
    assert acme.client.post(path, query).status_code == 400


def test_values_for_the_idp_are_absolute(acme: AcmeLogin) -> None:
    values = [item.value for item in OIDCAdapter().values_for_idp(str(acme.connection.uid))]
    assert values == [
        f"http://testserver/sso/{acme.connection.uid}/oidc/callback/",
        f"http://testserver/sso/{acme.connection.uid}/oidc/jwks/",
        f"http://testserver/sso/{acme.connection.uid}/oidc/initiate/",
        f"http://testserver/sso/{acme.connection.uid}/signed-out/",
        f"http://testserver/sso/{acme.connection.uid}/oidc/backchannel-logout/",
        f"http://testserver/sso/{acme.connection.uid}/oidc/frontchannel-logout/",
    ]


def test_another_browser_is_not_let_in(acme: AcmeLogin) -> None:
    acme.sign_in()
    other = Client()
    log_in(other, acme.max.user)
    assert acme.can_read()
    assert not acme.can_read(other)
