"""The one path from an answer to a session: single use, right browser, right configuration, all or nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orgs.models import AuditEvent
from orgs.roles import Role
from sso import errors, login
from sso.models import Connection, LinkedIdentity, LoginAttempt, Revision, RoleRule, SSOSession
from sso.types import IdentityAssertion, Purpose, SessionLimit
from tests.builders import (
    live_revision,
    make_assertion,
    make_attempt,
    make_connection,
    make_revision,
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
