"""Pushed authorization requests (RFC 9126): where the OP asks for them, and only there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sso.errors import SSOError
from sso.models import LoginAttempt, RefusalTrace, Revision
from sso.oidc.discovery import check_issuer
from sso.oidc.pushed import push
from tests.demo_idp import OIDCFault
from tests.sso.oidc.conftest import CLIENT_ID, CLIENT_SECRET, AcmeLogin, register_client
from tests.sso.oidc.fake_op import FakeOP
from tests.sso.oidc.test_client import NOW
from tests.sso.whole_login import change_revision


@pytest.fixture
def rp(acme: AcmeLogin) -> AcmeLogin:
    acme.tenant.config = replace(acme.tenant.config, par="required")
    return acme


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_browser_carries_a_reference_alone(rp: AcmeLogin, mode: str) -> None:
    change_revision(rp, response_mode=mode)
    query = parse_qs(urlsplit(rp.start()["Location"]).query)
    assert set(query) == {"client_id", "request_uri"}
    (pushed,) = rp.idp.requests.to("par")
    attempt = LoginAttempt.objects.get()
    assert pushed.auth_method == "client_secret_basic"
    assert (pushed.form["state"], pushed.form["nonce"]) == (attempt.state, attempt.nonce)
    assert pushed.form["code_challenge_method"] == "S256"
    assert pushed.form["client_id"] == CLIENT_ID
    assert "client_secret" not in pushed.form
    rp.sign_in()
    assert rp.can_read()


@pytest.mark.parametrize("par", ["off", "offered"])
def test_nothing_is_pushed_where_it_need_not_be(acme: AcmeLogin, par: str) -> None:
    acme.tenant.config = replace(acme.tenant.config, par=par)
    acme.sign_in()
    assert acme.idp.requests.to("par") == []
    assert acme.can_read()


def test_op_that_takes_the_secret_in_the_form_only(rp: AcmeLogin) -> None:
    register_client(rp.tenant, rp.connection, auth_methods=("client_secret_post",))
    rp.sign_in()
    assert [request.auth_method for request in rp.idp.requests.to("par")] == ["client_secret_post"]
    assert rp.can_read()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OIDCFault.PAR_500, "idp_unreachable"),
        (OIDCFault.PAR_HTML, "pushed_request_invalid"),
        (OIDCFault.PAR_WRONG_REQUEST_URI, "pushed_request_invalid"),
    ],
)
def test_wrong_answer_is_refused_at_the_start(rp: AcmeLogin, fault: OIDCFault, code: str) -> None:
    rp.tenant.next_fault(fault)
    assert 400 <= rp.start().status_code <= 502
    assert rp.refusals() == [code]
    assert not LoginAttempt.objects.exists()


def test_refusal_names_where_to_look_and_no_secret(rp: AcmeLogin) -> None:
    register_client(rp.tenant, rp.connection, client_secret="another")
    page = rp.start().content.decode()
    assert rp.refusals() == ["pushed_request_refused"]
    trace = RefusalTrace.objects.get()
    assert "invalid_client" in trace.admin_detail
    assert CLIENT_SECRET not in page + trace.admin_detail + str(trace.fields)


@pytest.mark.parametrize("endpoint", [None, "", 7, "http://idp.example/par", "javascript:alert(1)"])
def test_op_that_asks_for_it_and_names_no_usable_endpoint(rp: AcmeLogin, endpoint: object) -> None:
    rp.tenant.discovery_changes["pushed_authorization_request_endpoint"] = endpoint
    assert rp.start().status_code == 403
    assert rp.refusals() == ["discovery_invalid"]


# --- Odd answers ---------------------------------------------------------------------------------------

URN = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as fake:
        fake.documents["/.well-known/openid-configuration"].update(
            require_pushed_authorization_requests=True,
            pushed_authorization_request_endpoint=f"{fake.issuer}/par",
        )
        yield fake


def pushed_to(op: FakeOP) -> dict[str, str]:
    revision = Revision(issuer=op.issuer, client_id="hubsso")
    revision.seal_client_secret("planted-secret")
    metadata = check_issuer(op.issuer, now=NOW)
    return push({"state": "planted-state"}, revision=revision, metadata=metadata, now=NOW)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("request_uri", [URN, "https://op.example/requests/7"])
def test_reference_is_handed_on_as_it_is(op: FakeOP, status: int, request_uri: str) -> None:
    op.answers["/par"] = (status, json.dumps({"request_uri": request_uri, "expires_in": 60}))
    assert pushed_to(op) == {"client_id": "hubsso", "request_uri": request_uri}


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (201, {}, "pushed_request_invalid"),
        (201, [], "pushed_request_invalid"),
        (201, {"expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": "", "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": 7, "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": "no-scheme", "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": "urn:a b", "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": "urn:a\r\nX: 1", "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": "urn:é", "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": "urn:" + "x" * 1000, "expires_in": 60}, "pushed_request_invalid"),
        (201, {"request_uri": URN}, "pushed_request_invalid"),
        (201, {"request_uri": URN, "expires_in": 0}, "pushed_request_invalid"),
        (201, {"request_uri": URN, "expires_in": True}, "pushed_request_invalid"),
        (201, {"request_uri": URN, "expires_in": "60"}, "pushed_request_invalid"),
        (302, {}, "pushed_request_invalid"),
        (400, {"error": "invalid_request", "error_description": "planted-state"}, "pushed_request_refused"),
        (400, {"error": "<b>planted-secret</b>"}, "pushed_request_refused"),
        (401, {"error": "invalid_client"}, "pushed_request_refused"),
        (405, {}, "pushed_request_refused"),
        (413, {}, "pushed_request_refused"),
        (429, {}, "idp_unreachable"),
        (503, {}, "idp_unreachable"),
    ],
    ids=str,
)
def test_odd_answers_are_refused_and_never_quoted(op: FakeOP, status: int, answer: Any, code: str) -> None:
    op.answers["/par"] = (status, json.dumps(answer))
    with pytest.raises(SSOError) as refused:
        pushed_to(op)
    assert refused.value.code == code
    said = f"{refused.value.admin_detail} {refused.value.log_fields} {refused.value.__cause__!r}"
    assert "planted" not in said
