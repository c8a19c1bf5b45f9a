"""What is taken from a discovery document, what is refused, and how long it is kept."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from sso.errors import SSOError
from sso.oidc import discovery, transport
from sso.oidc.discovery import check_issuer, discovery_url, provider_metadata
from tests.demo_idp import DemoIdP, OIDCFault, Tenant, TenantConfig
from tests.sso.oidc.fake_op import FakeOP

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def fake_op() -> Iterator[FakeOP]:
    with FakeOP() as op:
        yield op


@pytest.fixture
def tenant(demo_idp: DemoIdP) -> Tenant:
    return demo_idp.add_tenant(TenantConfig(slug="acme", protocols=("oidc",)))


def refusal(issuer: str) -> SSOError:
    with pytest.raises(SSOError) as refused:
        check_issuer(issuer, now=NOW)
    return refused.value


def test_honest_document_is_read(tenant: Tenant) -> None:
    metadata = check_issuer(tenant.issuer, now=NOW)
    assert metadata.issuer == tenant.issuer
    assert metadata.authorization_endpoint == f"{tenant.url}/authorize"
    assert metadata.token_endpoint == f"{tenant.url}/token"
    assert metadata.userinfo_endpoint == f"{tenant.url}/userinfo"
    assert metadata.jwks_uri == f"{tenant.url}/jwks.json"
    assert metadata.end_session_endpoint == f"{tenant.url}/end_session"
    assert metadata.sends_iss_parameter


def test_document_without_optional_fields_is_read(fake_op: FakeOP) -> None:
    document = fake_op.documents["/.well-known/openid-configuration"]
    for name in ("userinfo_endpoint", "response_types_supported", "token_endpoint_auth_methods_supported"):
        document.pop(name, None)
    metadata = check_issuer(fake_op.issuer, now=NOW)
    assert metadata.userinfo_endpoint == ""
    assert metadata.end_session_endpoint == ""
    assert metadata.token_auth_methods == ("client_secret_basic",)
    assert not metadata.sends_iss_parameter


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://idp.example", "https://idp.example/.well-known/openid-configuration"),
        ("https://idp.example/", "https://idp.example/.well-known/openid-configuration"),
        ("https://idp.example/t/1/v2.0", "https://idp.example/t/1/v2.0/.well-known/openid-configuration"),
    ],
)
def test_discovery_url_leaves_out_a_terminating_slash(issuer: str, url: str) -> None:
    assert discovery_url(issuer) == url


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "idp.example",
        "http://idp.example",
        "ftp://idp.example",
        "https://",
        "https://idp.example?tenant=1",
        "https://idp.example#x",
        "https://user@idp.example",
        "https://idp.example:port",
        "https://idp.example/a b",
        "https://idp.example\\@evil.example",
        "https://idp.example/.well-known/openid-configuration",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_issuer_is_refused_before_anything_is_fetched(issuer: str) -> None:
    assert refusal(issuer).code == "issuer_url_invalid"


def test_http_issuer_is_refused_outside_development(tenant: Tenant, settings: Settings) -> None:
    settings.EGRESS_ALLOW_HTTP_LOOPBACK = False
    assert refusal(tenant.issuer).code == "issuer_url_invalid"


@pytest.mark.parametrize(
    ("announced", "words"),
    [
        ("{issuer}/", "Add the slash at the end"),
        ("https://another.example", "the same to the letter"),
        ("https{rest}", "One says http, the other https"),
    ],
)
def test_wrong_issuer_names_the_difference(fake_op: FakeOP, announced: str, words: str) -> None:
    text = announced.format(issuer=fake_op.issuer, rest=fake_op.issuer.removeprefix("http"))
    fake_op.documents["/.well-known/openid-configuration"]["issuer"] = text
    error = refusal(fake_op.issuer)
    assert error.code == "discovery_issuer_mismatch"
    assert words in error.admin_detail
    assert text in error.admin_detail
    assert fake_op.issuer in error.admin_detail


def test_slash_too_many_is_named(fake_op: FakeOP) -> None:
    assert "Take away the slash at the end" in refusal(fake_op.issuer + "/").admin_detail


def test_difference_in_case_is_named(fake_op: FakeOP) -> None:
    fake_op.documents["/.well-known/openid-configuration"]["issuer"] = fake_op.issuer.upper()
    assert "Upper and lower case differ" in refusal(fake_op.issuer).admin_detail


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": None},
        {"issuer": 7},
        {"authorization_endpoint": None},
        {"token_endpoint": ""},
        {"token_endpoint": 7},
        {"jwks_uri": None},
        {"jwks_uri": "http://idp.example/jwks"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://idp.example/\r\nX: 1"},
        {"userinfo_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "https://idp.example#x"},
        {"response_types_supported": ["id_token"]},
        {"response_types_supported": "code"},
        {"token_endpoint_auth_methods_supported": "client_secret_basic"},
    ],
    ids=str,
)
def test_unusable_documents_are_refused(fake_op: FakeOP, changes: dict[str, Any]) -> None:
    fake_op.documents["/.well-known/openid-configuration"].update(changes)
    error = refusal(fake_op.issuer)
    assert error.code == "discovery_invalid"
    assert next(iter(changes)).split("_")[0] in error.admin_detail


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("<!doctype html><title>Hello</title>", 200, "discovery_invalid"),
        ("", 200, "discovery_invalid"),
        ("[]", 200, "discovery_invalid"),
        ('{"issuer": NaN}', 200, "discovery_invalid"),
        ("[" * 100_000, 200, "discovery_invalid"),
        ("x" * (1024 * 1024 + 1), 200, "discovery_invalid"),
        ("", 404, "discovery_invalid"),
        ("", 401, "discovery_invalid"),
        ("", 302, "discovery_invalid"),
        ("", 429, "discovery_unreachable"),
        ("", 500, "discovery_unreachable"),
        ("", 503, "discovery_unreachable"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_answers_that_are_no_document_are_refused(fake_op: FakeOP, body: str, status: int, code: str) -> None:
    fake_op.answers["/.well-known/openid-configuration"] = (status, body)
    assert refusal(fake_op.issuer).code == code


def test_silence_is_given_up_on(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.5)
    tenant.next_fault(OIDCFault.HANG_DISCOVERY)
    assert refusal(tenant.issuer).code == "discovery_unreachable"


def test_private_address_is_refused(settings: Settings) -> None:
    settings.EGRESS_ALLOW_HTTP_LOOPBACK = False
    assert refusal("https://127.0.0.1").code == "discovery_invalid"
    assert refusal("https://169.254.169.254").code == "discovery_invalid"


# --- How long it is kept -------------------------------------------------------------------------------


def asked(fake_op: FakeOP) -> int:
    return fake_op.requests.count("/.well-known/openid-configuration")


@pytest.mark.parametrize(("seconds", "times"), [(599, 1), (600, 2)])
def test_metadata_is_fresh_for_ten_minutes(fake_op: FakeOP, seconds: int, times: int) -> None:
    provider_metadata(fake_op.issuer, now=NOW)
    provider_metadata(fake_op.issuer, now=NOW + timedelta(seconds=seconds))
    assert asked(fake_op) == times


def test_held_metadata_serves_while_the_op_is_away_and_asks_once_a_minute(fake_op: FakeOP) -> None:
    provider_metadata(fake_op.issuer, now=NOW)
    fake_op.answers["/.well-known/openid-configuration"] = (503, "")
    for seconds in (600, 601, 659, 660):
        provider_metadata(fake_op.issuer, now=NOW + timedelta(seconds=seconds))
    assert asked(fake_op) == 3
    with pytest.raises(SSOError) as refused:
        provider_metadata(fake_op.issuer, now=NOW + timedelta(hours=1))
    assert refused.value.code == "discovery_unreachable"


def test_changed_endpoints_are_found(fake_op: FakeOP) -> None:
    provider_metadata(fake_op.issuer, now=NOW)
    fake_op.documents["/.well-known/openid-configuration"]["token_endpoint"] = f"{fake_op.issuer}/token2"
    later = provider_metadata(fake_op.issuer, now=NOW + discovery.FRESH_FOR)
    assert later.token_endpoint == f"{fake_op.issuer}/token2"


def test_settings_form_asks_anew_whatever_is_held(fake_op: FakeOP) -> None:
    provider_metadata(fake_op.issuer, now=NOW)
    check_issuer(fake_op.issuer, now=NOW)
    assert asked(fake_op) == 2


def test_fake_op_is_honest_by_default(fake_op: FakeOP) -> None:
    assert json.dumps(fake_op.documents)
    assert check_issuer(fake_op.issuer, now=NOW).token_endpoint == f"{fake_op.issuer}/token"
