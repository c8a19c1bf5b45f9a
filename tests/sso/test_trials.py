"""A new revision on trial: confirmed by an admin's login, or back to the one before by whoever comes first."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs.models import AuditEvent
from orgs.roles import Role
from sso import connections
from sso.enforcing import enforcement
from sso.errors import ConfigurationChanged
from sso.login import CompletedLogin, complete_login
from sso.models import Connection, Revision, RevisionTest, SSOPolicy, SSOSession
from sso.revisions import trials
from sso.settings_errors import NoTrial, RevisionOnTrial
from sso.types import Enforcement
from tests.builders import (
    live_revision,
    make_assertion,
    make_attempt,
    make_connection,
    make_member,
    make_revision,
    set_policy,
)
from tests.conftest import World, log_in, log_in_with_sso
from tests.parallel import in_parallel

TEN_MINUTES = 600
PAGE = "/orgs/acme/r/private-marker/"


def go_live(connection: Connection, actor: User, *, trial_seconds: int = TEN_MINUTES) -> Revision:
    """The next revision, tested and made live."""
    draft = make_revision(connection, status=Revision.Status.DRAFT)
    RevisionTest.objects.create(
        org_id=connection.org_id, revision=draft, user=actor, passed=True, at=timezone.now()
    )
    return connections.go_live(
        connection=connection, revision=draft, actor=actor, now=timezone.now(), trial_seconds=trial_seconds
    )


def log_in_through(
    connection: Connection, user: User, *, now: datetime, silent: bool = False
) -> CompletedLogin:
    attempt = make_attempt(
        connection, user, created_at=now, expires_at=now + timedelta(minutes=5), is_silent=silent
    )
    assertion = make_assertion(connection, subject=f"subject-{user.pk}", authenticated_at=now)
    return complete_login(attempt=attempt, assertion=assertion, now=now)


def pass_the_deadline(connection: Connection) -> None:
    """As if the ten minutes were over. A deadline is in two places."""
    past = timezone.now() - timedelta(seconds=1)
    Revision.objects.filter(connection=connection, confirm_by__isnull=False).update(confirm_by=past)
    SSOPolicy.objects.filter(org=connection.org_id).update(confirm_by=past)


def numbers(connection: Connection) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for revision in connection.revisions.order_by("number"):
        found.setdefault(revision.status, []).append(revision.number)
    return found


def deadline_of(world: World) -> datetime | None:
    return SSOPolicy.objects.get(org=world.acme).confirm_by


# --- Beginning -----------------------------------------------------------------------------------------


def test_trial_begins_where_there_is_something_to_fall_back_to(world: World) -> None:
    live = go_live(world.acme_idp, world.olivia.user)
    assert live.replaced is not None
    assert live.replaced.number == 1
    assert live.confirm_by == deadline_of(world)
    assert numbers(world.acme_idp) == {"retired": [1], "live": [2]}


def test_first_live_revision_has_no_trial(world: World) -> None:
    first = make_connection(world.acme, status=Revision.Status.RETIRED)
    live = go_live(first, world.olivia.user)
    assert live.confirm_by is None
    assert deadline_of(world) is None


def test_no_trial_while_switched_off_because_nobody_could_confirm(world: World) -> None:
    Connection.objects.filter(pk=world.acme_idp.pk).update(is_enabled=False)
    assert go_live(world.acme_idp, world.olivia.user).confirm_by is None


def test_new_revision_made_live_during_a_trial_falls_back_to_what_is_proven(world: World) -> None:
    go_live(world.acme_idp, world.olivia.user)
    third = go_live(world.acme_idp, world.olivia.user)
    assert third.replaced is not None
    assert third.replaced.number == 1
    pass_the_deadline(world.acme_idp)
    trials.settle(org_id=world.acme.pk, now=timezone.now())
    assert numbers(world.acme_idp) == {"live": [1], "retired": [2, 3]}


def test_an_organisation_without_rules_can_have_a_trial(world: World) -> None:
    SSOPolicy.objects.filter(org=world.acme).delete()
    go_live(world.acme_idp, world.olivia.user)
    policy = SSOPolicy.objects.get(org=world.acme)
    assert policy.enforcement == Enforcement.OFF
    assert policy.confirm_by is not None


# --- Confirming ----------------------------------------------------------------------------------------


def test_admin_who_signs_in_through_it_confirms_it(world: World) -> None:
    go_live(world.acme_idp, world.olivia.user)
    completed = log_in_through(world.acme_idp, world.olivia.user, now=timezone.now())
    assert completed.has_confirmed_revision
    assert live_revision(world.acme_idp).confirm_by is None
    assert deadline_of(world) is None
    entry = AuditEvent.objects.get(event="org.settings.sso.confirm")
    assert (entry.actor, entry.data["revision"]) == (world.olivia.user, 2)
    later = timezone.now() + timedelta(days=1)
    assert trials.settle(org_id=world.acme.pk, now=later) == []
    assert not log_in_through(world.acme_idp, world.olivia.user, now=timezone.now()).has_confirmed_revision


@pytest.mark.parametrize(("person", "silent"), [("max", False), ("olivia", True)])
def test_neither_a_members_login_nor_a_silent_one_confirms(world: World, person: str, silent: bool) -> None:
    go_live(world.acme_idp, world.olivia.user)
    user = world.person(person)
    assert user is not None
    assert not log_in_through(world.acme_idp, user, now=timezone.now(), silent=silent).has_confirmed_revision
    assert live_revision(world.acme_idp).confirm_by is not None


def test_a_login_after_the_deadline_is_refused_and_confirms_nothing(world: World) -> None:
    live = go_live(world.acme_idp, world.olivia.user)
    assert live.confirm_by is not None
    with pytest.raises(ConfigurationChanged):
        log_in_through(world.acme_idp, world.olivia.user, now=live.confirm_by)
    assert not SSOSession.objects.exists()


# --- Falling back --------------------------------------------------------------------------------------


def open_a_page(world: World) -> None:
    Client().get(world.public_page.get_absolute_url())  # a stranger's


def open_home(world: World) -> None:
    client = Client()
    log_in(client, world.max.user)
    client.get("/")


def start_a_login(world: World) -> None:
    client = Client()
    log_in(client, world.max.user)
    client.get("/orgs/acme/sso/?choose=1")


def ask_as_the_idp(world: World) -> None:
    Client().get(reverse("sso:oidc_jwks", args=[world.acme_idp.uid]))


def run_the_command(world: World) -> None:
    out = StringIO()
    call_command("end_trials", stdout=out)
    assert out.getvalue() == "acme: Acme Login is back at revision 1\n"


@pytest.mark.parametrize(
    "come",
    [open_a_page, open_home, start_a_login, ask_as_the_idp, run_the_command],
    ids=lambda call: call.__name__,
)
def test_whoever_comes_first_after_the_deadline_ends_the_trial(
    world: World, come: Callable[[World], None]
) -> None:
    go_live(world.acme_idp, world.olivia.user)
    pass_the_deadline(world.acme_idp)
    come(world)
    assert numbers(world.acme_idp) == {"live": [1], "retired": [2]}
    assert deadline_of(world) is None


def test_members_session_of_before_is_valid_again_on_the_very_request_that_ends_the_trial(
    client: Client, world: World, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    log_in_with_sso(client, world.max)
    go_live(world.acme_idp, world.olivia.user)
    assert client.get(PAGE).status_code == 403
    pass_the_deadline(world.acme_idp)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        assert client.get(PAGE).status_code == 200
    entry = AuditEvent.objects.get(event="org.settings.sso.fall_back")
    assert entry.actor is None
    assert entry.data == {"connection": "Acme Login", "revision": 2, "restored": 1}
    (letter,) = mail.outbox
    assert letter.to == ["olivia@acme.example"]
    assert "revision 1" in letter.subject


def test_session_that_has_expired_meanwhile_stays_expired(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    go_live(world.acme_idp, world.olivia.user)
    SSOSession.objects.update(expires_at=timezone.now(), org_limit_at=timezone.now())
    pass_the_deadline(world.acme_idp)
    assert client.get(PAGE).status_code == 403


def test_a_trial_that_is_not_over_costs_the_gate_no_query(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    with CaptureQueriesContext(database) as without:
        client.get(PAGE)
    go_live(make_connection(world.acme), world.olivia.user)
    with CaptureQueriesContext(database) as during:
        assert client.get(PAGE).status_code == 200
    assert len(during) == len(without)


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_at_once_one_ends_the_trial(world: World) -> None:
    go_live(world.acme_idp, world.olivia.user)
    pass_the_deadline(world.acme_idp)
    now = timezone.now()
    ended = in_parallel(lambda: trials.settle(org_id=world.acme.pk, now=now), times=2)
    assert sorted(len(trial) for trial in ended) == [0, 1]
    assert AuditEvent.objects.filter(event="org.settings.sso.fall_back").count() == 1
    assert numbers(world.acme_idp) == {"live": [1], "retired": [2]}


# --- What else happens during a trial ------------------------------------------------------------------


def test_switched_off_connection_falls_back_all_the_same(world: World) -> None:
    go_live(world.acme_idp, world.olivia.user)
    connections.switch_off(connection=world.acme_idp, actor=world.olivia.user, accepts_lock_out=True)
    pass_the_deadline(world.acme_idp)
    trials.settle(org_id=world.acme.pk, now=timezone.now())
    assert numbers(world.acme_idp) == {"live": [1], "retired": [2]}
    assert not Connection.objects.get(pk=world.acme_idp.pk).is_enabled


def test_deleted_connection_leaves_no_deadline(world: World) -> None:
    go_live(world.acme_idp, world.olivia.user)
    connections.delete_connection(connection=world.acme_idp, actor=world.olivia.user, accepts_lock_out=True)
    assert deadline_of(world) is None


def test_the_gate_waits_for_the_earliest_of_several_trials(world: World) -> None:
    other = make_connection(world.acme)
    go_live(world.acme_idp, world.olivia.user, trial_seconds=3600)
    sooner = go_live(other, world.olivia.user, trial_seconds=300)
    assert deadline_of(world) == sooner.confirm_by
    trials.go_back(connection=other, actor=world.olivia.user, now=timezone.now())
    assert deadline_of(world) == live_revision(world.acme_idp).confirm_by


def test_admin_can_go_back_before_the_trial_is_over(world: World) -> None:
    go_live(world.acme_idp, world.olivia.user)
    restored = trials.go_back(connection=world.acme_idp, actor=world.olivia.user, now=timezone.now())
    assert restored.number == 1
    assert numbers(world.acme_idp) == {"live": [1], "retired": [2]}
    assert AuditEvent.objects.get(event="org.settings.sso.fall_back").actor == world.olivia.user
    with pytest.raises(NoTrial):
        trials.go_back(connection=world.acme_idp, actor=world.olivia.user, now=timezone.now())


def test_putting_an_old_revision_back_during_a_trial_makes_a_draft_and_ends_nothing(world: World) -> None:
    live = go_live(world.acme_idp, world.olivia.user)
    connections.put_back(
        connection=world.acme_idp,
        revision=world.acme_idp.revisions.get(number=1),
        actor=world.olivia.user,
        now=timezone.now(),
    )
    assert numbers(world.acme_idp) == {"retired": [1], "live": [2], "draft": [3]}
    assert deadline_of(world) == live.confirm_by


def test_enforcing_waits_for_the_end_of_the_trial(client: Client, world: World) -> None:
    set_policy(world.acme, Enforcement.OPTIONAL)
    oscar = make_member(world.acme, role=Role.ADMIN)
    go_live(world.acme_idp, oscar.user)
    browser_session = log_in_with_sso(client, world.olivia)
    missing = enforcement.what_step_needs(
        org=world.acme,
        enforcement=Enforcement.ENFORCED,
        user=world.olivia.user,
        browser_session=browser_session,
        now=timezone.now(),
    )
    assert isinstance(missing[0], RevisionOnTrial)
