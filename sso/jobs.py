"""The background jobs of single sign-on. Each is one of our commands, done a step at a time and again when due."""

from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hubsso.jobs.registry import BULK, PERIODIC, job
from hubsso.jobs.steps import work_through
from orgs.models import Organization
from sso import metadata_refreshing, pruning
from sso.enforcing import rollout
from sso.expiring import expiry_warnings
from sso.models import Revision, SSOPolicy
from sso.revisions import trials
from sso.settings_errors import NoLiveConnection

Result = dict[str, int]


@job(every=timedelta(minutes=2), priority=PERIODIC)
def end_trials() -> Result:
    """Let revisions fall back whose trial was not confirmed in time."""
    overdue = list(SSOPolicy.objects.filter(confirm_by__lte=timezone.now()).values_list("org_id", flat=True))
    step = work_through(overdue, lambda org_id: trials.settle(org_id=org_id, now=timezone.now()), key=int)
    return step.result()


@job(every=timedelta(hours=6), priority=PERIODIC)
def refresh_metadata(after: int = 0) -> Result:
    """Read the metadata of every connection that follows a URL again."""

    def refresh(revision: Revision) -> None:
        metadata_refreshing.refresh(revision, now=timezone.now())

    step = work_through(
        metadata_refreshing.followed_revisions(after=after), refresh, key=lambda revision: revision.pk
    )
    if step.last is not None:
        refresh_metadata.enqueue(after=step.last)
    return step.result()


@job(every=timedelta(days=1), priority=PERIODIC)
def send_expiry_warnings(after: int = 0) -> Result:
    """Mail admins about what expires."""

    def send(org: Organization) -> None:
        expiry_warnings.send_due(org, now=timezone.now())

    step = work_through(expiry_warnings.organisations(after=after), send, key=lambda org: org.pk)
    if step.last is not None:
        send_expiry_warnings.enqueue(after=step.last)
    return step.result()


@job(every=timedelta(days=1), priority=PERIODIC, lost_after=timedelta(hours=2))
def prune() -> Result:
    """Delete what expired: browser sessions, what single sign-on no longer needs, and old audit entries."""
    return pruning.prune(now=timezone.now(), is_dry_run=False)


@job(priority=BULK)
def remind_unlinked(org_id: int, actor_id: int) -> Result:
    """Remind those whom an admin's own press left waiting, some at a time."""
    org = Organization.objects.filter(pk=org_id).first()
    actor = User.objects.filter(pk=actor_id).first()
    if org is None or actor is None:
        return {"reminded": 0}
    with transaction.atomic(), suppress(NoLiveConnection):
        reminded = rollout.remind(org=org, actor=actor, now=timezone.now())
        if reminded.has_more:
            remind_unlinked.enqueue(org_id, actor_id)
        return {"reminded": reminded.count}
    return {"reminded": 0}
