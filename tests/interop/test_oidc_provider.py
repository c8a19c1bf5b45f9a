"""Max signs in at panva's oidc-provider (npm), which asks for PKCE and puts his claims in userinfo only."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from django.test import Client
from joserfc.jwk import RSAKey
from lxml import html

from sso.models import LinkedIdentity, SSOSession
from sso.oidc import discovery, jwks
from sso.oidc.addresses import callback_url
from sso.oidc.id_token import ALLOWED_ALGORITHMS
from sso.types import ResponseMode, SessionLimit, SSOProtocol
from tests.builders import give_key_pair
from tests.demo_idp import IdPAnswer
from tests.demo_idp.keys import KeyStore, private_key_pem
from tests.interop.folders import NPM_FOLDER
from tests.interop.idp_process import free_port, idp_process
from tests.interop.portal import Portal, make_portal

pytestmark = [pytest.mark.interop, pytest.mark.django_db]

CLIENT_SECRET = "s3cret: with % and + and ~ of the client"
GROUPS = ["engineering", "on-call"]
# The OP is started once and the callback URL has the connection's uid in it: each algorithm and way to
# authenticate is a client of its own, for a connection whose uid was chosen before.
UIDS = {
    name: f"00000000-0000-4000-8000-00000000000{number}"
    for number, name in enumerate([*ALLOWED_ALGORITHMS, "post"])
}
STRICT_UID = "00000000-0000-4000-8000-000000000010"
PORTALS_KEY = KeyStore().saml_key_pair("portal-interop")


@dataclass(frozen=True, slots=True)
class OP:
    issuer: str

    def browser(self) -> "OPBrowser":
        return OPBrowser(self.issuer)


class OPBrowser:
    """A browser on the OP's development pages, which take any password."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._http = requests.Session()
        self._http.trust_env = False

    def sign_in(self, url: str, login: str = "max") -> IdPAnswer:
        """Follow the pages from `url`, sign in, agree, and return where the OP sends the browser at last."""
        return self._walk(url, {"login": login, "password": "any"})

    def cancel(self, url: str) -> IdPAnswer:
        """Press Cancel on the login page."""
        page = self._http.get(url, timeout=10)
        links = [str(link.get("href")) for link in html.fromstring(page.content).iter("a")]
        (abort_path,) = [link for link in links if link.endswith("/abort")]
        return self._walk(urljoin(page.url, abort_path), {})

    def _walk(self, url: str, typed: dict[str, str]) -> IdPAnswer:
        form: dict[str, str] | None = None
        for _ in range(20):
            if not url.startswith(self._issuer + "/"):
                return IdPAnswer(url, form)
            method = "GET" if form is None else "POST"
            page = self._http.request(method, url, data=form, allow_redirects=False, timeout=10)
            if page.is_redirect:
                url, form = urljoin(url, page.headers["Location"]), None
            else:
                url, form = _fill_in(page, typed)
        raise AssertionError("the OP leads in circles")


def _fill_in(page: requests.Response, typed: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The page's form: where it goes, and its fields with what is typed."""
    form = html.fromstring(page.content).find(".//form")
    assert form is not None, page.text
    fields = {str(field.get("name")): str(field.get("value", "")) for field in form.iter("input")}
    fields.update({name: value for name, value in typed.items() if name in fields})
    return urljoin(page.url, str(form.get("action"))), fields


@pytest.fixture(scope="module")
def op() -> Iterator[OP]:
    with _running_op([_client(name) for name in UIDS]) as op:
        yield op


@pytest.fixture(scope="module")
def strict_op() -> Iterator[OP]:
    """It takes pushed requests alone, from a client that signs, and signs userinfo."""
    features = {
        "pushedAuthorizationRequests": {"enabled": True, "requirePushedAuthorizationRequests": True},
        "jwtUserinfo": {"enabled": True},
    }
    client = {
        "client_id": "hubsso strict",
        "redirect_uris": [callback_url(STRICT_UID)],
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "RS256",
        "jwks": {"keys": [_portals_jwk()]},
        "userinfo_signed_response_alg": "PS256",
        "id_token_signed_response_alg": "PS256",
    }
    with _running_op([client], features=features, clientAuthMethods=["private_key_jwt"]) as op:
        yield op


@contextmanager
def _running_op(
    clients: list[dict[str, Any]], *, features: dict[str, Any] | None = None, **more: Any
) -> Iterator[OP]:
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    configuration = {
        "clients": clients,
        "jwks": {"keys": [_private_jwk(algorithm) for algorithm in ALLOWED_ALGORITHMS]},
        "cookies": {"keys": ["cookie-key-of-a-test"]},
        "claims": {"openid": ["sub", "groups"], "email": ["email", "email_verified"], "profile": ["name"]},
        "features": {"devInteractions": {"enabled": True}, **(features or {})},
        **more,
    }
    accounts = {"max": {"name": "Max", "email": "Max@Acme.Example", "email_verified": True, "groups": GROUPS}}
    settings = {"issuer": issuer, "port": port, "accounts": accounts, "configuration": configuration}
    node = shutil.which("node")
    assert node, "Node.js is missing; run `make interop`"
    with idp_process([node, "oidc_provider.mjs", json.dumps(settings)], port=port, cwd=NPM_FOLDER):
        yield OP(issuer)


def _client(name: str) -> dict[str, Any]:
    return {
        "client_id": f"hubsso {name}",
        "client_secret": CLIENT_SECRET,
        "redirect_uris": [callback_url(UIDS[name])],
        "token_endpoint_auth_method": "client_secret_post" if name == "post" else "client_secret_basic",
        "id_token_signed_response_alg": name if name in ALLOWED_ALGORITHMS else "RS256",
    }


def _portals_jwk() -> dict[str, Any]:
    """The portal's public key, made before its connection is."""
    key = RSAKey.import_key(private_key_pem(PORTALS_KEY.private_key))
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "RS256", "use": "sig"}


def _private_jwk(algorithm: str) -> dict[str, Any]:
    key = KeyStore().oidc_key(f"oidc-provider-{algorithm}", algorithm)
    return {
        **key.as_joserfc_key().as_dict(private=True),
        "kid": key.kid,
        "alg": algorithm,
        "use": "sig",
    }


@pytest.fixture
def portal_for(client: Client, op: OP) -> Any:
    """Makes Acme's portal for one of the OP's clients."""
    discovery.forget_all()
    jwks.forget_all()

    def make(name: str, **revision: Any) -> Portal:
        fields = {"issuer": op.issuer, "client_id": f"hubsso {name}", "client_secret": CLIENT_SECRET}
        return make_portal(client, SSOProtocol.OIDC, connection={"uid": UIDS[name]}, **{**fields, **revision})

    return make


@pytest.mark.parametrize("name", UIDS)
def test_member_signs_in(portal_for: Any, op: OP, name: str) -> None:
    portal = portal_for(name)
    assert not portal.can_read()
    answer = op.browser().sign_in(portal.start()["Location"])
    response = answer.deliver(portal.client)
    assert (response.status_code, response["Location"]) == (302, portal.page_path), portal.refusals()
    assert portal.can_read()
    identity = LinkedIdentity.objects.get()
    assert (identity.issuer, identity.subject, identity.email) == (op.issuer, "max", "max@acme.example")


def test_max_age_brings_auth_time_and_limits_the_session(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256", max_age_seconds=3600)
    op.browser().sign_in(portal.start()["Location"]).deliver(portal.client)
    assert SSOSession.objects.get().limit == SessionLimit.OIDC_MAX_AGE


def test_silent_login_needs_a_session_at_the_op(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256")
    browser = op.browser()
    response = browser.sign_in(portal.start(silent=True)["Location"]).deliver(portal.client)
    assert (response.status_code, response["Location"]) == (302, portal.page_path)
    assert not portal.can_read()
    browser.sign_in(portal.start()["Location"]).deliver(portal.client)
    SSOSession.objects.all().delete()
    browser.sign_in(portal.start(silent=True)["Location"]).deliver(portal.client)
    assert portal.can_read()
    assert portal.refusals() == []


def test_cancelled_login_says_so(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256")
    assert op.browser().cancel(portal.start()["Location"]).deliver(portal.client).status_code == 403
    assert portal.refusals() == ["login_cancelled"]
    assert not SSOSession.objects.exists()


def test_code_is_taken_once(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256")
    answer = op.browser().sign_in(portal.start()["Location"])
    answer.deliver(portal.client)
    assert answer.deliver(portal.client).status_code == 400
    assert portal.refusals() == ["attempt_used"]


def test_wrong_client_secret_is_named(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256", client_secret="another")
    op.browser().sign_in(portal.start()["Location"]).deliver(portal.client)
    assert portal.refusals() == ["token_refused"]


def test_connection_of_another_issuer_spelling_is_refused_at_the_start(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256", issuer=op.issuer + "/")
    assert portal.start().status_code == 403
    assert portal.refusals() == ["discovery_issuer_mismatch"]


@pytest.mark.parametrize("mode", list(ResponseMode))
def test_pushed_request_of_a_client_that_signs(client: Client, strict_op: OP, mode: ResponseMode) -> None:
    discovery.forget_all()
    jwks.forget_all()
    portal = make_portal(
        client,
        SSOProtocol.OIDC,
        connection={"uid": STRICT_UID},
        issuer=strict_op.issuer,
        client_id="hubsso strict",
        client_authentication="private_key_jwt",
        response_mode=mode,
        signing_algorithms=["PS256"],
    )
    give_key_pair(portal.connection, PORTALS_KEY)
    location = portal.start()["Location"]
    assert set(parse_qs(urlsplit(location).query)) == {"client_id", "request_uri"}, portal.refusals()
    answer = strict_op.browser().sign_in(location)
    assert (answer.form is not None) == (mode == ResponseMode.FORM_POST)
    if answer.form is not None:  # from the OP's page: without our cookie
        portal.client.get(answer.deliver(Client())["Location"])
    else:
        answer.deliver(portal.client)
    assert portal.can_read(), portal.refusals()
    assert LinkedIdentity.objects.get().email == "max@acme.example"  # from userinfo, which the OP signed


def test_wrong_key_is_named_by_the_op_that_checks_it(client: Client, strict_op: OP) -> None:
    discovery.forget_all()
    portal = make_portal(
        client,
        SSOProtocol.OIDC,
        connection={"uid": STRICT_UID},
        issuer=strict_op.issuer,
        client_id="hubsso strict",
        client_authentication="private_key_jwt",
    )
    give_key_pair(portal.connection, KeyStore().saml_key_pair("portal-other"))
    assert portal.start().status_code == 403
    assert portal.refusals() == ["pushed_request_refused"]


def test_client_asks_for_a_form_of_an_op_that_takes_a_secret(portal_for: Any, op: OP) -> None:
    portal = portal_for("RS256", response_mode="form_post")
    answer = op.browser().sign_in(portal.start()["Location"])
    portal.client.get(answer.deliver(Client())["Location"])
    assert portal.can_read(), portal.refusals()
