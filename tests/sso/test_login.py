"""The one path from an answer to a session: single use, right browser, right configuration, all or nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone

from orgs import members
from orgs.models import AuditEvent
from orgs.roles import Role
from sso import connections, errors, login, member_access
from sso.models import Connection, LinkedIdentity, LoginAttempt, Revision, RoleRule, SSOSession
from sso.types import IdentityAssertion, Purpose, SessionLimit
from tests.builders import (
    live_revision,
    make_assertion,
    make_attempt,
    make_connection,
    make_member,
    make_org,
    make_revision,
    make_user,
)
from tests.conftest import World


def take(world: World, attempt: LoginAttempt, **changes: Any) -> LoginAttempt:
    arguments: dict[str, Any] = {
        "connection": world.acme_idp,
        "state": attempt.state,
        "browser_session": "browser-1",
        "user_id": world.max.user_id,
        "now": timezone.now(),
        **changes,
    }
    return login.take_attempt(**arguments)


def test_an_attempt_is_taken_once(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    assert take(world, attempt).pk == attempt.pk
    with pytest.raises(errors.AttemptUsed):
        take(world, attempt)


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": "made-up"}, errors.AttemptUnknown),
        ({"state": ""}, errors.AttemptUnknown),
        ({"state": "nul-\x00"}, errors.AttemptUnknown),
        ({"browser_session": "browser-2"}, errors.WrongBrowser),
        ({"browser_session": ""}, errors.WrongBrowser),
        ({"user_id": None}, errors.WrongBrowser),
        ({"user_id": 0}, errors.WrongBrowser),
    ],
)
def test_an_answer_that_is_not_this_browsers_is_refused_and_uses_nothing_up(
    world: World, changes: dict[str, Any], error: type[errors.SSOError]
) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    with pytest.raises(error):
        take(world, attempt, **changes)
    assert take(world, attempt).pk == attempt.pk


def test_an_answer_at_another_connection_is_refused(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    with pytest.raises(errors.ConnectionMismatch):
        take(world, attempt, connection=make_connection(world.globex))


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, False), (0, True), (1, True)])
def test_an_attempt_expires(world: World, seconds: int, is_refused: bool) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    now = attempt.expires_at + timedelta(seconds=seconds)
    if is_refused:
        with pytest.raises(errors.AttemptExpired):
            take(world, attempt, now=now)
    else:
        assert take(world, attempt, now=now).pk == attempt.pk


def retire(connection: Connection) -> None:
    connection.revisions.update(status=Revision.Status.RETIRED)


def switch_off(connection: Connection) -> None:
    connection.is_enabled = False
    connection.save()


def replace(connection: Connection) -> None:
    retire(connection)
    make_revision(connection)


@pytest.mark.catalogue("WEB-CONFIG-CHANGED")
@pytest.mark.parametrize("change", [retire, switch_off, replace])
def test_a_configuration_that_changed_on_the_way_voids_the_attempt(
    world: World, change: Callable[[Connection], None]
) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    change(world.acme_idp)
    with pytest.raises(errors.ConfigurationChanged):
        take(world, attempt)


def test_a_draft_serves_tests_only(world: World) -> None:
    draft = make_revision(world.acme_idp, status=Revision.Status.DRAFT)
    test = make_attempt(world.acme_idp, world.max.user, revision=draft, purpose=Purpose.TEST)
    assert take(world, test).pk == test.pk
    real = make_attempt(world.acme_idp, world.max.user, revision=draft)
    with pytest.raises(errors.ConfigurationChanged):
        take(world, real)


# --- SAML's detour: the assertion waits for the browser -------------------------------------------------


def parked(world: World) -> tuple[LoginAttempt, IdentityAssertion, str]:
    attempt = make_attempt(world.acme_idp, world.max.user, request_id="_request")
    assertion = make_assertion(
        world.acme_idp,
        emails=("max@acme.example",),
        attributes={"groups": ["eng"], "nested": {"a": 1}},
        idp_limits=((SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER, timezone.now() + timedelta(hours=2)),),
        idp_session_id="index",
    )
    return attempt, assertion, login.park_assertion(attempt=attempt, assertion=assertion, now=timezone.now())


def come_for(world: World, ticket: str, **changes: Any) -> tuple[LoginAttempt, IdentityAssertion]:
    arguments: dict[str, Any] = {
        "connection": world.acme_idp,
        "ticket": ticket,
        "browser_session": "browser-1",
        "user_id": world.max.user_id,
        "now": timezone.now(),
        **changes,
    }
    return login.take_parked_assertion(**arguments)


def test_a_parked_assertion_comes_back_whole_and_once(world: World) -> None:
    attempt, assertion, ticket = parked(world)
    assert come_for(world, ticket) == (attempt, assertion)
    with pytest.raises(errors.AttemptUnknown):
        come_for(world, ticket)


def test_a_parked_assertion_is_sealed(world: World) -> None:
    attempt, _, ticket = parked(world)
    attempt.refresh_from_db()
    assert "max@acme.example" not in attempt.parked_sealed
    assert ticket not in (attempt.ticket_hash, attempt.parked_sealed)


def test_another_browser_gets_nothing_for_the_ticket(world: World) -> None:
    _, _, ticket = parked(world)
    with pytest.raises(errors.WrongBrowser):
        come_for(world, ticket, browser_session="browser-2")
    with pytest.raises(errors.WrongBrowser):
        come_for(world, ticket, user_id=world.olivia.user_id)


def test_a_second_answer_to_the_same_request_is_refused(world: World) -> None:
    attempt, assertion, _ = parked(world)
    with pytest.raises(errors.AttemptUsed):
        login.park_assertion(attempt=attempt, assertion=assertion, now=timezone.now())
    with pytest.raises(errors.AttemptUsed):
        login.attempt_awaiting(connection=world.acme_idp, request_id="_request", now=timezone.now())


# --- Completing ----------------------------------------------------------------------------------------


def complete(world: World, attempt: LoginAttempt | None = None, **assertion: Any) -> login.CompletedLogin:
    return login.complete_login(
        attempt=attempt or make_attempt(world.acme_idp, world.max.user),
        assertion=make_assertion(world.acme_idp, **assertion),
        now=timezone.now(),
    )


def test_a_login_links_provisions_opens_a_session_and_is_recorded(world: World) -> None:
    world.acme_idp.role_mapping_enabled, world.acme_idp.role_attribute = True, "groups"
    world.acme_idp.save()
    RoleRule.objects.create(connection=world.acme_idp, value="eng", role=Role.WRITE)
    completed = complete(world, subject="s-1", attributes={"groups": ["eng"]})
    assert completed.session.identity.subject == "s-1"
    assert completed.membership.role == Role.WRITE
    assert list(
        AuditEvent.objects.filter(org=world.acme).order_by("seq").values_list("event", flat=True)
    ) == [
        "org.sso_link",
        "org.change_role",
        "org.sso_login",
    ]


def test_logging_in_again_renews_the_browsers_one_session(world: World) -> None:
    first = complete(world).session
    again = complete(world).session
    assert again.pk == first.pk
    assert again.expires_at > first.expires_at


@pytest.mark.parametrize(("seconds", "opens"), [(-59, False), (-1, False), (0, False), (1, True)])
def test_a_session_that_would_be_over_before_it_began_is_not_opened(
    world: World, seconds: int, opens: bool
) -> None:
    """The leeway for clocks accepts a limit that has just passed; a session by it would only go round in circles."""
    now = timezone.now()
    limit = (SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER, now + timedelta(seconds=seconds))
    assertion = make_assertion(world.acme_idp, idp_limits=(limit,))
    attempt = make_attempt(world.acme_idp, world.max.user)
    if opens:
        assert login.complete_login(attempt=attempt, assertion=assertion, now=now).session.expires_at > now
    else:
        with pytest.raises(errors.SessionAlreadyOver):
            login.complete_login(attempt=attempt, assertion=assertion, now=now)
        assert not SSOSession.objects.exists()
        assert not LinkedIdentity.objects.exists()


def test_a_refused_login_writes_nothing(world: World) -> None:
    LinkedIdentity.objects.create(
        org=world.acme, user=world.olivia.user, issuer=live_revision(world.acme_idp).issuer, subject="taken"
    )
    with pytest.raises(errors.SubjectLinkedToAnother):
        complete(world, subject="taken")
    assert not SSOSession.objects.exists()
    assert LinkedIdentity.objects.count() == 1
    assert not AuditEvent.objects.exists()


@pytest.mark.catalogue("WEB-REVOKED")
def test_a_deactivated_account_is_refused(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    world.max.user.is_active = False
    world.max.user.save()
    with pytest.raises(errors.AccountInactive):
        complete(world, attempt)


@pytest.mark.catalogue("WEB-REVOKED")
def test_somebody_removed_on_the_way_is_refused(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    world.max.delete()
    with pytest.raises(errors.NotAMember):
        complete(world, attempt)
    assert not LinkedIdentity.objects.exists()


def test_a_connection_switched_off_before_the_end_is_refused(world: World) -> None:
    attempt = take(world, make_attempt(world.acme_idp, world.max.user))
    switch_off(world.acme_idp)
    with pytest.raises(errors.ConfigurationChanged):
        complete(world, attempt)


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
