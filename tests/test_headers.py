"""Every kind of answer carries the headers that browsers are told our rules by."""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest
from django.test import Client
from django.urls import path
from pytest_django import Settings

from hubsso import urls
from hubsso.request_sizes import MAX_BODY_BYTES
from sso.types import SSOProtocol
from tests.builders import make_connection
from tests.conftest import World, log_in, log_in_with_sso


def crash(request: HttpRequest) -> NoReturn:
    raise RuntimeError("a bug")


def forbid(request: HttpRequest) -> NoReturn:
    raise PermissionDenied


def misunderstand(request: HttpRequest) -> NoReturn:
    raise BadRequest


urlpatterns = [
    path("crash/", crash),
    path("forbid/", forbid),
    path("misunderstand/", misunderstand),
    *urls.urlpatterns,
]
handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler429, handler500 = urls.handler429, urls.handler500

JSON = {"Accept": "application/json"}
Ask = Callable[[Client, World], Any]


def saml_metadata(client: Client, world: World) -> Any:
    uid = make_connection(world.acme, SSOProtocol.SAML, sso_url="https://idp.example.org/sso").uid
    return client.get(f"/sso/{uid}/saml/metadata/")


def too_many(client: Client, world: World) -> Any:
    for _ in range(7):
        response = saml_metadata(client, world)
    return response


def signed_in(client: Client, world: World) -> Any:
    log_in_with_sso(client, world.olivia)
    return client.get("/orgs/acme/settings/sso/")


def blocked(client: Client, world: World, **headers: Any) -> Any:
    log_in(client, world.max.user)
    return client.get("/orgs/acme/", **headers)


KINDS: dict[str, tuple[Ask, int]] = {
    "page of anybody": (lambda client, world: client.get("/"), 200),
    "page of an admin": (signed_in, 200),
    "page of the portal's admin site": (lambda client, world: client.get("/admin/login/"), 302),
    "blocked page": (blocked, 403),
    "blocked JSON": (lambda client, world: blocked(client, world, headers=JSON), 403),
    "JSON": (lambda client, world: client.get("/orgs/acme/", headers=JSON), 200),
    "redirect": (lambda client, world: client.get("/accounts/profile/"), 302),
    "XML": (saml_metadata, 200),
    "static file": (lambda client, world: client.get("/static/hubsso.css"), 200),
    "400 of a view": (lambda client, world: client.get("/misunderstand/"), 400),
    "400 of a path": (lambda client, world: client.get("/%00"), 400),
    "400 of a host": (lambda client, world: client.get("/", headers={"Host": "evil.example"}), 400),
    "refused answer": (
        lambda client, world: client.get(f"/sso/{world.acme_idp.uid}/oidc/callback/", {"state": "x"}),
        400,
    ),
    "403": (lambda client, world: client.get("/forbid/"), 403),
    "403 of CSRF": (lambda client, world: Client(enforce_csrf_checks=True).post("/accounts/login/"), 403),
    "404": (lambda client, world: client.get("/nothing/"), 404),
    "413": (
        lambda client, world: client.post("/", b"x" * (MAX_BODY_BYTES + 1), content_type="text/plain"),
        413,
    ),
    "414": (lambda client, world: client.get("/?" + "a" * 20_000), 414),
    "429": (too_many, 429),
    "500": (lambda client, world: client.get("/crash/"), 500),
}


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_answer_carries_every_header(world: World, settings: Settings, kind: str) -> None:
    settings.THROTTLE_PERCENT = 1
    ask, status = KINDS[kind]
    client = Client(raise_request_exception=False)
    response = ask(client, world)
    assert response.status_code == status
    headers = response.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Request-ID"]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.parametrize(
    "header",
    [{"X-Forwarded-Proto": "https"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "proto=https"}],
)
@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_what_a_proxy_would_say_counts_for_nothing_by_default(
    client: Client, world: World, header: dict[str, str]
) -> None:
    response = client.get("/accounts/login/", headers=header)
    assert response.wsgi_request.is_secure() is False
    assert response.wsgi_request.get_host() == "testserver"
    assert "evil.example" not in response.content.decode()
