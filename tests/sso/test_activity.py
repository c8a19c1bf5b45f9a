"""Every login's end is recorded once and counted, whatever it was, at little cost, and nobody outside can add any."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sso import errors, login
from sso.attempt_limits import KEEP_EXPIRED, make_room
from sso.models import Connection, LoginAttempt, LoginCount, LoginRecord
from sso.pruning import prune
from sso.refusals import record_refusal
from sso.revisions import revision_tests
from sso.types import Purpose
from sso.views import outcome
from sso.watching import activity
from tests.builders import live_revision, make_assertion, make_attempt, make_connection, make_member, make_org
from tests.conftest import World
from tests.parallel import in_parallel

NOW = timezone.now()


def ends() -> list[tuple[str, str, str]]:
    return list(LoginRecord.objects.order_by("pk").values_list("purpose", "outcome", "code"))


def counts() -> dict[tuple[str, str, str], int]:
    rows = LoginCount.objects.order_by("pk").values_list("purpose", "outcome", "code", "count")
    return {(purpose, outcome, code): count for purpose, outcome, code, count in rows}


def take(world: World, attempt: LoginAttempt) -> LoginAttempt:
    return login.take_attempt(
        connection=world.acme_idp,
        state=attempt.state,
        browser_session=attempt.browser_session,
        user_id=attempt.user_id,
        now=NOW,
    )


def sign_in(world: World) -> None:
    attempt = take(world, make_attempt(world.acme_idp, world.max.user))
    login.complete_login(attempt=attempt, assertion=make_assertion(world.acme_idp), now=NOW)


def refuse(world: World, attempt: LoginAttempt | None, error: errors.SSOError | None = None) -> str:
    error = error or errors.EmailMissing("none")
    return record_refusal(error, connection=world.acme_idp, attempt=attempt, now=NOW)


def expired_attempt(world: World, **fields: Any) -> LoginAttempt:
    at = fields.pop("expires_at", NOW - timedelta(minutes=1))
    return make_attempt(world.acme_idp, world.max.user, expires_at=at, **fields)


def statements(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured]


def look(world: World) -> None:
    activity.record_abandoned_of(world.acme.pk, now=NOW)


def test_login_that_passes(world: World) -> None:
    sign_in(world)
    sign_in(world)
    assert ends() == [("login", "ok", "")] * 2
    assert counts() == {("login", "ok", ""): 2}


def test_login_costs_two_statements_more(world: World) -> None:
    sign_in(world)
    with CaptureQueriesContext(database) as captured:
        sign_in(world)
    ours = [sql for sql in statements(captured) if '"sso_loginrecord"' in sql or '"sso_logincount"' in sql]
    assert [sql.split()[0] for sql in ours] == ["INSERT", "UPDATE"]


def test_refusal_is_recorded_with_its_reference_and_only_the_first_of_an_attempt(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    reference = refuse(world, attempt)
    refuse(world, attempt, errors.EmailAmbiguous("two"))
    record = LoginRecord.objects.get()
    assert (record.outcome, record.code, record.reference) == ("failed", "email_missing", reference)
    assert counts() == {("login", "failed", "email_missing"): 1}


def test_attempt_that_could_not_begin_is_recorded(world: World) -> None:
    attempt = login.new_attempt(
        connection=world.acme_idp,
        revision=live_revision(world.acme_idp),
        user=world.max.user,
        browser_session="b",
        purpose=Purpose.JOIN,
        next_path="",
        now=NOW,
    )
    refuse(world, attempt)
    assert ends() == [("join", "failed", "email_missing")]


def test_what_belongs_to_no_attempt_makes_no_record(world: World) -> None:
    refuse(world, None)
    record_refusal(
        errors.AttemptUnknown("?"), connection=world.acme_idp, attempt=None, member=world.max.user, now=NOW
    )
    assert ends() == []


def test_records_of_refusals_are_bounded_as_traces_are(world: World) -> None:
    for _ in range(40):
        refuse(world, make_attempt(world.acme_idp, world.max.user))
    assert len(ends()) == 30


def test_tests_are_recorded_apart(world: World) -> None:
    assertion = make_assertion(world.acme_idp, emails=())
    for user, expected in ((world.max.user, ""), (world.zoe.user, "not_a_member")):
        attempt = make_attempt(world.acme_idp, user, purpose=Purpose.TEST)
        assert revision_tests.record_test(attempt=attempt, assertion=assertion, now=NOW).code == expected
    refuse(world, make_attempt(world.acme_idp, world.max.user, purpose=Purpose.TEST))
    revision_tests.record_failed_start(
        revision=live_revision(world.acme_idp),
        user_id=world.olivia.user_id,
        error=errors.EmailMissing("?"),
        now=NOW,
    )
    assert ends() == [
        ("test", "ok", ""),
        ("test", "failed", "not_a_member"),
        ("test", "failed", "email_missing"),
        ("test", "failed", "email_missing"),
    ]
    assert sum(counts().values()) == 4


def test_what_nobody_came_back_from_is_abandoned_when_somebody_looks_and_only_once(world: World) -> None:
    attempt = expired_attempt(world, is_silent=True)
    make_attempt(world.acme_idp, world.max.user)  # may still come back
    look(world)
    look(world)
    prune(now=NOW + timedelta(days=2), is_dry_run=False)
    record = LoginRecord.objects.order_by("pk")[0]
    assert (record.outcome, record.at, record.is_silent) == ("abandoned", attempt.expires_at, True)
    assert counts() == {("login", "abandoned", ""): 2}  # and the other, when it was deleted


def test_answer_that_the_browser_never_fetched_is_abandoned(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    login.park(attempt=attempt, text="x", now=NOW)
    LoginAttempt.objects.update(expires_at=NOW - timedelta(minutes=1))
    look(world)
    assert ends() == [("login", "abandoned", "")]


def test_what_ended_otherwise_is_not_abandoned(world: World) -> None:
    sign_in(world)
    refuse(world, expired_attempt(world))
    silent = expired_attempt(world, is_silent=True, next_path="/orgs/acme/")
    request = RequestFactory().get("/")
    outcome.refuse(request, errors.SilentLoginFailed("x"), connection=world.acme_idp, attempt=silent)
    LoginAttempt.objects.update(expires_at=NOW - timedelta(minutes=1))
    look(world)
    assert ends() == [("login", "ok", ""), ("login", "failed", "email_missing")]


def test_abandoned_attempts_are_recorded_where_others_starts_delete_them(world: World) -> None:
    for _ in range(3):
        expired_attempt(world, expires_at=NOW - KEEP_EXPIRED - timedelta(hours=1))
    make_room(make_attempt(world.acme_idp, world.olivia.user), now=NOW)
    assert ends() == [("login", "abandoned", "")] * 3
    assert LoginAttempt.objects.count() == 1


def test_attempts_dropped_to_make_room_leave_nothing(world: World) -> None:
    for _ in range(30):
        make_attempt(world.acme_idp, world.max.user)
    make_room(make_attempt(world.acme_idp, world.max.user), now=NOW)
    assert ends() == []


def test_looking_costs_one_statement_where_nothing_has_expired(world: World) -> None:
    make_attempt(world.acme_idp, world.max.user)
    with CaptureQueriesContext(database) as captured:
        look(world)
    assert len([sql for sql in statements(captured) if sql.startswith("SELECT")]) == 1
    assert not [sql for sql in statements(captured) if sql.startswith(("INSERT", "UPDATE"))]


@pytest.fixture
def real_connection(transactional_db: None) -> Connection:
    return make_connection(make_org("acme"))


@pytest.mark.django_db(transaction=True)
def test_ends_at_the_same_time_are_each_counted_once(real_connection: Connection) -> None:
    """Eight admins open the page, eight people finish a login, and the day has no count yet."""
    user = make_member(real_connection.org).user
    for _ in range(5):
        make_attempt(real_connection, user, expires_at=NOW - timedelta(minutes=1))
    answered = make_attempt(real_connection, user, answered_at=NOW)

    def call() -> None:
        activity.record_abandoned_of(real_connection.org_id, now=NOW)
        activity.record_ok(answered, connection=real_connection, now=NOW)

    in_parallel(call, times=8)
    assert counts() == {("login", "abandoned", ""): 5, ("login", "ok", ""): 8}
    assert LoginRecord.objects.count() == 13
