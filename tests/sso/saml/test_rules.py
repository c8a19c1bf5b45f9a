"""What an assertion must say. Each test changes one thing of a response that is otherwise let in."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from sso.errors import SSOError
from sso.saml.errors import (
    AssertionExpired,
    AssertionNotYetValid,
    AuthnStatementMissing,
    ConditionNotUnderstood,
    IDInvalid,
    ResponseMalformed,
)
from sso.saml.sp import service_provider
from tests.demo_idp.saml_names import tag
from tests.sso.saml.exchange import NOW, Exchange, find, signed

SECOND = timedelta(seconds=1)
SKEW = timedelta(seconds=60)
OTHER = "https://other.example/saml"


def test_honest_response_is_let_in(exchange: Exchange) -> None:
    accepted = exchange.judge(exchange.honest)

    assert accepted.identity.subject == "zoe"
    assert accepted.identity.issuer == exchange.revision.issuer
    assert accepted.identity.emails == ("zoe@globex.example",)
    assert accepted.identity.authenticated_at == NOW
    assert accepted.assertion_id == exchange.honest.assertion_id
    assert accepted.usable_until == NOW + timedelta(seconds=300) + SKEW


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"authn_instant": None}, AuthnStatementMissing),
        ({"session_index": "s" * 301}, ResponseMalformed),
        ({"assertion_id": "_" + "a" * 300}, IDInvalid),
    ],
)
def test_response_that_breaks_one_rule_is_refused(
    exchange: Exchange, changes: dict[str, Any], refusal: type[SSOError]
) -> None:
    with pytest.raises(refusal):
        exchange.judge_but(**{name: _filled_in(value, exchange) for name, value in changes.items()})


def _filled_in(value: Any, exchange: Exchange) -> Any:
    """Our SP's URLs, which are made for each test, in the place of their names."""
    sp = service_provider(exchange.attempt.connection.uid)
    if isinstance(value, str):
        return value.replace("{acs}", sp.acs_url).replace("{entity_id}", sp.entity_id)
    return type(value)(_filled_in(item, exchange) for item in value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("audiences", [(OTHER, "{entity_id}"), ("{entity_id}", OTHER)])
def test_one_audience_of_several_may_be_ours(exchange: Exchange, audiences: tuple[str, ...]) -> None:
    exchange.judge_but(audiences=_filled_in(audiences, exchange))


def test_response_without_an_issuer_of_its_own_is_let_in(exchange: Exchange) -> None:
    exchange.judge_but(response_issuer=None)


def test_assertion_without_attributes_is_let_in(exchange: Exchange) -> None:
    assert exchange.judge_but(attributes={}).identity.emails == ()


def test_one_bearer_confirmation_of_several_is_enough(exchange: Exchange) -> None:
    root = exchange.honest.but(sign_assertion=False).element()
    subject = find(root, "saml:Assertion/saml:Subject")
    other = deepcopy(find(subject, "saml:SubjectConfirmation"))
    find(other, "saml:SubjectConfirmationData").set("Recipient", OTHER)
    subject.insert(1, other)

    exchange.judge(signed(root, exchange))


def test_condition_that_nobody_knows_is_refused(exchange: Exchange) -> None:
    root = exchange.honest.but(sign_assertion=False).element()
    conditions = find(root, "saml:Assertion/saml:Conditions")
    condition = conditions.makeelement(tag("saml:Condition"))
    conditions.append(condition)

    with pytest.raises(ConditionNotUnderstood):
        exchange.judge(signed(root, exchange))


# --- One second either side ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "last_moment"),
    [
        # The honest response lives for 300 seconds in both places.
        ({"not_on_or_after": NOW + timedelta(hours=1)}, timedelta(seconds=300) + SKEW),
        ({"confirmation_not_on_or_after": NOW + timedelta(hours=1)}, timedelta(seconds=300) + SKEW),
        (
            {
                "not_on_or_after": NOW + timedelta(hours=1),
                "confirmation_not_on_or_after": NOW + timedelta(hours=1),
            },
            timedelta(minutes=10) + SKEW,
        ),
        ({"session_not_on_or_after": NOW + timedelta(seconds=90)}, timedelta(seconds=90) + SKEW),
    ],
    ids=["confirmation", "conditions", "ten minutes at most", "session"],
)
def test_assertion_ends_to_the_second(
    exchange: Exchange, changes: dict[str, Any], last_moment: timedelta
) -> None:
    exchange.judge_but(after=last_moment - SECOND, **changes)
    with pytest.raises(AssertionExpired):
        exchange.judge_but(after=last_moment, **changes)


@pytest.mark.parametrize("field", ["not_before", "issue_instant", "authn_instant"])
def test_assertion_begins_to_the_second(exchange: Exchange, field: str) -> None:
    exchange.judge(exchange.honest.but(**{field: NOW + SKEW}))
    with pytest.raises(AssertionNotYetValid):
        exchange.judge(exchange.honest.but(**{field: NOW + SKEW + SECOND}))


def test_confirmation_that_begins_later_is_refused(exchange: Exchange) -> None:
    for begins_at, is_let_in in ((NOW + SKEW, True), (NOW + SKEW + SECOND, False)):
        root = exchange.honest.but(sign_assertion=False).element()
        data = find(root, "saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData")
        data.set("NotBefore", begins_at.strftime("%Y-%m-%dT%H:%M:%SZ"))
        if is_let_in:
            exchange.judge(signed(root, exchange))
        else:
            with pytest.raises(AssertionNotYetValid):
                exchange.judge(signed(root, exchange))


def test_what_entra_id_says_of_validity_is_let_in(exchange: Exchange) -> None:
    """Five minutes before to sixty minutes after; AuthnInstant long ago."""
    exchange.judge_but(
        not_before=NOW - timedelta(minutes=5),
        not_on_or_after=NOW + timedelta(minutes=60),
        confirmation_not_on_or_after=NOW + timedelta(minutes=60),
        authn_instant=NOW - timedelta(days=80),
    )


def test_status_code_without_a_value_is_refused(exchange: Exchange) -> None:
    """The status is outside the assertion's signature: a member can write one into their own response."""

    def nest(root: etree._Element) -> None:
        (code,) = root.iter(tag("samlp:StatusCode"))
        etree.SubElement(code, tag("samlp:StatusCode"))

    with pytest.raises(ResponseMalformed):
        exchange.judge_changed(nest)


@pytest.mark.parametrize("minutes", [-60, 60])
def test_idp_whose_clock_is_an_hour_off_is_refused(exchange: Exchange, minutes: int) -> None:
    with pytest.raises((AssertionExpired, AssertionNotYetValid)) as caught:
        exchange.judge(exchange.honest, after=timedelta(minutes=minutes))
    assert "clock" in caught.value.admin_detail
    assert "clock" in caught.value.user_message


@pytest.mark.parametrize("time", ["2031-05-06T09:08:09+02:00", "2031-05-06", "2031-13-06T07:08:09Z", "soon"])
def test_time_that_is_not_utc_is_refused(exchange: Exchange, time: str) -> None:
    root = exchange.honest.but(sign_assertion=False).element()
    find(root, "saml:Assertion").set("IssueInstant", time)

    with pytest.raises(ResponseMalformed):
        exchange.judge(signed(root, exchange))


def test_fractions_of_seconds_are_read(exchange: Exchange) -> None:
    root = exchange.honest.but(sign_assertion=False).element()
    find(root, "saml:Assertion").set("IssueInstant", "2031-05-06T07:08:09.1234567Z")

    exchange.judge(signed(root, exchange))
