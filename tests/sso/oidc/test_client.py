"""What the RP makes of odd answers from the token endpoint and userinfo, and what it never reads."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from sso.errors import SSOError
from sso.models import Revision
from sso.oidc.client import RevisionBackend
from sso.oidc.discovery import check_issuer
from tests.sso.oidc.fake_op import FakeOP

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
CODE = "planted-code"
SECRET = "planted-secret"
ACCESS_TOKEN = "planted-access-token"


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as fake:
        yield fake


@pytest.fixture
def backend(op: FakeOP) -> RevisionBackend:
    revision = Revision(issuer=op.issuer, client_id="hubsso")
    revision.seal_client_secret(SECRET)
    metadata = check_issuer(op.issuer, now=NOW)
    return RevisionBackend(revision, metadata, redirect_uri="http://testserver/callback", now=NOW)


def refusal(attempt: Callable[[], object]) -> SSOError:
    with pytest.raises(SSOError) as refused:
        attempt()
    return refused.value


def redeem(backend: RevisionBackend) -> SSOError:
    return refusal(lambda: backend.redeem(code=CODE, code_verifier="v" * 43, nonce="n"))


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (200, {}, "token_invalid"),
        (200, {"access_token": 7}, "token_invalid"),
        (200, {"access_token": ""}, "token_invalid"),
        (200, {"access_token": f"{ACCESS_TOKEN}\r\nX-Injected: 1"}, "token_invalid"),
        (200, {"access_token": "x" * 100_001}, "token_invalid"),
        (200, {"access_token": ACCESS_TOKEN, "token_type": "DPoP"}, "token_invalid"),
        (200, {"access_token": ACCESS_TOKEN, "token_type": ["Bearer"]}, "token_invalid"),
        (200, {"access_token": ACCESS_TOKEN, "token_type": "Bearer"}, "id_token_malformed"),
        (200, {"access_token": ACCESS_TOKEN, "id_token": "a.b.c"}, "id_token_malformed"),
        (200, {"access_token": ACCESS_TOKEN, "id_token": "a.b.c.d.e"}, "id_token_malformed"),
        (201, {"access_token": ACCESS_TOKEN}, "token_refused"),
        (400, {"error": "invalid_grant", "error_description": f"{CODE} {SECRET}"}, "token_refused"),
        (400, {"error": f"<b>{SECRET}</b>"}, "token_refused"),
        (400, {"error": ["invalid_grant"]}, "token_refused"),
        (401, {"error": "invalid_client"}, "token_refused"),
        (302, {}, "token_invalid"),
        (429, {}, "idp_unreachable"),
        (503, {}, "idp_unreachable"),
    ],
    ids=str,
)
def test_odd_token_answers_are_refused_and_never_quoted(
    op: FakeOP, backend: RevisionBackend, status: int, answer: dict[str, Any], code: str
) -> None:
    op.answers["/token"] = (status, json.dumps(answer))
    error = redeem(backend)
    assert error.code == code
    said = f"{error.admin_detail} {error.log_fields} {error!r} {error.__cause__!r}"
    assert not [planted for planted in (CODE, SECRET, ACCESS_TOKEN) if planted in said]


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("invalid_client", "client secret"),
        ("invalid_grant", "callback URL"),
        ("unauthorized_client", "authorization code grant"),
    ],
)
def test_refusals_tell_the_admin_where_to_look(
    op: FakeOP, backend: RevisionBackend, error: str, hint: str
) -> None:
    op.answers["/token"] = (400, json.dumps({"error": error}))
    refused = redeem(backend)
    assert error in refused.admin_detail
    assert hint in refused.admin_detail


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, "<html>", "userinfo_invalid"),
        (200, "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "userinfo_invalid"),
        (200, "[]", "userinfo_invalid"),
        (401, "{}", "userinfo_invalid"),
        (302, "", "userinfo_invalid"),
        (500, "{}", "idp_unreachable"),
    ],
)
def test_odd_userinfo_is_refused(
    op: FakeOP, backend: RevisionBackend, status: int, body: str, code: str
) -> None:
    op.answers["/userinfo"] = (status, body)
    assert refusal(lambda: backend.get_userinfo(ACCESS_TOKEN, None, None)).code == code


def test_process_wide_settings_are_never_read(backend: RevisionBackend, settings: Settings) -> None:
    settings.OIDC_RP_CLIENT_ID = "of the process"
    settings.OIDC_ALLOW_UNSECURED_JWT = True
    settings.OIDC_VERIFY_SSL = False
    assert backend.get_settings("OIDC_RP_CLIENT_ID") == "hubsso"
    assert backend.get_settings("OIDC_ALLOW_UNSECURED_JWT", False) is False
    assert backend.get_settings("OIDC_VERIFY_SSL", True) is True
    with pytest.raises(ImproperlyConfigured):
        backend.get_settings("OIDC_UNKNOWN")


def test_the_librarys_own_sign_in_is_closed(backend: RevisionBackend) -> None:
    with pytest.raises(NotImplementedError):
        backend.authenticate(None, nonce="n")
    with pytest.raises(NotImplementedError):
        backend.get_or_create_user("access", "id", {"email": "max@acme.example"})
