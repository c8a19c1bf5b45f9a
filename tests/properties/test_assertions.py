"""From claims to an `IdentityAssertion`, and from its attributes to roles: nothing but what was said gets in."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orgs.roles import Role
from sso.errors import SSOError
from sso.login import _dump, _load
from sso.mapping.role_mapping import mapped_role, mapped_seats, values_at
from sso.models import Revision
from sso.oidc.claims import assertion_from
from sso.oidc.id_token import VerifiedClaims
from sso.oidc.json_objects import NotAJSONObject, parse_object
from tests.properties.strategies import json_values, objects_with, words

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
REVISION = Revision(pk=2, org_id=1, connection_id=1, issuer="https://idp.example", max_age_seconds=3600)
CLAIMS = (
    "email",
    "email_verified",
    "xms_edov",
    "groups",
    "hasgroups",
    "_claim_names",
    "name",
    "sub",
    "roles",
)


def verified(claims: Mapping[str, Any]) -> VerifiedClaims:
    return VerifiedClaims(
        issuer=REVISION.issuer,
        subject="max",
        issued_at=NOW,
        expires_at=NOW,
        authenticated_at=NOW,
        session_id="",
        claims=claims,
        compact="a.b.c",
    )


def as_read(value: object) -> dict[str, Any]:
    """The value as it comes from the network; {} for what is refused there."""
    try:
        return parse_object(json.dumps(value))
    except NotAJSONObject:
        return {}


@pytest.mark.catalogue("WEB-NOAUTH", "WEB-USERINFO-SUB")
@settings(max_examples=200)
@given(token=objects_with(*CLAIMS), userinfo=objects_with(*CLAIMS))
@example(token={"email": "a@b.example", "email_verified": False}, userinfo={"sub": "max"})
@example(token={"email": "a@b.example"}, userinfo={"sub": "max", "email_verified": "false"})
def test_claims_become_an_assertion_or_are_refused(token: dict[str, Any], userinfo: dict[str, Any]) -> None:
    token, userinfo = as_read(token), as_read(userinfo)
    try:
        assertion = assertion_from(verified(token), userinfo, revision=REVISION)
    except SSOError:
        assert userinfo.get("sub") != "max"
        return
    claims = {**userinfo, **token}
    assert (assertion.issuer, assertion.subject) == (REVISION.issuer, "max")
    for email in assertion.emails:
        assert email == email.strip().lower()
        assert email.isprintable()
        assert len(email) <= 254
        assert email in json.dumps(claims["email"], ensure_ascii=False).lower()
    if claims.get("email_verified", True) in (False, "false", None):
        assert assertion.emails == ()
    assert _load(_dump(assertion)) == assertion


paths = st.one_of(
    words,
    st.lists(st.sampled_from(["a", "b", "", "roles", "https://acme.example/app"]), max_size=6).map(".".join),
)
nested = st.recursive(
    json_values,
    lambda inner: st.dictionaries(
        st.sampled_from(["a", "b", "roles", "a.b", "https://acme.example/app", ""]), inner, max_size=4
    ),
    max_leaves=10,
)


@settings(max_examples=200)
@given(attributes=nested, path=paths)
def test_attribute_path_leads_to_strings_that_stand_there_or_nowhere(attributes: Any, path: str) -> None:
    values = values_at(attributes if isinstance(attributes, dict) else {"a": attributes}, path)
    assert all(isinstance(value, str) for value in values)
    said = {str(leaf).lower() for leaf in scalars_in(attributes)}
    assert {value.lower() for value in values} <= said
    assert path or not values


def scalars_in(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in scalars_in(inner)]
    return [leaf for inner in value for leaf in scalars_in(inner)] if isinstance(value, list) else [value]


@given(st.dictionaries(words, json_values, max_size=4), st.data())
def test_exact_key_wins_over_any_path(attributes: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(attributes)) if attributes else st.just("a"))
    attributes[key] = "exact"
    assert values_at(attributes, key) == (("exact",) if key else ())


roles = st.sampled_from(list(Role))


@pytest.mark.catalogue("WEB-MAPPING")
@given(
    values=st.lists(words, max_size=5),
    rules=st.lists(st.tuples(words, st.integers(min_value=1, max_value=3), roles), max_size=6),
)
def test_rules_give_what_a_present_value_says_and_the_most_of_it(
    values: list[str], rules: list[tuple[str, int, Role]]
) -> None:
    match = mapped_role(values, [(value, role) for value, _, role in rules])
    matching = [role for value, _, role in rules if value in values]
    assert (match.role if match else None) == max(matching, key=lambda role: role.rank, default=None)
    for group_id, role in mapped_seats(values, rules).items():
        assert role in [each for value, group, each in rules if group == group_id and value in values]
