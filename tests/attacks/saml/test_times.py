"""SAML-12, 13 and 14: again, too late, too early, and for ever.

The ACS asks the real clock, so that a moment here is seconds away from the edge; `tests.sso.saml.test_rules` has the
very second.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from lxml import etree

from sso.models import ConsumedMessage, LoginAttempt, SSOSession
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.attacks.saml.target import Attack, Target, make_target
from tests.demo_idp.saml_response import SamlResponseBuilder, new_id
from tests.parallel import in_parallel
from tests.sso.saml.exchange import find, signed_with

MARGIN = timedelta(seconds=20)
SKEW = timedelta(seconds=60)
HOUR = timedelta(hours=1)
YEARS = timedelta(days=3650)


# --- Again ---------------------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-12")
def test_same_response_again_is_refused(target: Target) -> None:
    """The back button, or somebody who watched the form. The first one's session stays as it is."""
    trip = target.begin()
    document = trip.honest.base64()
    target.assert_let_in(document)

    for _ in range(2):
        with nothing_written_but_refusal(target.org, "attempt_used"):
            assert target.post(document).status_code == 400
    assert target.can_read()


@pytest.mark.catalogue("SAML-12")
def test_response_that_was_taken_but_not_finished_is_refused_again(target: Target) -> None:
    trip = target.begin()
    first = target.post(trip.honest)

    with nothing_written_but_refusal(target.org, "attempt_used"):
        assert target.post(trip.honest).status_code == 400
    assert target.finish(first)["Location"] == target.page_path


@pytest.mark.catalogue("SAML-12")
def test_assertion_that_answers_a_second_request_under_its_old_id_is_refused(target: Target) -> None:
    """An IdP that gives one ID to two assertions: only the first counts. The twin has an ID of its own."""
    first, second = target.begin(), target.begin()
    target.finish(target.post(first.honest))
    SSOSession.objects.all().delete()

    target.assert_refused(second.honest.but(assertion_id=first.honest.assertion_id), "assertion_replayed")
    assert LoginAttempt.objects.get(request_id=second.request_id).answered_at is None
    target.assert_let_in(second.honest)


@pytest.mark.catalogue("SAML-12")
def test_ticket_again_is_refused(target: Target) -> None:
    finish_url = target.post(target.begin().honest)["Location"]
    assert target.client.get(finish_url)["Location"] == target.page_path

    with nothing_written_but_refusal(target.org, "attempt_unknown"):
        assert target.client.get(finish_url).status_code == 400


@pytest.mark.catalogue("SAML-12", "WEB-RACES")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [2, 4])
def test_response_posted_several_times_at_once_lets_in_once(client: Client, times: int) -> None:
    target = make_target(client)
    document = target.begin().honest.base64()

    responses = in_parallel(lambda: target.post(document), times=times)

    assert sorted(response.status_code for response in responses) == [303] + [400] * (times - 1)
    (accepted,) = [response for response in responses if response.status_code == 303]
    target.finish(accepted)
    assert target.can_read()
    assert SSOSession.objects.count() == 1
    assert ConsumedMessage.objects.count() == 1


@pytest.mark.catalogue("SAML-12", "WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_one_assertion_id_in_two_answers_at_once_counts_once(client: Client) -> None:
    """Two attempts, so that only the memory of assertions can tell."""
    target = make_target(client)
    answers = [target.begin().honest.but(assertion_id="_one-and-the-same").base64() for _ in range(2)]

    responses = in_parallel(lambda: target.post(answers.pop()), times=2)

    assert sorted(response.status_code for response in responses) == [303, 400]
    assert ConsumedMessage.objects.count() == 1


@pytest.mark.catalogue("SAML-12", "WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_ticket_brought_several_times_at_once_is_taken_once(client: Client) -> None:
    target = make_target(client)
    finish_url = target.post(target.begin().honest)["Location"]

    def finish() -> Any:
        twin = Client()
        twin.cookies = target.client.cookies
        return twin.get(finish_url)

    assert sorted(response.status_code for response in in_parallel(finish, times=3)) == [302, 400, 400]
    assert SSOSession.objects.count() == 1


# --- Too late, too early --------------------------------------------------------------------------------------------

Times = Callable[[datetime], dict[str, Any]]


def of(times: Times) -> Attack:
    """Fields that are counted from the moment when the response was issued."""
    return lambda honest: honest.but(**times(honest.issue_instant))


def ended(ago: timedelta) -> Times:
    return lambda now: {"not_on_or_after": now - ago, "confirmation_not_on_or_after": now - ago}


def clock_off(by: timedelta) -> Times:
    """The IdP's clock: everything it says is by so much too late."""
    return lambda now: {
        "issue_instant": now + by,
        "authn_instant": now + by,
        "not_before": now + by,
        "not_on_or_after": now + by + timedelta(minutes=5),
        "confirmation_not_on_or_after": now + by + timedelta(minutes=5),
    }


LATE = SKEW + MARGIN
STILL_FINE = SKEW - MARGIN


@pytest.mark.catalogue("SAML-13")
@pytest.mark.parametrize(
    ("times", "twin"),
    [
        (ended(LATE), ended(STILL_FINE)),
        (lambda now: {"not_on_or_after": now - LATE}, lambda now: {"not_on_or_after": now - STILL_FINE}),
        (
            lambda now: {"confirmation_not_on_or_after": now - LATE},
            lambda now: {"confirmation_not_on_or_after": now - STILL_FINE},
        ),
        (
            lambda now: {"session_not_on_or_after": now - LATE},
            lambda now: {"session_not_on_or_after": now + HOUR},
        ),
        (clock_off(-HOUR), clock_off(-STILL_FINE)),
        (
            lambda now: {"issue_instant": now - timedelta(minutes=10) - LATE, **ended(-HOUR)(now)},
            lambda now: {"issue_instant": now - timedelta(minutes=9), **ended(-HOUR)(now)},
        ),
    ],
    ids=[
        "both ends",
        "conditions",
        "confirmation",
        "session",
        "clock an hour slow",
        "issued ten minutes ago",
    ],
)
def test_assertion_that_has_expired_is_refused(target: Target, times: Times, twin: Times) -> None:
    """The twin is within the skew, on the same side of the edge."""
    target.refuses(of(times), "assertion_expired", twin=of(twin))


@pytest.mark.catalogue("SAML-13")
@pytest.mark.parametrize("field", ["not_before", "issue_instant", "authn_instant"])
def test_assertion_that_is_not_yet_valid_is_refused(target: Target, field: str) -> None:
    target.refuses(
        of(lambda now: {field: now + LATE + MARGIN}),
        "assertion_not_yet_valid",
        twin=of(lambda now: {field: now + STILL_FINE}),
    )


@pytest.mark.catalogue("SAML-13")
def test_idp_whose_clock_is_an_hour_fast_is_refused(target: Target) -> None:
    target.refuses(of(clock_off(HOUR)), "assertion_not_yet_valid", twin=of(clock_off(STILL_FINE)))


@pytest.mark.catalogue("SAML-13")
@pytest.mark.parametrize(
    "instant", ["", "soon", "2031-05-06", "2031-05-06T09:08:09+02:00", "2031-13-06T07:08:09Z"]
)
@pytest.mark.parametrize(
    "path", ["saml:Conditions", "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"]
)
def test_time_that_is_none_in_utc_is_refused(target: Target, path: str, instant: str) -> None:
    def attack(honest: SamlResponseBuilder) -> str:
        root = honest.but(sign_assertion=False).element()
        find(root, f"saml:Assertion/{path}").set("NotOnOrAfter", instant)
        return signed_with(root, honest.signing_key)

    target.refuses(attack, "response_malformed")


# --- For ever --------------------------------------------------------------------------------------------------------


def without(path: str) -> Attack:
    def attack(honest: SamlResponseBuilder) -> str:
        root = honest.but(sign_assertion=False).element()
        element: etree._Element = find(root, f"saml:Assertion/{path}")
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
        return signed_with(root, honest.signing_key)

    return attack


@pytest.mark.catalogue("SAML-14")
@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (of(lambda now: {"not_on_or_after": None}), "validity_missing"),
        (of(lambda now: {"confirmation_not_on_or_after": None}), "validity_missing"),
        (of(lambda now: {"not_on_or_after": None, "confirmation_not_on_or_after": None}), "validity_missing"),
        (without("saml:Conditions"), "validity_missing"),
        (of(ended(-YEARS)), "validity_too_long"),
        (of(lambda now: {"issue_instant": now - YEARS, **ended(-HOUR)(now)}), "validity_too_long"),
    ],
    ids=["conditions", "confirmation", "neither", "no conditions", "ten years", "issued ten years ago"],
)
def test_assertion_without_an_end_is_refused(target: Target, attack: Attack, code: str) -> None:
    """The twin lives for an hour, as those of large IdPs do."""
    target.refuses(attack, code, twin=of(ended(-HOUR)))


@pytest.mark.catalogue("SAML-14")
def test_long_life_does_not_keep_an_assertion_fresh(target: Target) -> None:
    """Stolen and kept for eleven minutes, under a new ID that nobody has seen."""
    old = of(lambda now: {"issue_instant": now - timedelta(minutes=11) - SKEW, **ended(-HOUR)(now)})
    target.refuses(lambda honest: old(honest.but(assertion_id=new_id())), "assertion_expired")
