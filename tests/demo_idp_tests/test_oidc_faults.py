"""The OIDC OP: what is wrong is wrong, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from joserfc.errors import BadSignatureError

from tests.demo_idp import (
    DemoIdP,
    OIDCFault,
    Tenant,
    complete_login,
)
from tests.demo_idp_tests.support import (
    ACME,
    authorization_url,
    exchange,
    get_json,
    sign_in,
    unverified_part,
    verified,
)

CLAIM_FAULT_CHECKS: dict[OIDCFault, Callable[[dict[str, Any], str], bool]] = {
    OIDCFault.WRONG_ISS: lambda claims, issuer: claims["iss"] != issuer,
    OIDCFault.MISSING_ISS: lambda claims, issuer: "iss" not in claims,
    OIDCFault.WRONG_AUD: lambda claims, issuer: claims["aud"] != "portal",
    OIDCFault.MISSING_AUD: lambda claims, issuer: "aud" not in claims,
    OIDCFault.EXTRA_AUD_WITHOUT_AZP: lambda claims, issuer: len(claims["aud"]) == 2 and "azp" not in claims,
    OIDCFault.WRONG_AZP: lambda claims, issuer: claims.get("azp") == "another-client",
    OIDCFault.MISSING_SUB: lambda claims, issuer: "sub" not in claims,
    OIDCFault.MISSING_IAT: lambda claims, issuer: "iat" not in claims,
    OIDCFault.MISSING_EXP: lambda claims, issuer: "exp" not in claims,
    OIDCFault.EXPIRED: lambda claims, issuer: claims["exp"] < datetime.now(UTC).timestamp() - 3000,
    OIDCFault.NOT_YET_VALID: lambda claims, issuer: claims["iat"] > datetime.now(UTC).timestamp() + 3000,
    OIDCFault.WRONG_NONCE: lambda claims, issuer: claims["nonce"] != "the-nonce",
    OIDCFault.MISSING_NONCE: lambda claims, issuer: "nonce" not in claims,
    OIDCFault.EMAIL_UNVERIFIED: lambda claims, issuer: claims["email_verified"] is False,
    OIDCFault.NO_EMAIL: lambda claims, issuer: "email" not in claims,
    OIDCFault.TWO_EMAILS: lambda claims, issuer: len(claims["email"]) == 2,
    OIDCFault.GROUPS_OVERAGE: lambda claims, issuer: "_claim_names" in claims and "groups" not in claims,
}


@pytest.mark.parametrize("fault", CLAIM_FAULT_CHECKS, ids=lambda fault: fault.value)
def test_claim_fault_is_signed_rightly_and_given_once(acme: Tenant, fault: OIDCFault) -> None:
    acme.next_fault(fault)
    assert CLAIM_FAULT_CHECKS[fault](verified(acme, sign_in(acme)["id_token"]).claims, acme.issuer)
    assert not CLAIM_FAULT_CHECKS[fault](verified(acme, sign_in(acme)["id_token"]).claims, acme.issuer)


@pytest.mark.parametrize("fault", [OIDCFault.WRONG_KEY, OIDCFault.BAD_SIGNATURE])
def test_signature_faults_do_not_verify(acme: Tenant, fault: OIDCFault) -> None:
    acme.next_fault(fault)
    id_token = sign_in(acme)["id_token"]
    with pytest.raises(BadSignatureError):
        verified(acme, id_token)


@pytest.mark.parametrize(
    ("fault", "header"),
    [
        (OIDCFault.ALG_NONE, {"alg": "none"}),
        (OIDCFault.HS256_WITH_SECRET, {"alg": "HS256"}),
        (OIDCFault.NO_KID, {"kid": None}),
        (OIDCFault.UNKNOWN_KID, {"alg": "RS256"}),
    ],
)
def test_header_faults(acme: Tenant, fault: OIDCFault, header: dict[str, str | None]) -> None:
    acme.always_fault(fault)
    sign_in(acme)
    found = unverified_part(sign_in(acme)["id_token"], 0)
    assert {name: found.get(name) for name in header} == header
    published = {key["kid"] for key in get_json(f"{acme.url}/jwks.json")["keys"]}
    assert (found.get("kid") in published) is (fault in {OIDCFault.ALG_NONE, OIDCFault.HS256_WITH_SECRET})


@pytest.mark.parametrize("fault", [OIDCFault.USERINFO_OTHER_SUB, OIDCFault.USERINFO_NO_SUB])
def test_userinfo_faults_leave_the_id_token_alone(acme: Tenant, fault: OIDCFault) -> None:
    acme.next_fault(fault)
    tokens = sign_in(acme)
    assert verified(acme, tokens["id_token"]).claims["sub"] == "max"
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert requests.get(f"{acme.url}/userinfo", headers=bearer, timeout=5).json().get("sub") != "max"


def test_iss_parameter_faults(acme: Tenant) -> None:
    acme.next_fault(OIDCFault.WRONG_ISS_PARAMETER)
    assert complete_login(authorization_url(acme), "max").parameters["iss"] != acme.issuer
    acme.next_fault(OIDCFault.MISSING_ISS_PARAMETER)
    assert "iss" not in complete_login(authorization_url(acme), "max").parameters


def test_endpoint_faults(acme: Tenant) -> None:
    discovery = f"{acme.issuer}/.well-known/openid-configuration"
    acme.next_fault(OIDCFault.DISCOVERY_WRONG_ISSUER, OIDCFault.TOKEN_500, OIDCFault.HUGE_JWKS)
    assert get_json(discovery)["issuer"] != acme.issuer
    assert get_json(discovery)["issuer"] == acme.issuer
    assert exchange(acme, "any").status_code == 500
    assert len(requests.get(f"{acme.url}/jwks.json", timeout=10).content) > 10 * 1024 * 1024
    for fault, status in [(OIDCFault.DISCOVERY_HTML, 200), (OIDCFault.DISCOVERY_500, 500)]:
        acme.next_fault(fault)
        response = requests.get(discovery, timeout=5)
        assert response.status_code == status
        assert "json" not in response.headers["Content-Type"]


def test_hanging_endpoint_says_nothing_until_released_and_does_not_block_the_stop() -> None:
    with DemoIdP([ACME]) as server:
        tenant = server.tenant("acme")
        tenant.next_fault(OIDCFault.HANG_DISCOVERY)
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{tenant.issuer}/.well-known/openid-configuration", timeout=0.2)
        assert get_json(f"{tenant.url}/jwks.json")["keys"]
        started_at = datetime.now(UTC)
    assert datetime.now(UTC) - started_at < timedelta(seconds=5)
