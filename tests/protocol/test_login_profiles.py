"""The profiles of logins, module by module: Basic, Form Post Basic and Config, and some that nobody certifies.

The suite sees only whether userinfo is asked for after a wrong ID token.
"""

from dataclasses import replace

import pytest

from sso.models import LoginAttempt, RefusalTrace, SSOSession
from sso.types import ResponseMode
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.demo_idp import IdPAnswer, OIDCFault, cancel_login
from tests.demo_idp.keys import make_oidc_key
from tests.sso.oidc.conftest import AcmeLogin, forget_idps, register_client
from tests.sso.whole_login import change_revision


@pytest.fixture(params=list(ResponseMode))
def rp(acme: AcmeLogin, request: pytest.FixtureRequest) -> AcmeLogin:
    """Acme, with its connection in each response mode."""
    change_revision(acme, response_mode=request.param)
    return acme


def go(rp: AcmeLogin) -> IdPAnswer:
    """To the OP and back with an answer in the mode that was asked for."""
    answer = rp.go_to_idp()
    assert (answer.form is not None) == (rp.revision.response_mode == ResponseMode.FORM_POST)
    return answer


def assert_refused(rp: AcmeLogin, answer: IdPAnswer, code: str) -> None:
    """The answer is refused by this code, and the honest one after it is let in."""
    with nothing_written_but_refusal(rp.org, code, used_up=LoginAttempt):
        response = rp.bring(answer)
    assert 400 <= response.status_code < 500
    trace = RefusalTrace.objects.get()
    page = response.content.decode()
    assert trace.reference in page
    assert trace.admin_detail not in page
    rp.assert_nothing_was_opened()
    assert not rp.can_read()
    rp.tenant.clear_faults()
    rp.sign_in()
    assert rp.can_read()


@pytest.mark.catalogue(
    "OIDC-BASIC-client-test",
    "OIDC-FORMPOST-client-test",
    "OIDC-BASIC-idtoken-sig-rs256",
    "OIDC-FORMPOST-idtoken-sig-rs256",
)
def test_honest_code_flow(rp: AcmeLogin) -> None:
    response = rp.bring(go(rp))
    assert (response.status_code, response["Location"]) == (302, rp.page_path)
    assert rp.can_read()
    (authorize,), (token,), (userinfo,) = map(rp.idp.requests.to, ("authorize", "token", "userinfo"))
    callback = f"http://testserver/sso/{rp.connection.uid}/oidc/callback/"
    assert authorize.query["redirect_uri"] == token.form["redirect_uri"] == callback
    assert authorize.query["response_type"] == "code"
    assert authorize.query.get("response_mode", "query") == rp.revision.response_mode
    assert userinfo.auth_method == "bearer"


@pytest.mark.catalogue("OIDC-BASIC-scope-userinfo-claims", "OIDC-FORMPOST-scope-userinfo-claims")
def test_claims_are_asked_for_by_scope(rp: AcmeLogin) -> None:
    go(rp)
    (authorize,) = rp.idp.requests.to("authorize")
    assert set(authorize.query["scope"].split()) == {"openid", "email", "profile"}


@pytest.mark.catalogue("OIDC-BASIC-client-secret-basic", "OIDC-FORMPOST-client-secret-basic")
def test_op_that_insists_on_http_basic(rp: AcmeLogin) -> None:
    register_client(rp.tenant, rp.connection, auth_methods=("client_secret_basic",))
    rp.bring(go(rp))
    assert [request.auth_method for request in rp.idp.requests.to("token")] == ["client_secret_basic"]
    assert rp.can_read()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(
            OIDCFault.WRONG_ISS,
            "issuer_mismatch",
            marks=pytest.mark.catalogue("OIDC-BASIC-invalid-iss", "OIDC-FORMPOST-invalid-iss"),
        ),
        pytest.param(
            OIDCFault.MISSING_SUB,
            "claim_missing",
            marks=pytest.mark.catalogue("OIDC-BASIC-missing-sub", "OIDC-FORMPOST-missing-sub"),
        ),
        pytest.param(
            OIDCFault.WRONG_AUD,
            "audience_mismatch",
            marks=pytest.mark.catalogue("OIDC-BASIC-invalid-aud", "OIDC-FORMPOST-invalid-aud"),
        ),
        pytest.param(
            OIDCFault.MISSING_AUD,
            "claim_missing",
            marks=pytest.mark.catalogue("OIDC-EXTRA-missing-aud"),
        ),
        pytest.param(
            OIDCFault.MISSING_IAT,
            "claim_missing",
            marks=pytest.mark.catalogue("OIDC-BASIC-missing-iat", "OIDC-FORMPOST-missing-iat"),
        ),
        pytest.param(
            OIDCFault.ALG_NONE,
            "algorithm_not_allowed",
            marks=pytest.mark.catalogue(
                "OIDC-BASIC-idtoken-sig-none",
                "OIDC-FORMPOST-idtoken-sig-none",
                "OIDC-CONFIG-idtoken-sig-none",
            ),
        ),
        pytest.param(
            OIDCFault.BAD_SIGNATURE,
            "signature_invalid",
            marks=pytest.mark.catalogue("OIDC-BASIC-invalid-sig-rs256", "OIDC-FORMPOST-invalid-sig-rs256"),
        ),
        pytest.param(
            OIDCFault.WRONG_NONCE,
            "nonce_mismatch",
            marks=pytest.mark.catalogue("OIDC-BASIC-nonce-invalid", "OIDC-FORMPOST-nonce-invalid"),
        ),
    ],
)
def test_wrong_id_token_is_refused_before_userinfo(rp: AcmeLogin, fault: OIDCFault, code: str) -> None:
    rp.tenant.next_fault(fault)
    assert_refused(rp, go(rp), code)
    assert len(rp.idp.requests.to("userinfo")) == 1, "of the honest login alone"


@pytest.mark.catalogue("OIDC-EXTRA-invalid-sig-hs256")
@pytest.mark.parametrize(
    "faults", [(OIDCFault.HS256_WITH_SECRET,), (OIDCFault.HS256_WITH_SECRET, OIDCFault.BAD_SIGNATURE)]
)
def test_hmac_is_refused_with_a_good_signature_and_with_a_broken_one(
    acme: AcmeLogin, faults: tuple[OIDCFault, ...]
) -> None:
    acme.tenant.next_fault(*faults)
    assert_refused(acme, go(acme), "algorithm_not_allowed")
    assert len(acme.idp.requests.to("userinfo")) == 1, "of the honest login alone"


@pytest.mark.catalogue("OIDC-EXTRA-invalid-sig-es256")
def test_broken_signature_by_es256_is_refused(acme: AcmeLogin) -> None:
    acme.tenant.config = replace(acme.tenant.config, oidc_algorithm="ES256")
    acme.tenant.oidc_keys = [make_oidc_key("ES256")]
    acme.tenant.next_fault(OIDCFault.BAD_SIGNATURE)
    assert_refused(acme, go(acme), "signature_invalid")
    assert len(acme.idp.requests.to("userinfo")) == 1, "of the honest login alone"


@pytest.mark.catalogue("OIDC-BASIC-userinfo-invalid-sub", "OIDC-FORMPOST-userinfo-invalid-sub")
def test_userinfo_of_another_subject_drops_the_login(rp: AcmeLogin) -> None:
    rp.tenant.next_fault(OIDCFault.USERINFO_OTHER_SUB)
    assert_refused(rp, go(rp), "userinfo_subject_mismatch")


@pytest.mark.catalogue("OIDC-BASIC-kid-absent-single-jwks", "OIDC-FORMPOST-kid-absent-single-jwks")
def test_token_without_kid_and_one_key(rp: AcmeLogin) -> None:
    rp.tenant.next_fault(OIDCFault.NO_KID)
    rp.bring(go(rp))
    assert rp.can_read()


@pytest.mark.catalogue("OIDC-BASIC-kid-absent-multiple-jwks", "OIDC-FORMPOST-kid-absent-multiple-jwks")
def test_token_without_kid_and_many_keys(rp: AcmeLogin) -> None:
    for _ in range(3):
        rp.tenant.rotate_oidc_key()
    rp.tenant.next_fault(OIDCFault.NO_KID)
    rp.bring(go(rp))
    assert rp.can_read()


@pytest.mark.catalogue("OIDC-BASIC-kid-absent-multiple-jwks", "OIDC-FORMPOST-kid-absent-multiple-jwks")
def test_token_without_kid_by_none_of_many_keys(rp: AcmeLogin) -> None:
    rp.tenant.rotate_oidc_key()
    rp.tenant.next_fault(OIDCFault.NO_KID, OIDCFault.WRONG_KEY)
    assert_refused(rp, go(rp), "signature_invalid")


# --- Config --------------------------------------------------------------------------------------------


@pytest.mark.catalogue("OIDC-CONFIG-discovery-openid-config")
def test_metadata_is_asked_for_before_anything_else(acme: AcmeLogin) -> None:
    acme.sign_in()
    assert next(request.endpoint for request in acme.idp.requests) == "discovery"
    assert acme.can_read()


@pytest.mark.catalogue("OIDC-CONFIG-discovery-jwks-uri-keys")
def test_keys_are_taken_from_where_the_metadata_says(acme: AcmeLogin) -> None:
    acme.tenant.discovery_changes["jwks_uri"] = f"{acme.tenant.url}/jwks.json?run=8f1c"
    acme.sign_in()
    assert [request.query for request in acme.idp.requests.to("jwks")] == [{"run": "8f1c"}]
    assert acme.can_read()


@pytest.mark.catalogue("OIDC-CONFIG-discovery-issuer-mismatch")
def test_metadata_of_another_issuer_stops_before_the_authorization_request(acme: AcmeLogin) -> None:
    acme.tenant.next_fault(OIDCFault.DISCOVERY_WRONG_ISSUER)
    with nothing_written_but_refusal(acme.org, "discovery_issuer_mismatch"):
        assert acme.start().status_code == 403
    assert acme.idp.requests.to("authorize") == []
    acme.sign_in()
    assert acme.can_read()


@pytest.mark.catalogue("OIDC-CONFIG-signing-key-rotation-just-before-signing")
def test_new_keys_right_before_the_token_is_signed(acme: AcmeLogin) -> None:
    acme.sign_in()
    SSOSession.objects.all().delete()
    answer = acme.go_to_idp()
    acme.tenant.rotate_oidc_key(withdraw_old=True)
    acme.bring(answer)
    assert acme.can_read()
    assert len(acme.idp.requests.to("jwks")) == 2


@pytest.mark.catalogue("OIDC-CONFIG-signing-key-rotation")
def test_new_keys_between_two_logins(acme: AcmeLogin) -> None:
    forget_idps()
    acme.sign_in()
    acme.tenant.rotate_oidc_key()
    SSOSession.objects.all().delete()
    acme.sign_in()
    assert acme.can_read()
    assert len(acme.idp.requests.to("jwks")) == 2


# --- Beyond the profiles -------------------------------------------------------------------------------


@pytest.mark.catalogue("OIDC-EXTRA-form-post-error")
def test_error_by_form_post(acme: AcmeLogin) -> None:
    change_revision(acme, response_mode=ResponseMode.FORM_POST)
    answer = cancel_login(acme.start()["Location"])
    assert answer.form is not None
    assert answer.form["error"] == "access_denied"
    assert_refused(acme, answer, "login_cancelled")
    assert len(acme.idp.requests.to("token")) == 1, "of the honest login alone"
