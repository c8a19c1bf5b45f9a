"""Whole logins that must fail: each with its code, a page that says what to do, and nothing half-written."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sso.models import LoginAttempt, RefusalTrace, SSOSession
from sso.oidc import discovery, transport
from sso.types import Purpose
from sso.viewer import start_url
from tests.builders import make_connection, make_org, make_user
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPBrowser, OIDCFault, TenantConfig
from tests.sso.oidc.conftest import CLIENT_SECRET, AcmeLogin, register_client
from tests.sso.whole_login import change_revision

CALLBACK_FAULTS = [
    (OIDCFault.WRONG_ISS, "issuer_mismatch"),
    (OIDCFault.MISSING_ISS, "claim_missing"),
    (OIDCFault.WRONG_AUD, "audience_mismatch"),
    (OIDCFault.MISSING_AUD, "claim_missing"),
    (OIDCFault.EXTRA_AUD_WITHOUT_AZP, "azp_mismatch"),
    (OIDCFault.WRONG_AZP, "azp_mismatch"),
    (OIDCFault.MISSING_SUB, "claim_missing"),
    (OIDCFault.MISSING_IAT, "claim_missing"),
    (OIDCFault.MISSING_EXP, "claim_missing"),
    (OIDCFault.EXPIRED, "id_token_expired"),
    (OIDCFault.NOT_YET_VALID, "id_token_not_yet_valid"),
    (OIDCFault.WRONG_NONCE, "nonce_mismatch"),
    (OIDCFault.MISSING_NONCE, "claim_missing"),
    (OIDCFault.ALG_NONE, "algorithm_not_allowed"),
    (OIDCFault.HS256_WITH_SECRET, "algorithm_not_allowed"),
    (OIDCFault.WRONG_KEY, "signature_invalid"),
    (OIDCFault.UNKNOWN_KID, "key_unknown"),
    (OIDCFault.BAD_SIGNATURE, "signature_invalid"),
    (OIDCFault.WRONG_ISS_PARAMETER, "issuer_parameter_mismatch"),
    (OIDCFault.MISSING_ISS_PARAMETER, "issuer_parameter_mismatch"),
    (OIDCFault.USERINFO_OTHER_SUB, "userinfo_subject_mismatch"),
    (OIDCFault.USERINFO_NO_SUB, "userinfo_subject_mismatch"),
    (OIDCFault.TOKEN_500, "idp_unreachable"),
    (OIDCFault.TOKEN_HTML, "token_invalid"),
    (OIDCFault.HANG_TOKEN, "idp_unreachable"),
    (OIDCFault.HANG_USERINFO, "idp_unreachable"),
    (OIDCFault.HANG_JWKS, "keys_unreachable"),
    (OIDCFault.HUGE_JWKS, "keys_invalid"),
]

START_FAULTS = [
    (OIDCFault.DISCOVERY_WRONG_ISSUER, "discovery_issuer_mismatch"),
    (OIDCFault.DISCOVERY_HTML, "discovery_invalid"),
    (OIDCFault.DISCOVERY_500, "discovery_unreachable"),
    (OIDCFault.HANG_DISCOVERY, "discovery_unreachable"),
]


@pytest.fixture(autouse=True)
def _short_deadline(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the OP hangs, it is given up on after a second instead of ten."""
    if "HANG" in request.node.name:
        monkeypatch.setattr(transport, "DEADLINE_SECONDS", 1.0)


@pytest.fixture(autouse=True)
def _let_go(demo_idp: DemoIdP) -> Iterator[None]:
    yield
    for tenant in demo_idp.tenants:
        tenant.release_hanging()


@pytest.mark.catalogue("WEB-MIX-UP", "WEB-NONCE-PKCE", "WEB-ALG", "WEB-AUD-TIMES", "WEB-USERINFO-SUB")
@pytest.mark.parametrize(("fault", "code"), CALLBACK_FAULTS)
def test_wrong_answer_is_refused_with_its_code(acme: AcmeLogin, fault: OIDCFault, code: str) -> None:
    acme.tenant.next_fault(fault)
    response = acme.sign_in()
    assert 400 <= response.status_code <= 502
    assert acme.refusals() == [code]
    acme.assert_nothing_was_opened()
    assert not acme.can_read()
    _assert_page_and_trace(response.content.decode(), code)


@pytest.mark.catalogue("WEB-MIX-UP")
@pytest.mark.parametrize(("fault", "code"), START_FAULTS)
def test_idp_that_cannot_be_asked_is_refused_at_the_start(
    acme: AcmeLogin, fault: OIDCFault, code: str
) -> None:
    acme.tenant.next_fault(fault)
    response = acme.start()
    assert 400 <= response.status_code <= 502
    assert acme.refusals() == [code]
    assert not LoginAttempt.objects.exists()
    _assert_page_and_trace(response.content.decode(), code)


def _assert_page_and_trace(page: str, code: str) -> None:
    """The member's page has the reference and no protocol detail; the admins' trace has the detail."""
    trace = RefusalTrace.objects.get(code=code)
    assert trace.code == code
    assert trace.reference in page
    assert trace.admin_detail
    assert trace.admin_detail not in page


@pytest.mark.parametrize(
    "fault",
    [
        OIDCFault.DISCOVERY_WRONG_ISSUER,
        OIDCFault.HANG_DISCOVERY,
        OIDCFault.HANG_JWKS,
        OIDCFault.UNKNOWN_KID,
        OIDCFault.TOKEN_500,
        OIDCFault.WRONG_AUD,
    ],
)
def test_login_after_a_fault_passes(acme: AcmeLogin, fault: OIDCFault) -> None:
    acme.tenant.next_fault(fault)
    response = acme.start()
    if response.status_code == 302:
        IdPBrowser().complete_login(response["Location"], "max").deliver(acme.client)
    acme.tenant.clear_faults()
    acme.tenant.release_hanging()
    acme.sign_in()
    assert acme.can_read()


@pytest.mark.parametrize(
    "fault",
    [OIDCFault.NO_KID, OIDCFault.NO_EMAIL, OIDCFault.TWO_EMAILS, OIDCFault.EMAIL_UNVERIFIED],
)
def test_odd_but_safe_answer_is_let_in_without_matching_domains(acme: AcmeLogin, fault: OIDCFault) -> None:
    acme.tenant.next_fault(fault)
    acme.sign_in()
    assert acme.can_read()


@pytest.mark.catalogue("WEB-NOAUTH")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OIDCFault.NO_EMAIL, "email_missing"),
        (OIDCFault.EMAIL_UNVERIFIED, "email_missing"),
        (OIDCFault.TWO_EMAILS, "email_ambiguous"),
    ],
)
def test_email_rule_refuses_what_it_cannot_use(acme: AcmeLogin, fault: OIDCFault, code: str) -> None:
    acme.connection.email_domains = ["acme.example"]
    acme.connection.save()
    acme.tenant.next_fault(fault)
    assert acme.sign_in().status_code == 403
    assert acme.refusals() == [code]
    acme.assert_nothing_was_opened()


@pytest.mark.catalogue("WEB-ALG")
@pytest.mark.parametrize(
    ("algorithms", "codes"), [(["RS256"], []), (["PS256", "EdDSA"], ["algorithm_not_allowed"])]
)
def test_connection_accepts_its_own_algorithms_only(
    acme: AcmeLogin, algorithms: list[str], codes: list[str]
) -> None:
    change_revision(acme, signing_algorithms=algorithms)
    acme.sign_in()
    assert acme.refusals() == codes
    assert acme.can_read() is not bool(codes)


@pytest.mark.catalogue("WEB-NOAUTH", "WEB-FOREIGN-PEOPLE")
def test_email_of_someone_else_is_refused(acme: AcmeLogin) -> None:
    acme.connection.email_domains = ["acme.example"]
    acme.connection.save()
    acme.sign_in("olivia")
    assert acme.refusals() == ["email_not_yours"]
    acme.assert_nothing_was_opened()


def test_wrong_client_secret_is_refused_without_showing_it(acme: AcmeLogin) -> None:
    register_client(acme.tenant, acme.connection, client_secret="another")
    page = acme.sign_in().content.decode()
    assert acme.refusals() == ["token_refused"]
    trace = RefusalTrace.objects.get()
    assert "client secret" in trace.admin_detail
    for text in (page, trace.admin_detail, str(trace.fields)):
        assert CLIENT_SECRET not in text


def test_unreadable_client_secret_is_named(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    change_revision(acme, client_secret_sealed="sealed-with-a-key-we-lost")
    assert answer.deliver(acme.client).status_code == 500
    assert acme.refusals() == ["configuration_unreadable"]
    acme.assert_nothing_was_opened()


def test_op_that_takes_no_client_secret_is_named(acme: AcmeLogin, demo_idp: DemoIdP) -> None:
    tenant = demo_idp.add_tenant(
        TenantConfig(
            slug="acme", announced_auth_methods=("tls_client_auth",), people=acme.tenant.config.people
        )
    )
    register_client(tenant, acme.connection)
    acme.start()
    assert acme.refusals() == ["client_authentication_unsupported"]
    assert "tls_client_auth" in RefusalTrace.objects.get().admin_detail


# --- The answer itself ---------------------------------------------------------------------------------


def test_cancelled_login_says_so_and_can_be_tried_again(acme: AcmeLogin) -> None:
    location = acme.start()["Location"]
    response = IdPBrowser().cancel_login(location).deliver(acme.client)
    assert response.status_code == 403
    assert acme.refusals() == ["login_cancelled"]
    acme.assert_nothing_was_opened()
    acme.sign_in()
    assert acme.can_read()


@pytest.mark.catalogue("WEB-MIX-UP")
@pytest.mark.parametrize(
    ("iss", "code"), [(None, "login_cancelled"), ("https://evil.example", "issuer_parameter_mismatch")]
)
def test_error_may_lack_the_iss_parameter_but_not_have_another(
    acme: AcmeLogin, iss: str | None, code: str
) -> None:
    acme.start()
    query = {"state": LoginAttempt.objects.get().state, "error": "access_denied"}
    acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/", query | ({"iss": iss} if iss else {}))
    assert acme.refusals() == [code]


@pytest.mark.catalogue("WEB-CODE-REPLAY")
def test_back_button_cannot_answer_twice(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    answer.deliver(acme.client)
    response = answer.deliver(acme.client)
    assert response.status_code == 400
    assert acme.refusals() == ["attempt_used"]
    assert SSOSession.objects.count() == 1
    assert acme.can_read()


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
def test_expired_attempt_is_refused(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    LoginAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert answer.deliver(acme.client).status_code == 400
    assert acme.refusals() == ["attempt_expired"]
    acme.assert_nothing_was_opened()


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "attempt_unknown"),
        ("?code=c", "attempt_unknown"),
        ("?error=access_denied", "attempt_unknown"),
        ("?state=unknown&code=c", "attempt_unknown"),
        ("?state=a&state=b&code=c", "answer_malformed"),
        ("?state=a&code=c&code=d", "answer_malformed"),
        ("?state=a&code=c&iss=x&iss=y", "answer_malformed"),
    ],
)
def test_answer_without_our_state_changes_nothing(acme: AcmeLogin, query: str, code: str) -> None:
    acme.sign_in()
    sessions = list(SSOSession.objects.values())
    session_key = acme.client.session.session_key
    response = acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/{query}")
    assert response.status_code == 400
    assert acme.refusals() == [code]
    assert list(SSOSession.objects.values()) == sessions
    assert acme.client.session.session_key == session_key
    assert acme.can_read()


def test_answer_without_a_code_is_refused(acme: AcmeLogin) -> None:
    acme.start()
    state = LoginAttempt.objects.get().state
    query = {"state": state, "iss": acme.tenant.issuer}
    assert acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/", query).status_code == 400
    assert acme.refusals() == ["answer_malformed"]


def test_error_of_the_op_is_named_and_cut_short(acme: AcmeLogin) -> None:
    acme.start()
    query = {
        "state": LoginAttempt.objects.get().state,
        "iss": acme.tenant.issuer,
        "error": "<script>" + "x" * 5000,
        "error_description": "planted-description",
    }
    response = acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/", query)
    assert acme.refusals() == ["idp_error"]
    trace = RefusalTrace.objects.get()
    assert len(trace.admin_detail) < 400
    assert "planted-description" not in trace.admin_detail + response.content.decode()


def test_login_required_is_an_error_when_it_was_not_silent(acme: AcmeLogin) -> None:
    acme.start()
    query = {
        "state": LoginAttempt.objects.get().state,
        "iss": acme.tenant.issuer,
        "error": "login_required",
    }
    acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/", query)
    assert acme.refusals() == ["idp_error"]


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
def test_answer_in_another_browser_is_refused(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    other = Client()
    log_in(other, make_user("zoe@globex.example"))
    assert answer.deliver(other).status_code == 400
    assert answer.deliver(Client()).status_code == 400
    assert acme.refusals() == ["wrong_browser", "wrong_browser"]
    acme.assert_nothing_was_opened()
    answer.deliver(acme.client)
    assert acme.can_read()


@pytest.mark.catalogue("WEB-MIX-UP")
def test_answer_at_another_connections_callback_is_refused(acme: AcmeLogin) -> None:
    other = make_connection(make_org("globex"), issuer=acme.tenant.issuer)
    answer = acme.go_to_idp()
    query = answer.url.partition("?")[2]
    assert acme.client.get(f"/sso/{other.uid}/oidc/callback/?{query}").status_code == 400
    assert RefusalTrace.objects.get().code == "connection_mismatch"
    acme.assert_nothing_was_opened()


def test_callback_of_a_saml_connection_is_not_found(acme: AcmeLogin) -> None:
    acme.connection.protocol = "saml"
    acme.connection.save()
    assert acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/?state=x").status_code == 404


@pytest.mark.catalogue("WEB-NONCE-PKCE", "WEB-CODE-REPLAY")
def test_code_of_another_attempt_fails_its_nonce_or_verifier(acme: AcmeLogin) -> None:
    first, second = acme.go_to_idp(), acme.go_to_idp()
    query = {**first.parameters, "code": second.parameters["code"]}
    acme.client.get(f"/sso/{acme.connection.uid}/oidc/callback/", query)
    assert acme.refusals() == ["token_refused"]
    acme.assert_nothing_was_opened()


# --- The way there -------------------------------------------------------------------------------------


def test_unreachable_idp_is_refused_at_the_start(acme: AcmeLogin) -> None:
    change_revision(acme, issuer="http://127.0.0.1:9")  # nothing listens on the discard port
    assert acme.start().status_code == 502
    assert acme.refusals() == ["discovery_unreachable"]
    assert not LoginAttempt.objects.exists()


def test_idp_that_went_away_during_the_login_is_named(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    acme.idp.stop()
    assert answer.deliver(acme.client).status_code == 502
    assert acme.refusals() == ["idp_unreachable"]
    acme.assert_nothing_was_opened()


def test_refused_test_login_is_recorded_as_failed(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    LoginAttempt.objects.update(purpose=Purpose.TEST)
    acme.tenant.clear_faults()
    acme.idp.stop()
    answer.deliver(acme.client)
    assert list(acme.revision.tests.values_list("passed", "code")) == [(False, "idp_unreachable")]


def test_metadata_is_not_fetched_for_outsiders(acme: AcmeLogin) -> None:
    discovery.forget_all()
    outsider = Client()
    log_in(outsider, make_user("zoe@globex.example"))
    assert outsider.get(start_url(acme.org.slug)).status_code == 404
    assert len(acme.idp.requests) == 0
