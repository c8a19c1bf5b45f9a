"""A new revision on trial: it serves, but falls back by itself to the one before unless an admin confirms it.

What confirms it is a fresh SSO login of an admin through it: the proof that the admins at least get in. There is no
background job. `Revision.confirm_by` is the deadline and `SSOPolicy.confirm_by` the organisation's earliest one,
which the gate reads with the rest; whoever comes first after it (a page, a login, an IdP, the command for cron) calls
`settle`. All of it happens under the organisation's lock, so that of two that come at once one finds nothing to do,
and a login either confirms in time or is refused.

A trial whose connection is switched off runs on: it can only fall back. Deleting the connection ends it.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Membership
from orgs.roles import Role
from sso import announcements
from sso.connection_lock import lock_connection
from sso.models import Connection, LoginAttempt, Revision, SSOPolicy
from sso.settings_errors import NoTrial

TRIAL_MINUTES = (5, 10, 30, 60)
DEFAULT_TRIAL_MINUTES = 10


def is_due(confirm_by: datetime | None, *, now: datetime) -> bool:
    """Has the time to confirm passed?"""
    return confirm_by is not None and confirm_by <= now


def proven(live: Revision | None) -> Revision | None:
    """What a new revision falls back to: the live one, or what that one would fall back to while on trial itself."""
    if live is None or live.confirm_by is None:
        return live
    return live.replaced


def note_deadline(org_id: int) -> None:
    """Tell the gate when the organisation's next trial ends. Inside the caller's transaction and lock."""
    on_trial = Revision.objects.filter(
        org=org_id, status=Revision.Status.LIVE, confirm_by__isnull=False
    ).order_by("confirm_by")
    earliest = on_trial.values_list("confirm_by", flat=True).first()
    if not SSOPolicy.objects.filter(org=org_id).update(confirm_by=earliest) and earliest is not None:
        SSOPolicy.objects.create(org_id=org_id, confirm_by=earliest)


def confirm_by_login(*, attempt: LoginAttempt, membership: Membership, now: datetime) -> bool:
    """An admin who signed in through the revision on trial has confirmed it. Returns whether this login did.

    Inside the login's transaction and lock. A silent renewal confirms nothing: nobody was there to be let in.
    """
    if attempt.is_silent or membership.role != Role.ADMIN:
        return False
    waiting = Revision.objects.filter(pk=attempt.revision_id, status=Revision.Status.LIVE, confirm_by__gt=now)
    if not waiting.update(confirm_by=None):
        return False
    note_deadline(attempt.org_id)
    audit.record(
        "org.settings.sso.confirm",
        org=membership.org,
        actor=membership.user,
        data={"connection": attempt.connection.name, "revision": attempt.revision.number},
    )
    return True


@transaction.atomic
def settle(*, org_id: int, now: datetime) -> list[Revision]:
    """Let every trial of the organisation fall back whose time has passed. Returns those; none the second time."""
    lock_organisation(org_id)
    overdue = list(
        Revision.objects.filter(org=org_id, status=Revision.Status.LIVE, confirm_by__lte=now).select_related(
            "connection__org", "replaced"
        )
    )
    for trial in overdue:
        lock_connection(trial.connection)
        _fall_back(trial, actor=None, now=now)
    note_deadline(org_id)
    return overdue


def settle_if_due(*, org_id: int, now: datetime) -> None:
    """`settle`, for whoever does not know the deadline. One query while none has passed."""
    if SSOPolicy.objects.filter(org=org_id, confirm_by__lte=now).exists():
        settle(org_id=org_id, now=now)


@transaction.atomic
def go_back(*, connection: Connection, actor: User, now: datetime) -> Revision:
    """Let the revision on trial fall back now. Returns the one that serves again. Raises NoTrial."""
    lock_connection(connection)
    trial = (
        connection.revisions.filter(
            status=Revision.Status.LIVE, confirm_by__isnull=False, replaced__isnull=False
        )
        .select_related("connection__org", "replaced")
        .first()
    )
    if trial is None or trial.replaced is None:
        raise NoTrial
    _fall_back(trial, actor=actor, now=now)
    note_deadline(connection.org_id)
    return trial.replaced


def _fall_back(trial: Revision, *, actor: User | None, now: datetime) -> None:
    """The trial retires, and the revision before it serves again, with the SSO sessions that it gave.

    The retired one keeps its `confirm_by`: the history tells by it that it was never confirmed.
    """
    restored = trial.replaced
    if restored is None:  # nothing to fall back to: to take this one away as well would help nobody
        trial.confirm_by = None
        trial.save(update_fields=["confirm_by"])
        return
    trial.status, trial.retired_at = Revision.Status.RETIRED, now
    trial.save(update_fields=["status", "retired_at"])
    restored.status, restored.retired_at = Revision.Status.LIVE, None
    restored.save(update_fields=["status", "retired_at"])
    audit.record(
        "org.settings.sso.fall_back",
        org=trial.connection.org,
        actor=actor,
        data={
            "connection": trial.connection.name,
            "revision": trial.number,
            "restored": restored.number,
        },
    )
    announcements.trial_fell_back(trial=trial, restored=restored, actor=actor)
