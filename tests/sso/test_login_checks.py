"""A refusal's code says which check failed, which had passed, and which were never reached."""

import pytest
from django.utils.translation import override

from sso import errors
from sso.oidc import errors as oidc_errors
from sso.oidc.login_checks import LOGIN_CHECKS as OIDC_CHECKS
from sso.revisions.login_checks import PORTAL_CHECKS, CheckStatus, LoginCheck, check_of, statuses
from sso.revisions.received_claims import (
    MAX_VALUE_LENGTH,
    REDACTED,
    ClaimUse,
    ReceivedClaim,
    flattened,
    for_admins,
)
from sso.saml import errors as saml_errors
from sso.saml.login_checks import LOGIN_CHECKS as SAML_CHECKS

CODES = {
    module.__name__: {
        refusal.code
        for refusal in vars(module).values()
        if isinstance(refusal, type) and hasattr(refusal, "code")
    }
    - {"sso_error"}
    for module in (errors, oidc_errors, saml_errors)
}


@pytest.mark.parametrize(
    ("checks", "module"),
    [(OIDC_CHECKS, oidc_errors), (SAML_CHECKS, saml_errors)],
    ids=["oidc", "saml"],
)
def test_every_refusal_of_a_login_belongs_to_one_check(
    checks: tuple[LoginCheck, ...], module: object
) -> None:
    codes = CODES[getattr(module, "__name__", "")] | CODES[errors.__name__]
    everything = [*checks, *PORTAL_CHECKS]
    owners = {code: [check.key for check in everything if code in check.codes] for code in codes}
    ambiguous = {"claim_missing", "claim_malformed"}
    assert {code: keys for code, keys in owners.items() if len(keys) != 1 and code not in ambiguous} == {}
    assert len({check.key for check in everything}) == len(everything)


@pytest.mark.parametrize(
    ("code", "fields", "passed", "failed"),
    [
        ("discovery_unreachable", {}, 0, "oidc_reached"),
        ("signature_invalid", {}, 3, "oidc_signature"),
        ("audience_mismatch", {}, 6, "oidc_audience"),
        ("claim_missing", {"claim": "iss"}, 4, "oidc_issuer"),
        ("claim_missing", {"claim": "nonce"}, 8, "oidc_nonce"),
        ("claim_missing", {}, 10, "oidc_claims"),
    ],
)
def test_checks_before_the_refusal_passed_and_later_ones_were_not_reached(
    code: str, fields: dict[str, object], passed: int, failed: str
) -> None:
    found = statuses(OIDC_CHECKS, code=code, fields=fields)
    later = len(OIDC_CHECKS) - passed - 1
    assert [status for _, status in found] == (
        [CheckStatus.PASSED] * passed + [CheckStatus.FAILED] + [CheckStatus.NOT_REACHED] * later
    )
    assert found[passed][0].key == failed


def test_a_code_of_no_check_counts_for_none() -> None:
    assert check_of(SAML_CHECKS, code="nonsense") is None
    assert {status for _, status in statuses(SAML_CHECKS, code="nonsense")} == {CheckStatus.NOT_REACHED}


def test_checks_have_words() -> None:
    with override("en"):
        for check in (*OIDC_CHECKS, *SAML_CHECKS):
            assert str(check.title)
            assert str(check.passed).endswith(".")


def test_objects_are_shown_under_the_path_that_a_mapping_would_name() -> None:
    claims = {"realm_access": {"roles": ["a", "b"]}, "active": True, "level": 3, "empty": {}, "none": None}
    assert dict(flattened(claims)) == {
        "realm_access.roles": ("a", "b"),
        "active": ("true",),
        "level": ("3",),
        "empty": ("{}",),
        "none": ("null",),
    }


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("groups", "engineering", "engineering"),
        ("note", "x" * 1000, "x" * MAX_VALUE_LENGTH + "…"),
        ("access_token", "opaque", REDACTED),
        ("vendor.apiKey", "opaque", REDACTED),
        ("at_hash", "abc", REDACTED),
        ("anything", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtYXgifQ.c2lnbmF0dXJl", REDACTED),
        ("host", "engineering.backend.acme.example", "engineering.backend.acme.example"),
        ("email", "max.the.meyer@mail.acme.example", "max.the.meyer@mail.acme.example"),
    ],
)
def test_claims_are_cut_and_secrets_struck_out(name: str, value: str, shown: str) -> None:
    assert for_admins([ReceivedClaim(name, (value,))])[0].values == (shown,)


def test_the_subject_is_shown_whatever_its_name() -> None:
    claim = ReceivedClaim("sub_token", ("s-1",), ClaimUse.SUBJECT)
    assert for_admins([claim])[0].values == ("s-1",)
