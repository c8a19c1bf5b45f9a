"""The OIDC OP: honest flows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.demo_idp import (
    OMIT,
    DemoIdP,
    IdPBrowser,
    IdPPageError,
    IDTokenBuilder,
    Tenant,
    cancel_login,
    complete_login,
)
from tests.demo_idp_tests.support import (
    ACME,
    CALLBACK,
    CLIENT,
    authorization_url,
    exchange,
    get_json,
    sign_in,
    unverified_part,
    verified,
)


def test_whole_oidc_login_gives_verified_claims(acme: Tenant) -> None:
    answer = complete_login(authorization_url(acme), "max")
    assert answer.url.startswith(CALLBACK)
    assert answer.parameters["state"] == "the-state"
    assert answer.parameters["iss"] == acme.issuer

    tokens = exchange(acme, answer.parameters["code"]).json()
    claims = verified(acme, tokens["id_token"]).claims
    assert claims["iss"] == acme.issuer
    assert claims["aud"] == "portal"
    assert claims["sub"] == "max"
    assert claims["nonce"] == "the-nonce"
    assert claims["email"] == "max@acme.example"
    assert claims["email_verified"] is True
    assert claims["groups"] == ["engineering", "staff"]
    assert claims["realm_access"] == {"roles": ["writer"]}
    assert claims["sid"]
    assert abs(claims["auth_time"] - datetime.now(UTC).timestamp()) < 30

    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    userinfo = requests.get(f"{acme.url}/userinfo", headers=bearer, timeout=5).json()
    assert userinfo["sub"] == "max"
    assert userinfo["name"] == "Max Member"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_id_tokens_verify_with_each_algorithm(idp: DemoIdP, algorithm: str) -> None:
    tenant = idp.add_tenant(replace(ACME, slug="algo", oidc_algorithm=algorithm))
    token = verified(tenant, sign_in(tenant)["id_token"])
    assert token.header["alg"] == algorithm


def test_code_works_once(acme: Tenant) -> None:
    code = complete_login(authorization_url(acme), "max").parameters["code"]
    assert exchange(acme, code).status_code == 200
    assert exchange(acme, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change", [{"code_verifier": "another"}, {"redirect_uri": "http://portal.example/other/"}]
)
def test_code_is_bound_to_verifier_and_redirect_uri(acme: Tenant, change: dict[str, str]) -> None:
    code = complete_login(authorization_url(acme), "max").parameters["code"]
    assert exchange(acme, code, **change).json()["error"] == "invalid_grant"


def test_client_authenticates_only_as_registered(idp: DemoIdP, acme: Tenant) -> None:
    acme.add_client(replace(CLIENT, auth_methods=("client_secret_post",)))
    discovery = get_json(f"{acme.issuer}/.well-known/openid-configuration")
    assert discovery["token_endpoint_auth_methods_supported"] == ["client_secret_post"]

    code = complete_login(authorization_url(acme), "max").parameters["code"]
    assert exchange(acme, code, by="client_secret_basic").status_code == 401
    assert exchange(acme, code, by="client_secret_post").status_code == 200
    basic, post = idp.requests.to("token", "acme")
    assert (basic.auth_method, post.auth_method) == ("client_secret_basic", "client_secret_post")
    assert CLIENT.client_secret not in repr(list(idp.requests))


@pytest.mark.parametrize("change", [{"redirect_uri": f"{CALLBACK}x"}, {"client_id": "stranger"}])
def test_unregistered_client_or_redirect_uri_gets_a_page_not_a_redirect(
    acme: Tenant, change: dict[str, str]
) -> None:
    with pytest.raises(IdPPageError, match="400"):
        complete_login(authorization_url(acme, **change), "max")


def test_prompt_none_needs_an_idp_session(acme: Tenant) -> None:
    browser = IdPBrowser()
    silent = authorization_url(acme, prompt="none")
    assert browser.follow(silent).parameters["error"] == "login_required"
    browser.complete_login(authorization_url(acme), "max")
    assert "code" in browser.follow(silent).parameters


@pytest.mark.parametrize("change", [{"prompt": "login"}, {"max_age": "60"}])
def test_prompt_login_and_max_age_show_the_page_again(change: dict[str, str]) -> None:
    now = datetime.now(UTC)
    with DemoIdP([ACME], clock=lambda: now) as server:
        tenant, browser = server.tenant("acme"), IdPBrowser()
        browser.complete_login(authorization_url(tenant), "max")
        now += timedelta(seconds=61)
        browser.follow(authorization_url(tenant))
        with pytest.raises(IdPPageError):
            browser.follow(authorization_url(tenant, **change))
        assert "code" in browser.complete_login(authorization_url(tenant, **change), "max").parameters


def test_cancel_sends_access_denied(acme: Tenant) -> None:
    answer = cancel_login(authorization_url(acme))
    assert answer.parameters == {"error": "access_denied", "state": "the-state", "iss": acme.issuer}


def test_auto_login_answers_without_a_page(acme: Tenant) -> None:
    acme.auto_login = "nina"
    answer = IdPBrowser().follow(authorization_url(acme, prompt="none"))
    claims = verified(acme, exchange(acme, answer.parameters["code"]).json()["id_token"]).claims
    assert (claims["sub"], claims["email_verified"]) == ("nina", False)


def test_form_post_response_mode_posts_the_code(acme: Tenant) -> None:
    answer = complete_login(authorization_url(acme, response_mode="form_post"), "max")
    assert answer.url == CALLBACK
    assert answer.form is not None
    assert answer.form["state"] == "the-state"


def test_end_session_returns_only_to_registered_address(acme: Tenant) -> None:
    id_token = sign_in(acme)["id_token"]
    url = f"{acme.url}/end_session"
    query = {
        "id_token_hint": id_token,
        "post_logout_redirect_uri": "http://portal.example/bye/",
        "state": "s",
    }
    back = requests.get(url, params=query, allow_redirects=False, timeout=5)
    assert back.headers["Location"] == "http://portal.example/bye/?state=s"
    query["post_logout_redirect_uri"] = "http://evil.example/"
    assert requests.get(url, params=query, allow_redirects=False, timeout=5).status_code == 400


def test_rotation_changes_the_signing_key_and_keeps_the_old_in_the_jwks(acme: Tenant) -> None:
    old = sign_in(acme)["id_token"]
    new_key = acme.rotate_oidc_key()
    assert verified(acme, sign_in(acme)["id_token"]).header["kid"] == new_key.kid
    verified(acme, old)
    acme.withdraw_oidc_key(unverified_part(old, 0)["kid"])
    assert [key["kid"] for key in get_json(f"{acme.url}/jwks.json")["keys"]] == [new_key.kid]


def test_claims_of_the_next_login_can_be_set_by_hand(acme: Tenant) -> None:
    acme.next_id_token(aud="some-other-client", email=OMIT)
    claims = verified(acme, sign_in(acme)["id_token"]).claims
    assert claims["aud"] == "some-other-client"
    assert "email" not in claims


def test_id_token_builder_signs_what_it_is_told(acme: Tenant) -> None:
    token = IDTokenBuilder.honest(
        issuer=acme.issuer, subject="max", client_id="portal", key=acme.oidc_key, now=datetime.now(UTC)
    )
    assert verified(acme, token.encode()).claims["sub"] == "max"
    assert "exp" not in verified(acme, token.but(exp=OMIT).encode()).claims
    critical = replace(token, headers={"crit": ["x"], "kid": OMIT}).encode()
    assert unverified_part(critical, 0) == {"typ": "JWT", "alg": "RS256", "crit": ["x"]}
