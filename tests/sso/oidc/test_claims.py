"""From claims to an `IdentityAssertion`: e-mails, attributes, limits, and what particular OPs do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sso.models import Revision
from sso.oidc.claims import MAX_HINT_LENGTH, assertion_from
from sso.oidc.errors import UserinfoSubjectMismatch
from sso.oidc.id_token import VerifiedClaims
from sso.types import IdentityAssertion, SessionLimit

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SIGNED_IN_AT = NOW - timedelta(minutes=20)


def told(
    claims: dict[str, Any] | None = None,
    userinfo: dict[str, Any] | None = None,
    *,
    auth_time: datetime | None = SIGNED_IN_AT,
    revision: Revision | None = None,
    compact: str = "a.b.c",
) -> IdentityAssertion:
    verified = VerifiedClaims(
        issuer="https://idp.example",
        subject="max",
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
        authenticated_at=auth_time,
        session_id="sid-1",
        claims={"iss": "https://idp.example", "sub": "max", "nonce": "n", **(claims or {})},
        compact=compact,
    )
    return assertion_from(verified, userinfo, revision=revision or Revision(pk=7, connection_id=3))


def test_assertion_names_who_vouched_for_whom() -> None:
    assertion = told()
    assert (assertion.connection_id, assertion.revision_id) == (3, 7)
    assert (assertion.issuer, assertion.subject) == ("https://idp.example", "max")
    assert assertion.idp_session_id == "sid-1"
    assert assertion.authenticated_at == SIGNED_IN_AT
    assert assertion.idp_limits == ()


@pytest.mark.parametrize(("length", "kept"), [(MAX_HINT_LENGTH, True), (MAX_HINT_LENGTH + 1, False)])
def test_id_token_is_kept_for_a_logout_unless_it_is_very_long(length: int, kept: bool) -> None:
    compact = "x" * length
    assertion = told(compact=compact)
    assert assertion.logout_hint == ({"id_token": compact} if kept else {})
    assert "xxx" not in repr(assertion)


def test_without_auth_time_the_token_was_issued_at_sign_in() -> None:
    assert told(auth_time=None).authenticated_at == NOW


@pytest.mark.catalogue("WEB-NOAUTH")
@pytest.mark.parametrize(
    ("claims", "emails"),
    [
        ({}, ()),
        ({"email": "Max@Acme.Example"}, ("max@acme.example",)),
        ({"email": " max@acme.example "}, ("max@acme.example",)),
        ({"email": "max@acme.example", "email_verified": True}, ("max@acme.example",)),
        ({"email": "max@acme.example", "email_verified": "true"}, ("max@acme.example",)),
        ({"email": "max@acme.example", "email_verified": "True"}, ("max@acme.example",)),
        ({"email": "max@acme.example", "email_verified": 1}, ("max@acme.example",)),
        ({"email": "max@acme.example", "email_verified": False}, ()),
        ({"email": "max@acme.example", "email_verified": "false"}, ()),
        ({"email": "max@acme.example", "email_verified": "yes"}, ()),
        ({"email": "max@acme.example", "email_verified": None}, ()),
        ({"email": "max@acme.example", "xms_edov": False}, ()),
        ({"email": "max@acme.example", "xms_edov": "0"}, ()),
        ({"email": "max@acme.example", "xms_edov": True}, ("max@acme.example",)),
        ({"email": "max@acme.example", "xms_edov": True, "email_verified": False}, ()),
        ({"email": ["max@acme.example", "m@acme.example"]}, ("max@acme.example", "m@acme.example")),
        ({"email": ["max@acme.example", "MAX@acme.example"]}, ("max@acme.example",)),
        ({"email": [7, None, {}, "max@acme.example"]}, ("max@acme.example",)),
        ({"email": ""}, ()),
        ({"email": 7}, ()),
        ({"email": {"value": "max@acme.example"}}, ()),
        ({"email": "max"}, ()),
        ({"email": "@acme.example"}, ()),
        ({"email": "max@"}, ()),
        ({"email": "max@acme.example\nbcc: x@y.example"}, ()),
        ({"email": "max @acme.example"}, ()),
        ({"email": "m" * 250 + "@acme.example"}, ()),
        ({"preferred_username": "max@acme.example", "upn": "max@acme.example"}, ()),
    ],
    ids=str,
)
def test_emails(claims: dict[str, Any], emails: tuple[str, ...]) -> None:
    assert told(claims).emails == emails


def test_userinfo_fills_in_and_the_signed_token_wins() -> None:
    assertion = told(
        {"email": "max@acme.example", "groups": ["signed"]},
        {"sub": "max", "email": "other@acme.example", "groups": ["unsigned"], "department": "R&D"},
    )
    assert assertion.emails == ("max@acme.example",)
    assert assertion.attributes["groups"] == ["signed"]
    assert assertion.attributes["department"] == "R&D"


@pytest.mark.catalogue("WEB-NOAUTH")
def test_userinfos_word_that_an_address_is_unverified_counts_for_the_tokens() -> None:
    assertion = told({"email": "max@acme.example"}, {"sub": "max", "email_verified": False})
    assert assertion.emails == ()


@pytest.mark.catalogue("WEB-USERINFO-SUB")
@pytest.mark.parametrize(
    "userinfo", [{"sub": "olivia"}, {"sub": "Max"}, {"sub": ["max"]}, {"email": "x@y.z"}, {}]
)
def test_userinfo_of_somebody_else_is_refused(userinfo: dict[str, Any]) -> None:
    with pytest.raises(UserinfoSubjectMismatch) as refused:
        told({}, userinfo)
    assert refused.value.code == "userinfo_subject_mismatch"


def test_attributes_keep_their_shape_and_leave_out_the_tokens_own_claims() -> None:
    assertion = told({"realm_access": {"roles": ["admin"]}, "level": 3, "at_hash": "h", "auth_time": 1})
    assert assertion.attributes == {"sub": "max", "realm_access": {"roles": ["admin"]}, "level": 3}


def test_limits_are_those_the_revision_asks_for() -> None:
    revision = Revision(pk=7, connection_id=3, max_age_seconds=3600, follow_id_token_expiry=True)
    assert told(revision=revision).idp_limits == (
        (SessionLimit.OIDC_MAX_AGE, SIGNED_IN_AT + timedelta(hours=1)),
        (SessionLimit.OIDC_ID_TOKEN_EXP, NOW + timedelta(minutes=5)),
    )


@pytest.mark.parametrize(
    ("claims", "incomplete"),
    [
        ({"groups": ["a"]}, False),
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}}, True),
        ({"_claim_names": {"address": "src1"}}, False),
        ({"_claim_names": "groups"}, False),
        ({"hasgroups": True}, True),
        ({"hasgroups": "true"}, True),
        ({"hasgroups": False}, False),
    ],
    ids=str,
)
def test_group_overage_is_noticed(claims: dict[str, Any], incomplete: bool) -> None:
    assert told(claims).groups_incomplete is incomplete
