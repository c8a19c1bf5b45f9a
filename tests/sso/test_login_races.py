"""Two logins at once, and a login beside the change that forbids it: the database lets one win."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from orgs import members
from orgs.roles import Role
from sso import connections, errors, login
from sso.connection_lock import save_for_connection
from sso.members import member_access
from sso.models import Connection, LinkedIdentity, LoginAttempt, SSOSession
from sso.settings_errors import ConnectionGone
from sso.types import Purpose
from tests.builders import (
    make_assertion,
    make_attempt,
    make_connection,
    make_member,
    make_org,
    make_user,
)

# --- Two at once ---------------------------------------------------------------------------------------


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads that start together; each gives its result or the SSOError it raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=30)
            return call()
        except errors.SSOError as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def codes(results: list[object]) -> list[str]:
    return sorted(result.code if isinstance(result, errors.SSOError) else "ok" for result in results)


@pytest.fixture
def real_world(transactional_db: None) -> tuple[Connection, Any]:
    org = make_org("acme")
    return make_connection(org), make_member(org)


@pytest.mark.catalogue("WEB-RACES", "WEB-CODE-REPLAY")
@pytest.mark.django_db(transaction=True)
def test_of_two_callbacks_for_one_attempt_one_gets_it(real_world: tuple[Connection, Any]) -> None:
    connection, member = real_world
    attempt = make_attempt(connection, member.user)

    def call() -> object:
        return login.take_attempt(
            connection=connection,
            state=attempt.state,
            browser_session="browser-1",
            user_id=member.user_id,
            now=timezone.now(),
        )

    assert codes(at_once(call, call, call, call)) == ["attempt_used"] * 3 + ["ok"]


@pytest.mark.django_db(transaction=True)
def test_trip_whose_connection_was_deleted_meanwhile_is_not_begun(real_world: tuple[Connection, Any]) -> None:
    connection, member = real_world
    attempt = login.new_attempt(
        connection=connection,
        revision=connection.revisions.get(),
        user=member.user,
        browser_session="browser-1",
        purpose=Purpose.LOGIN,
        next_path="",
        now=timezone.now(),
    )
    Connection.objects.get(pk=connection.pk).delete()

    with pytest.raises(ConnectionGone):
        save_for_connection(attempt)

    assert not LoginAttempt.objects.exists()


@pytest.mark.catalogue("WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_of_two_answers_to_one_request_one_is_parked(real_world: tuple[Connection, Any]) -> None:
    connection, member = real_world
    attempt = make_attempt(connection, member.user, request_id="_r")

    def call() -> object:
        own = LoginAttempt.objects.get(pk=attempt.pk)
        return login.park_assertion(attempt=own, assertion=make_assertion(connection), now=timezone.now())

    assert codes(at_once(call, call, call, call)) == ["attempt_used"] * 3 + ["ok"]


@pytest.mark.catalogue("WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_of_two_accounts_that_come_as_one_subject_one_is_linked(real_world: tuple[Connection, Any]) -> None:
    connection, member = real_world
    other = make_member(connection.org)
    now: datetime = timezone.now()

    def call_for(user: Any, browser: str) -> Callable[[], object]:
        attempt = make_attempt(connection, user, browser_session=browser)
        assertion = make_assertion(connection, subject="same")
        return lambda: login.complete_login(attempt=attempt, assertion=assertion, now=now)

    results = at_once(call_for(member.user, "b-1"), call_for(other.user, "b-2"))
    assert codes(results) == ["ok", "subject_linked_to_another"]
    assert LinkedIdentity.objects.count() == SSOSession.objects.count() == 1


@pytest.mark.catalogue("WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_one_account_that_logs_in_twice_at_once_is_linked_once(real_world: tuple[Connection, Any]) -> None:
    connection, member = real_world
    assertion = make_assertion(connection, subject="same")

    def call_for(browser: str) -> Callable[[], object]:
        attempt = make_attempt(connection, member.user, browser_session=browser)
        return lambda: login.complete_login(attempt=attempt, assertion=assertion, now=timezone.now())

    assert codes(at_once(call_for("b-1"), call_for("b-2"), call_for("b-2"))) == ["ok"] * 3
    assert LinkedIdentity.objects.count() == 1
    assert SSOSession.objects.count() == 2


@pytest.mark.catalogue("WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_two_joins_at_once_make_one_member(real_world: tuple[Connection, Any]) -> None:
    connection, _ = real_world
    newcomer = make_user()
    assertion = make_assertion(connection, subject="new")

    def call_for(browser: str) -> Callable[[], object]:
        attempt = make_attempt(connection, newcomer, browser_session=browser, purpose=Purpose.JOIN)
        return lambda: login.complete_login(attempt=attempt, assertion=assertion, now=timezone.now())

    assert codes(at_once(call_for("b-1"), call_for("b-2"))) == ["ok", "ok"]
    assert connection.org.memberships.filter(user=newcomer).count() == 1


# --- Whatever takes access away comes wholly before a login or wholly after it ------------------------------


@pytest.mark.catalogue("WEB-RACES", "WEB-REVOKED")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["remove", "unlink", "switch_off"])
def test_a_login_at_the_same_time_as_the_change_that_forbids_it(
    real_world: tuple[Connection, Any], change: str
) -> None:
    connection, member = real_world
    admin = make_member(connection.org, role=Role.ADMIN)
    assertion = make_assertion(connection, subject="same")
    first = make_attempt(connection, member.user)
    login.complete_login(attempt=first, assertion=assertion, now=timezone.now())
    identity = LinkedIdentity.objects.get()
    changes: dict[str, Callable[[], object]] = {
        "remove": lambda: members.remove_member(membership=member, actor=admin.user),
        "unlink": lambda: member_access.unlink_identity(identity=identity, actor=admin.user),
        "switch_off": lambda: connections.switch_off(
            connection=Connection.objects.get(pk=connection.pk), actor=admin.user, accepts_lock_out=True
        ),
    }
    attempt = make_attempt(connection, member.user, browser_session="browser-2")
    results = at_once(
        lambda: login.complete_login(attempt=attempt, assertion=assertion, now=timezone.now()),
        changes[change],
    )
    assert set(codes(results)) <= {"ok", "not_a_member", "configuration_changed"}
    if change != "unlink":  # an unlinked member may come back at once, as a new link
        assert not SSOSession.objects.exists()
