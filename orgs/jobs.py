"""The background jobs of organisations."""

from datetime import timedelta

from django.utils import timezone

from hubsso.jobs.registry import PERIODIC, job
from hubsso.jobs.steps import work_through
from orgs import domains
from orgs.models import Domain


@job(every=timedelta(days=1), priority=PERIODIC)
def recheck_domains(after: int = 0) -> dict[str, int]:
    """Look the records of verified domains up again."""

    def recheck(domain: Domain) -> None:
        domains.recheck(domain, now=timezone.now())

    step = work_through(domains.verified_domains(after=after), recheck, key=lambda domain: domain.pk)
    if step.last is not None:
        recheck_domains.enqueue(after=step.last)
    return step.result()
