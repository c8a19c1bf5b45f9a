"""Reminding all members without a linked identity: the first at once, the others by a background job."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from hubsso.jobs.backends import runs_inline
from orgs.models import Organization
from sso import jobs
from sso.enforcing import rollout
from sso.enforcing.rollout import Reminded


@transaction.atomic
def remind_everybody(*, org: Organization, actor: User, now: datetime) -> Reminded:
    """`has_more` where the others wait for another press: without a queue. Raises NoLiveConnection."""
    reminded = rollout.remind(org=org, actor=actor, now=now)
    if not reminded.has_more or runs_inline():
        return reminded
    jobs.remind_unlinked.enqueue(org.pk, actor.pk)
    return Reminded(count=reminded.count, has_more=True, others_follow=True)
