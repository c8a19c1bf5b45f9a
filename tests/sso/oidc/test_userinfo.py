"""Userinfo as JSON and as a signed JWT (OpenID Connect Core 1.0, 5.3.2): of this person, from this OP, for us."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from sso.errors import SSOError
from sso.models import LinkedIdentity
from sso.oidc.discovery import check_issuer
from sso.oidc.jws import ALLOWED_ALGORITHMS
from sso.oidc.userinfo import fetch_userinfo
from sso.types import ResponseMode
from tests.demo_idp import OMIT, IDTokenBuilder, OIDCFault
from tests.demo_idp.keys import make_oidc_key
from tests.sso.oidc.conftest import AcmeLogin, register_client
from tests.sso.oidc.fake_op import FakeOP
from tests.sso.whole_login import change_revision


@pytest.fixture
def rp(acme: AcmeLogin) -> AcmeLogin:
    """Acme, whose OP signs userinfo and has the person's claims nowhere else."""
    register_client(acme.tenant, acme.connection, userinfo_signed=True, claims_in_id_token=False)
    return acme


@pytest.mark.catalogue("OIDC-EXTRA-userinfo-signed")
@pytest.mark.parametrize("mode", list(ResponseMode))
def test_signed_userinfo_is_verified_and_used(rp: AcmeLogin, mode: ResponseMode) -> None:
    change_revision(rp, response_mode=mode)
    rp.sign_in()
    assert rp.can_read(), rp.refusals()
    assert LinkedIdentity.objects.get().email == "max@acme.example"


@pytest.mark.catalogue("OIDC-EXTRA-userinfo-signed")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OIDCFault.USERINFO_BAD_SIGNATURE, "userinfo_signature_invalid"),
        (OIDCFault.USERINFO_UNKNOWN_KID, "userinfo_key_unknown"),
        (OIDCFault.USERINFO_ALG_NONE, "userinfo_algorithm_not_allowed"),
        (OIDCFault.USERINFO_WRONG_ISS, "userinfo_issuer_mismatch"),
        (OIDCFault.USERINFO_NO_ISS, "userinfo_claim_missing"),
        (OIDCFault.USERINFO_WRONG_AUD, "userinfo_audience_mismatch"),
        (OIDCFault.USERINFO_NO_AUD, "userinfo_claim_missing"),
        (OIDCFault.USERINFO_EXPIRED, "userinfo_expired"),
        (OIDCFault.USERINFO_ENCRYPTED, "userinfo_encrypted"),
        (OIDCFault.USERINFO_OTHER_SUB, "userinfo_subject_mismatch"),
        (OIDCFault.USERINFO_NO_SUB, "userinfo_subject_mismatch"),
    ],
)
def test_wrong_signed_userinfo_drops_the_login(rp: AcmeLogin, fault: OIDCFault, code: str) -> None:
    rp.tenant.next_fault(fault)
    assert rp.sign_in().status_code == 403
    assert rp.refusals() == [code]
    rp.assert_nothing_was_opened()
    assert not rp.can_read()


def test_op_without_userinfo_is_enough(acme: AcmeLogin) -> None:
    acme.tenant.discovery_changes["userinfo_endpoint"] = OMIT
    acme.sign_in()
    assert acme.can_read()


# --- Odd bodies ----------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


ACCESS_TOKEN = "planted-access-token"


def fetched(op: FakeOP, algorithms: Sequence[str]) -> dict[str, Any]:
    return fetch_userinfo(
        ACCESS_TOKEN,
        metadata=check_issuer(op.issuer, now=NOW),
        client_id="hubsso",
        algorithms=algorithms,
        now=NOW,
    )


def refusal_of(op: FakeOP, algorithms: Sequence[str]) -> SSOError:
    with pytest.raises(SSOError) as refused:
        fetched(op, algorithms)
    return refused.value


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as fake:
        yield fake


@pytest.mark.parametrize(
    ("media_type", "body", "code"),
    [
        ("application/jwt", "", "userinfo_invalid"),
        ("application/jwt", "{}", "userinfo_invalid"),
        ("application/jwt", '{"sub": "max"}', "userinfo_invalid"),
        ("application/jwt", "a.b", "userinfo_invalid"),
        ("application/jwt", "a.b.c", "userinfo_invalid"),
        ("application/jwt", "é.é.é", "userinfo_invalid"),
        ("application/jwt", "a.b.c.d.e", "userinfo_encrypted"),
        ("application/jwt", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "userinfo_algorithm_not_allowed"),
        ("application/jwt", "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.c2ln", "userinfo_invalid"),
        ("application/json", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "userinfo_invalid"),
        ("text/html", "<html>", "userinfo_invalid"),
    ],
)
def test_odd_bodies_are_refused(op: FakeOP, media_type: str, body: str, code: str) -> None:
    op.media_types["/userinfo"] = media_type
    op.answers["/userinfo"] = (200, body)
    error = refusal_of(op, ALLOWED_ALGORITHMS)
    assert error.code == code
    assert ACCESS_TOKEN not in error.admin_detail


@pytest.mark.parametrize("claims", [{"aud": 7}, {"aud": ["hubsso", 7]}, {"aud": "hubsso", "exp": "soon"}])
def test_claims_of_the_wrong_kind_are_refused(op: FakeOP, claims: dict[str, Any]) -> None:
    key = make_oidc_key("ES256")
    op.documents["/jwks"] = {"keys": [key.as_public_jwk()]}
    builder = IDTokenBuilder(
        claims={"iss": op.issuer, "sub": "max", **claims}, key=key, algorithm="ES256", kid=key.kid
    )
    op.media_types["/userinfo"] = "application/jwt"
    op.answers["/userinfo"] = (200, builder.encode())
    assert refusal_of(op, ALLOWED_ALGORITHMS).code == "userinfo_claim_malformed"


@pytest.mark.parametrize(
    ("accepted", "code"),
    [(["ES256"], ""), (ALLOWED_ALGORITHMS, ""), (["RS256"], "userinfo_algorithm_not_allowed")],
)
def test_algorithm_must_be_one_that_the_connection_accepts(
    op: FakeOP, accepted: Sequence[str], code: str
) -> None:
    key = make_oidc_key("ES256")
    op.documents["/jwks"] = {"keys": [key.as_public_jwk()]}
    claims = {"iss": op.issuer, "aud": ["hubsso"], "sub": "max", "email": "max@acme.example"}
    builder = IDTokenBuilder(claims=claims, key=key, algorithm="ES256", kid=key.kid)
    op.media_types["/userinfo"] = "application/jwt; charset=utf-8"
    op.answers["/userinfo"] = (200, builder.encode())
    if code:
        assert refusal_of(op, accepted).code == code
    else:
        assert fetched(op, accepted) == claims
