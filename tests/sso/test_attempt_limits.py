"""How many login attempts there are at most, and that deleting very many of them holds nothing up."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sso.attempt_limits import KEEP_EXPIRED, MAX_OPEN
from sso.expired import MAX_ROWS
from sso.login import begin_login, new_attempt
from sso.models import LoginAttempt
from sso.pruning import BATCH, prune
from sso.types import Purpose, SSOProtocol
from tests.builders import live_revision, make_attempt, make_connection
from tests.conftest import World
from tests.sso.settings.certificates import make_certificate

NOW = timezone.now()


@pytest.fixture
def saml(world: World) -> Any:
    return saml_connection(world.acme)


def saml_connection(org: Any) -> Any:
    """A connection whose start asks nobody."""
    return make_connection(
        org, SSOProtocol.SAML, sso_url="https://idp.example.org/sso", certificates=[make_certificate()]
    )


def begin(connection: Any, user: Any, *, now: datetime = NOW) -> LoginAttempt:
    attempt = new_attempt(
        connection=connection,
        revision=live_revision(connection),
        user=user,
        browser_session="browser-1",
        purpose=Purpose.LOGIN,
        next_path="",
        now=now,
    )
    begin_login(attempt)
    return attempt


def test_oldest_open_attempts_of_a_person_make_room(world: World, saml: Any) -> None:
    begun = [
        begin(saml, world.max.user, now=NOW + timedelta(seconds=number)) for number in range(MAX_OPEN + 5)
    ]
    kept = list(LoginAttempt.objects.order_by("pk").values_list("state", flat=True))
    assert kept == [attempt.state for attempt in begun[5:]]


def test_nobody_elses_and_nothing_of_another_organisation_makes_room(world: World, saml: Any) -> None:
    elsewhere = saml_connection(world.globex)
    others = [begin(saml, world.olivia.user), begin(elsewhere, world.max.user)]
    for _ in range(MAX_OPEN + 5):
        begin(saml, world.max.user)
    assert LoginAttempt.objects.count() == MAX_OPEN + len(others)
    assert LoginAttempt.objects.filter(pk__in=[attempt.pk for attempt in others]).count() == len(others)


def test_answered_attempts_do_not_count(world: World, saml: Any) -> None:
    answered = [begin(saml, world.max.user) for _ in range(5)]
    LoginAttempt.objects.update(answered_at=NOW)
    for _ in range(MAX_OPEN + 5):
        begin(saml, world.max.user)
    assert LoginAttempt.objects.count() == MAX_OPEN + len(answered)


def test_long_expired_ones_go_by_the_way_a_few_at_a_time(world: World, saml: Any) -> None:
    long_ago = NOW - KEEP_EXPIRED - timedelta(hours=1)
    for _ in range(MAX_ROWS * 2 + 1):
        make_attempt(saml, world.max.user, expires_at=long_ago)
    recent = make_attempt(saml, world.max.user, expires_at=NOW - timedelta(hours=1))
    for left in (MAX_ROWS + 1, 1, 0):
        begin(saml, world.max.user)
        assert LoginAttempt.objects.filter(expires_at=long_ago).count() == left
    assert LoginAttempt.objects.filter(pk=recent.pk).exists()


def make_many(connection: Any, user: Any, *, number: int) -> None:
    """Attempts that expired long ago."""
    first = make_attempt(connection, user, expires_at=NOW - timedelta(days=5))
    LoginAttempt.objects.bulk_create(
        [
            LoginAttempt(
                state=f"many-{index}",
                org_id=first.org_id,
                connection_id=first.connection_id,
                revision_id=first.revision_id,
                user_id=first.user_id,
                browser_session="b",
                purpose=Purpose.LOGIN,
                created_at=first.created_at,
                expires_at=first.expires_at,
            )
            for index in range(number - 1)
        ],
        batch_size=2000,
    )


@pytest.mark.django_db(transaction=True)
def test_very_many_are_pruned_in_transactions_of_bounded_size(world: World, saml: Any) -> None:
    """Outside a transaction of the test's own, so that each batch's can be seen."""
    number = BATCH * 5 + 7
    make_many(saml, world.max.user, number=number)
    fresh = make_attempt(saml, world.max.user)
    with CaptureQueriesContext(database) as captured:
        assert prune(now=NOW, is_dry_run=False)["login attempts"] == number
    assert list(LoginAttempt.objects.all()) == [fresh]

    deletes = [
        query["sql"] for query in captured if query["sql"].startswith('DELETE FROM "sso_loginattempt"')
    ]
    assert len(deletes) >= 6
    assert all(len(re.findall(r"\d+", sql.partition(" IN ")[2])) <= BATCH for sql in deletes)


def test_what_a_batch_passes_over_is_not_looked_at_again(world: World, saml: Any) -> None:
    """Each batch begins after the last row of the one before."""
    make_many(saml, world.max.user, number=BATCH + 1)
    with CaptureQueriesContext(database) as captured:
        prune(now=NOW, is_dry_run=False)
    selects = [
        query["sql"]
        for query in captured
        if query["sql"].startswith("SELECT") and 'FROM "sso_loginattempt"' in query["sql"]
    ]
    starts = [int(match[1]) for sql in selects if (match := re.search(r'"id" > (\d+)', sql))]
    assert starts == sorted(set(starts))
    assert len(starts) >= 3
