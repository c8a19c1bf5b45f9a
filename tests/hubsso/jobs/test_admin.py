"""Jobs in Django's admin: staff look at them and let one run again; nothing else."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from hubsso.jobs import schedule
from hubsso.jobs.models import PeriodicJob
from tests.builders import make_user
from tests.hubsso.jobs.conftest import Work, rows
from tests.hubsso.jobs.example_jobs import hopeless
from tests.hubsso.jobs.test_schedule import NOW

JOBS = "/admin/jobs/queuedjob/"
PERIODIC = "/admin/jobs/periodicjob/"


@pytest.fixture
def failed(work: Work) -> str:
    """The id of a job that failed for good."""
    hopeless.enqueue()
    return str(work()[0].pk)


def signed_in(client: Client, *permissions: str) -> Client:
    user = make_user("staff@hub.example")
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def test_operator_sees_why_a_job_failed_and_can_change_nothing(client: Client, failed: str) -> None:
    staff = signed_in(client, "view_queuedjob", "change_queuedjob", "delete_queuedjob")
    assert "hopeless" in staff.get(JOBS).content.decode()
    page = staff.get(f"{JOBS}{failed}/change/").content.decode()
    assert "It would never work." in page
    assert 'name="_save"' not in page
    assert staff.post(f"{JOBS}{failed}/change/", {"status": "READY"}).status_code == 403
    assert staff.post(f"{JOBS}{failed}/delete/", {"post": "yes"}).status_code == 403
    assert staff.get(f"{JOBS}add/").status_code == 403


@pytest.mark.parametrize(
    ("permission", "status"), [("change_queuedjob", "READY"), ("view_queuedjob", "FAILED")]
)
def test_who_may_change_jobs_may_run_one_again(
    client: Client, failed: str, permission: str, status: str
) -> None:
    staff = signed_in(client, "view_queuedjob", permission)
    staff.post(JOBS, {"action": "run_again", "_selected_action": [failed]})
    assert rows()[0].status == status


def test_periodic_job_can_be_run_soon(client: Client, queue: None) -> None:
    schedule.know_all(now=NOW)
    schedule.enqueue_due(now=NOW)
    name = "sso.jobs.refresh_metadata"
    staff = signed_in(client, "view_periodicjob", "change_periodicjob")
    assert name in staff.get(PERIODIC).content.decode()
    staff.post(PERIODIC, {"action": "run_soon", "_selected_action": [name]})
    assert PeriodicJob.objects.get(name=name).next_run_at > NOW
