"""How RPs prove themselves to the OP, beside the secrets: assertions they sign, and requests pushed beforehand."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt

from tests.demo_idp import OMIT, DemoIdP, IdPPageError, Tenant, complete_login
from tests.demo_idp.keys import make_oidc_key
from tests.demo_idp.oidc_clients import ASSERTION_TYPE
from tests.demo_idp.oidc_tokens import with_changes
from tests.demo_idp_tests.support import (
    ACME,
    CALLBACK,
    CLIENT,
    VERIFIER,
    authorization_url,
    get_json,
    sign_in,
    unverified_part,
)

KEY = make_oidc_key("RS256")


@pytest.fixture
def signing(acme: Tenant) -> Tenant:
    """The client is known by its key alone."""
    acme.add_client(replace(CLIENT, auth_methods=("private_key_jwt",), jwks={"keys": [KEY.as_public_jwk()]}))
    return acme


def assertion(tenant: Tenant, *, key: Any = KEY, **changes: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": CLIENT.client_id,
        "sub": CLIENT.client_id,
        "aud": f"{tenant.url}/token",
        "jti": secrets.token_hex(8),
        "exp": now + 60,
    }
    return jwt.encode({"alg": "RS256", "kid": KEY.kid}, with_changes(claims, changes), key.as_joserfc_key())


def exchange_by(tenant: Tenant, signed: str, **changes: str) -> requests.Response:
    code = complete_login(authorization_url(tenant), "max").parameters["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": CLIENT.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
        **changes,
    }
    return requests.post(f"{tenant.url}/token", data=form, timeout=5)


def test_client_that_signs_gets_tokens(signing: Tenant) -> None:
    assert exchange_by(signing, assertion(signing)).status_code == 200
    discovery = get_json(f"{signing.issuer}/.well-known/openid-configuration")
    assert discovery["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another"},
        {"sub": "another"},
        {"aud": "https://another-op.example/token"},
        {"aud": OMIT},
        {"exp": 1},
        {"exp": 99999999999},
        {"jti": OMIT},
        {"key": make_oidc_key("RS256")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_wrong_assertion_is_refused(signing: Tenant, changes: dict[str, Any]) -> None:
    response = exchange_by(signing, assertion(signing, **changes))
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_assertion_counts_once(signing: Tenant) -> None:
    signed = assertion(signing)
    assert exchange_by(signing, signed).status_code == 200
    assert exchange_by(signing, signed).status_code == 401


def test_one_way_of_authentication_only(signing: Tenant) -> None:
    response = exchange_by(signing, assertion(signing), client_secret=CLIENT.client_secret)
    assert response.json()["error"] == "invalid_request"


# --- Pushed requests -----------------------------------------------------------------------------------


@pytest.fixture
def pushing(idp: DemoIdP) -> Tenant:
    return idp.add_tenant(replace(ACME, par="required"))


def push(tenant: Tenant, **changes: str) -> requests.Response:
    parameters = dict(parse_qsl(urlsplit(authorization_url(tenant)).query))
    form = {**parameters, "client_secret": CLIENT.client_secret, **changes}
    return requests.post(f"{tenant.url}/par", data=form, timeout=5)


def reference(tenant: Tenant, request_uri: str) -> str:
    return f"{tenant.url}/authorize?{urlencode({'client_id': CLIENT.client_id, 'request_uri': request_uri})}"


def test_pushed_request_is_taken_once(pushing: Tenant) -> None:
    response = push(pushing)
    assert (response.status_code, response.json()["expires_in"]) == (201, 60)
    url = reference(pushing, response.json()["request_uri"])
    assert complete_login(url, "max").parameters["state"] == "the-state"
    with pytest.raises(IdPPageError, match="400"):
        complete_login(url, "max")


def test_request_that_was_not_pushed_is_refused_where_it_must_be(pushing: Tenant) -> None:
    with pytest.raises(IdPPageError, match="400"):
        complete_login(authorization_url(pushing), "max")


@pytest.mark.parametrize(
    "changes", [{"client_secret": "another"}, {"redirect_uri": f"{CALLBACK}x"}, {"request_uri": "urn:x"}]
)
def test_wrong_pushed_request_is_refused(pushing: Tenant, changes: dict[str, str]) -> None:
    assert push(pushing, **changes).status_code in (400, 401)


def test_op_that_offers_it_takes_both(idp: DemoIdP) -> None:
    tenant = idp.add_tenant(replace(ACME, slug="offers", par="offered"))
    assert sign_in(tenant)["id_token"]
    assert complete_login(reference(tenant, push(tenant).json()["request_uri"]), "max").parameters["code"]


# --- Signed userinfo -----------------------------------------------------------------------------------


def test_userinfo_is_signed_where_the_client_wants_it(acme: Tenant) -> None:
    acme.add_client(replace(CLIENT, userinfo_signed=True))
    headers = {"Authorization": f"Bearer {sign_in(acme)['access_token']}"}
    response = requests.get(f"{acme.url}/userinfo", headers=headers, timeout=5)
    assert response.headers["Content-Type"] == "application/jwt"
    claims = unverified_part(response.text, 1)
    assert (claims["iss"], claims["aud"], claims["sub"]) == (acme.issuer, CLIENT.client_id, "max")
