"""A connection that begins to fail is told to the admins, once, and the notice goes when a login passes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hubsso.days import hour_of
from orgs.roles import Role
from sso.models import (
    Connection,
    ConnectionHealth,
    LoginAttempt,
    LoginCount,
    LoginRecord,
)
from sso.types import LoginOutcome, Purpose
from sso.watching import activity, health
from tests.builders import make_connection, make_member, make_org
from tests.conftest import World, log_in_with_sso
from tests.parallel import in_parallel

NOW = timezone.now()
DAY = timedelta(days=1)
BROKEN = "signature_invalid"


@pytest.fixture
def idp(world: World) -> Connection:
    return world.acme_idp


@pytest.fixture
def at_once(django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], object]], None]:
    """Do something, and send what it would send after its transaction."""

    def run(call: Callable[[], object]) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            call()

    return run


def fresh(idp: Connection) -> Connection:
    return Connection.objects.select_related("org", "health").get(pk=idp.pk)


def attempt_of(idp: Connection, purpose: Purpose = Purpose.LOGIN, member: int = 0) -> LoginAttempt:
    user = idp.org.memberships.order_by("pk")[member].user
    return LoginAttempt(org_id=idp.org_id, connection=idp, user=user, purpose=purpose)


def fail(
    idp: Connection,
    *codes: str,
    now: Any = NOW,
    purpose: Purpose = Purpose.LOGIN,
    members: tuple[int, ...] = (0, 1, 2),
    **more: Any,
) -> None:
    """One login after the other, of `members` in turn."""
    for code in codes:
        number = LoginRecord.objects.count() % len(members)
        activity.record_failed(attempt_of(idp, purpose, members[number]), code=code, now=now, **more)


def succeed(idp: Connection, now: Any = NOW) -> None:
    activity.record_ok(attempt_of(idp), connection=fresh(idp), now=now)


def is_told(idp: Connection) -> bool:
    return bool(health.failing(idp.org, now=NOW))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([BROKEN] * 2, False),
        ([BROKEN] * 3, True),
        ([BROKEN, "audience_mismatch", "discovery_unreachable"], True),
        ([BROKEN, BROKEN, "", BROKEN], False),  # one passed in between
        (["login_cancelled"] * 5 + ["wrong_browser", "email_not_yours"], False),
        (
            [BROKEN, "login_cancelled", BROKEN, "wrong_browser", BROKEN],
            True,
        ),  # a person's own mistake says nothing
        ([BROKEN] * 5 + [""], False),
        ([BROKEN] * 3 + [""] + [BROKEN] * 2, False),
    ],
)
def test_three_in_a_row_raise_a_notice(idp: Connection, ends: list[str], expected: bool) -> None:
    for code in ends:
        fail(idp, code) if code else succeed(idp)
    assert is_told(idp) is expected


@pytest.mark.parametrize(
    ("code", "idp_error", "expected"),
    [
        ("idp_error", None, False),
        (BROKEN, None, False),
        ("token_refused", "invalid_grant", False),
        ("token_refused", "invalid_client", True),
        ("idp_error", "invalid_client", False),  # by way of the browser
        ("discovery_unreachable", None, True),
        ("metadata_expired", None, True),
    ],
)
def test_one_account_alone_raises_only_what_this_server_saw_too(
    idp: Connection, code: str, idp_error: str | None, expected: bool
) -> None:
    fail(idp, *[code] * 12, members=(0,), idp_error=idp_error)
    assert is_told(idp) is expected
    fail(idp, code, members=(1,), idp_error=idp_error)
    assert is_told(idp)


def test_accounts_of_before_a_login_passed_do_not_count(idp: Connection) -> None:
    fail(idp, BROKEN, members=(1,))
    succeed(idp)
    fail(idp, *[BROKEN] * 3, members=(0,))
    assert not is_told(idp)


def test_tests_say_nothing_about_the_connection(idp: Connection) -> None:
    fail(idp, *[BROKEN] * 5, purpose=Purpose.TEST)
    assert not is_told(idp)


@pytest.mark.parametrize(
    ("usual", "today_ok", "today_failed", "expected"),
    [
        ((1000, 20), 100, 10, True),  # 2 % before, 9 % today
        ((1000, 100), 100, 10, False),  # as ever
        ((1000, 20), 100, 9, False),  # too few to say
        ((1000, 0), 1000, 10, False),  # one in a hundred is no incident
        ((0, 0), 50, 10, True),  # a new connection has no usual
    ],
)
def test_twice_the_usual_share_raises_one_too(
    idp: Connection, usual: tuple[int, int], today_ok: int, today_failed: int, expected: bool
) -> None:
    before, today = hour_of(NOW - 3 * DAY), hour_of(NOW)
    rows = [(before, "", usual[0]), (before, BROKEN, usual[1]), (today, "", today_ok)]
    for hour, code, count in [*rows, (today, BROKEN, today_failed - 2)]:
        LoginCount.objects.create(
            org=idp.org,
            connection=idp,
            hour=hour,
            purpose=Purpose.LOGIN,
            outcome=LoginOutcome.FAILED if code else LoginOutcome.OK,
            code=code,
            count=count,
        )
    fail(idp, BROKEN)
    succeed(idp)
    fail(idp, BROKEN, members=(1,))
    assert is_told(idp) is expected
    if expected:  # it would come and go with every second login
        succeed(idp)
        assert is_told(idp)
        succeed(idp, now=NOW + health.CALM)
        assert not is_told(idp)


def test_admins_are_mailed_once_with_the_likely_cause(idp: Connection, at_once: Any) -> None:
    at_once(lambda: fail(idp, *[BROKEN] * 6))
    (letter,) = mail.outbox
    assert letter.to == ["olivia@acme.example"]
    assert letter.subject == "Acme: logins by Acme Login are failing"
    text = str(letter.body)
    assert "The signing certificate or key changed" in text
    assert "Compare the certificate at the identity provider" in text
    assert "/orgs/acme/settings/sso/refusals/" in text


def test_a_mail_comes_once_for_each_time_and_at_most_daily(idp: Connection, at_once: Any) -> None:
    def incident(now: Any) -> int:
        mail.outbox.clear()
        at_once(lambda: fail(idp, *[BROKEN] * 3, now=now))
        return len(mail.outbox)

    assert incident(NOW) == 1
    assert incident(NOW + 2 * DAY) == 0  # still the same
    succeed(idp, now=NOW + 3 * DAY)
    assert incident(NOW + 3 * DAY) == 1
    succeed(idp, now=NOW + 3 * DAY)
    assert incident(NOW + 3.1 * DAY) == 0  # again within a day: told by the settings only
    assert is_told(idp)
    assert incident(NOW + 5 * DAY) == 1  # and it has lasted


def test_two_accounts_that_agree_cost_a_look_and_a_mail_a_day_and_the_notice_says_how_few(
    world: World, client: Client, idp: Connection, at_once: Any
) -> None:
    def told() -> tuple[list[int], int]:
        return [each.accounts for each in health.failing(idp.org, now=NOW)], len(mail.outbox)

    before = (idp.revisions.get(status="live").pk, idp.is_enabled)
    for minute in range(5):  # they fail, and sign in to take the notice back, again and again
        at_once(lambda: fail(idp, *[BROKEN] * 12, members=(0, 1), now=NOW))
        assert told() == ([2], 1), minute
        succeed(idp)
    at_once(lambda: fail(idp, *[BROKEN] * 3, members=(0, 1)))
    assert "Accounts refused in the last 24 hours: 2" in str(mail.outbox[0].body)
    log_in_with_sso(client, world.olivia)
    assert "of 2 accounts" in client.get("/orgs/acme/settings/sso/").text
    assert (idp.revisions.get(status="live").pk, fresh(idp).is_enabled) == before


def test_a_login_that_passes_writes_nothing_while_nothing_fails(idp: Connection) -> None:
    fail(idp, BROKEN)
    succeed(idp)
    connection = fresh(idp)
    with CaptureQueriesContext(database) as captured:
        activity.record_ok(attempt_of(idp), connection=connection, now=NOW + timedelta(minutes=1))
    assert not [query for query in captured if "connectionhealth" in query["sql"]]


def test_settings_say_it_until_a_login_passes(client: Client, world: World, idp: Connection) -> None:
    log_in_with_sso(client, world.olivia)
    fail(idp, *[BROKEN] * 3)
    for url in ("/orgs/acme/settings/sso/", "/orgs/acme/settings/sso/policy/"):
        page = client.get(url).content.decode()
        assert "Logins by Acme Login have been failing since" in page
        assert "Likely cause: The signing certificate or key changed." in page
        is_overview = url.endswith("/sso/")  # elsewhere the notice leaves room for the page
        assert ("Compare the certificate" in page) is is_overview
    assert "have been failing" not in client.get("/orgs/acme/").content.decode()
    succeed(idp)
    assert "have been failing" not in client.get("/orgs/acme/settings/sso/").content.decode()


def test_a_connection_that_is_switched_off_is_not_complained_about(idp: Connection) -> None:
    fail(idp, *[BROKEN] * 3)
    Connection.objects.update(is_enabled=False)
    assert not is_told(idp)


@pytest.mark.django_db(transaction=True)
def test_failures_at_the_same_time_send_one_mail(transactional_db: None) -> None:
    connection = make_connection(make_org("acme"))
    make_member(connection.org, role=Role.ADMIN)
    in_parallel(lambda: fail(fresh(connection), "idp_unreachable", members=(0,)), times=8)
    assert ConnectionHealth.objects.get().failures_in_a_row == 8
    assert len(mail.outbox) == 1
