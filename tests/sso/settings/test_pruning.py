"""What `prune` deletes, and what it keeps."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db.models import Model
from django.utils import timezone

from accounts.session_store import SessionStore
from hubsso.days import hour_of
from orgs.models import AuditEvent, Organization
from sso.models import (
    ConsumedMessage,
    ExpiryWarning,
    HandOver,
    HeldPost,
    LinkReminder,
    LoginAttempt,
    LoginCount,
    LoginRecord,
    LogoutAttempt,
    RecoveryGrant,
    RecoveryTry,
    RefusalTrace,
    ReportedBlock,
    Revision,
    RevisionTest,
    SeenAttributes,
    SSOSession,
)
from tests.builders import live_revision, make_connection, make_sso_session
from tests.conftest import World
from tests.sso.settings.conftest import AcmeSettings

MODELS: list[type[Model]] = [
    LoginAttempt,
    ConsumedMessage,
    LogoutAttempt,
    HeldPost,
    SSOSession,
    RefusalTrace,
    RecoveryGrant,
    RecoveryTry,
    RevisionTest,
    ReportedBlock,
    LinkReminder,
    SeenAttributes,
    LoginRecord,
    LoginCount,
    ExpiryWarning,
    HandOver,
    AuditEvent,
]


@pytest.fixture
def rows(acme: AcmeSettings) -> None:
    """Of every kind one row that is long over and one that still matters."""
    connection = make_connection(acme.org)
    Organization.objects.update(audit_retention_days=30)
    for name, away in (("old", -timedelta(days=100)), ("fresh", timedelta(hours=1))):
        at = timezone.now() + away
        who = {"org": acme.org, "user": acme.max.user}
        HandOver.objects.create(
            org=acme.org, connection=connection, token_hash=name, created_at=at, expires_at=at
        )
        LoginAttempt.objects.create(
            **who,
            state=name,
            connection=connection,
            revision=live_revision(connection),
            browser_session="b",
            purpose="login",
            created_at=at,
            answered_at=at,
            expires_at=at,
        )
        LogoutAttempt.objects.create(
            **who,
            state=name,
            connection=connection,
            browser_session="b",
            created_at=at,
            expires_at=at,
        )
        ConsumedMessage.objects.create(
            org=acme.org, issuer="i", kind="assertion", message_id=name, expires_at=at
        )
        HeldPost.objects.create(
            **who, token_hash=name, browser_session="b", path="/", fields_sealed="x", expires_at=at
        )
        make_sso_session(acme.max, browser_session=name, expires_at=at, org_limit_at=at)
        RefusalTrace.objects.create(
            org=acme.org, reference=name, code="c", admin_detail="d", at=at, expires_at=at
        )
        RecoveryGrant.objects.create(**who, code_hash=name, redeem_until=at)
        RecoveryTry.objects.create(**who, at=at)
        RevisionTest.objects.create(**who, revision=live_revision(connection), passed=True, at=at)
        SeenAttributes.objects.create(
            org=acme.org,
            connection=connection,
            user=acme.max.user if name == "old" else acme.admin,
            seen_at=at,
            expires_at=at,
        )
        ReportedBlock.objects.create(**who, hour=hour_of(at), channel="html", path="/")
        reminded = acme.max.user if name == "old" else acme.admin
        LinkReminder.objects.create(org=acme.org, user=reminded, sent_at=at)
        AuditEvent.objects.create(org=acme.org, seq=1 if name == "old" else 2, event="org.update", at=at)
        end = {"org": acme.org, "connection": connection, "purpose": "login", "outcome": "ok"}
        LoginRecord.objects.create(**end, at=at)
        LoginCount.objects.create(**end, hour=hour_of(at))
        ExpiryWarning.objects.create(
            org=acme.org, connection=connection, kind="certificate", name=name, days=7, sent_at=at
        )


def counts() -> list[int]:
    return [model._default_manager.count() for model in MODELS]


def prune(*arguments: str) -> str:
    output = StringIO()
    call_command("prune", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.usefixtures("rows")
def test_what_is_over_goes_and_the_rest_stays() -> None:
    assert prune().count("deleted 1 ") == len(MODELS)
    assert counts() == [1] * len(MODELS)
    # browser sessions, begun connections, the claims of tests, jobs
    assert prune().count("deleted 0 ") == len(MODELS) + 6


@pytest.mark.usefixtures("rows")
def test_dry_run_deletes_nothing() -> None:
    assert prune("--dry-run").count("would delete 1 ") == len(MODELS)
    assert counts() == [2] * len(MODELS)


def test_browser_sessions_end_when_their_time_has_passed(acme: AcmeSettings) -> None:
    Session.objects.create(
        session_key="old",
        session_data=SessionStore().encode({}),
        expire_date=timezone.now() - timedelta(seconds=1),
    )
    assert "would delete 1 browser sessions" in prune("--dry-run")
    assert "deleted 1 browser sessions" in prune()
    assert Session.objects.exclude(session_key="old").exists()


def test_session_that_may_renew_silently_is_kept(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    long_ago = timezone.now() - timedelta(days=30)
    make_sso_session(acme.max, browser_session="max", expires_at=long_ago)
    prune()
    assert SSOSession.objects.exists()


def test_redeemed_recovery_is_kept_while_it_is_open(acme: AcmeSettings) -> None:
    now = timezone.now()
    RecoveryGrant.objects.create(
        org=acme.org,
        user=acme.admin,
        code_hash="h",
        redeem_until=now - timedelta(minutes=5),
        redeemed_at=now - timedelta(minutes=10),
        browser_session="b",
        expires_at=now + timedelta(minutes=50),
    )
    prune()
    assert RecoveryGrant.objects.exists()


def test_old_test_results_go_but_the_newest_of_a_revision_in_use_stays(world: World) -> None:
    now = timezone.now()
    live = live_revision(world.acme_idp)
    for days in (20, 10, 9):
        RevisionTest.objects.create(
            org=world.acme, revision=live, user=world.olivia.user, passed=True, at=now - timedelta(days=days)
        )
    recent = RevisionTest.objects.create(
        org=world.acme, revision=live, user=world.max.user, passed=False, at=now - timedelta(days=1)
    )
    prune()
    kept = set(RevisionTest.objects.values_list("user", "at"))
    assert kept == {(world.olivia.user_id, now - timedelta(days=9)), (world.max.user_id, recent.at)}
    live.status = Revision.Status.RETIRED
    live.save()
    prune()
    assert list(RevisionTest.objects.all()) == [recent]
