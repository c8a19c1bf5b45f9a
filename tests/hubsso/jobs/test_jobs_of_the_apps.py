"""The jobs of the apps: step by step they reach everybody, once."""

from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from hubsso.jobs import steps
from orgs.jobs import recheck_domains
from orgs.models import Domain
from sso import jobs
from sso.enforcing import reminders, rollout
from tests.builders import make_connection, make_member, make_org, make_user
from tests.conftest import World
from tests.hubsso.jobs.conftest import Work


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every job does one row, and leaves the rest to the next."""
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)


def test_expiry_warnings_look_at_every_organisation(
    queue: None, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    orgs = [make_org(slug) for slug in ("one", "two", "three")]
    for org in orgs:
        make_connection(org)
    looked_at: list[str] = []
    monkeypatch.setattr("sso.expiring.expiry_warnings.send_due", lambda org, now: looked_at.append(org.slug))
    jobs.send_expiry_warnings.enqueue()
    work()
    assert looked_at == ["one", "two", "three"]


def test_every_domain_is_looked_up_again(queue: None, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    org = make_org("acme")
    names = ["a.example", "b.example", "c.example"]
    for name in names:
        Domain.objects.create(org=org, name=name, challenge=name, verified_at=timezone.now())
    looked_up: list[str] = []
    monkeypatch.setattr("orgs.domains.recheck", lambda domain, now: looked_up.append(domain.name))
    recheck_domains.enqueue()
    work()
    assert looked_up == names


def crowd(world: World) -> None:
    for number in range(5):
        make_member(world.globex, make_user(f"m{number}@globex.example", name=f"M{number}"))
    make_connection(world.globex)


def test_all_members_are_reminded_after_one_press(
    queue: None, work: Work, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "REMIND_AT_ONCE", 2)
    crowd(world)
    press = reminders.remind_everybody(org=world.globex, actor=world.zoe.user, now=timezone.now())
    assert press == rollout.Reminded(count=2, has_more=True, others_follow=True)
    work()
    assert len(mail.outbox) == len({message.to[0] for message in mail.outbox}) == 6


@pytest.mark.django_db
def test_without_a_queue_the_others_wait_for_another_press(
    world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(rollout, "REMIND_AT_ONCE", 2)
    crowd(world)
    with django_capture_on_commit_callbacks(execute=True):
        press = reminders.remind_everybody(org=world.globex, actor=world.zoe.user, now=timezone.now())
    assert press == rollout.Reminded(count=2, has_more=True)
    assert len(mail.outbox) == 2


def test_the_rest_is_left_where_the_connection_went_meanwhile(queue: None, work: Work, world: World) -> None:
    jobs.remind_unlinked.enqueue(world.globex.pk, world.zoe.user.pk)
    (row,) = work()
    assert (row.status, row.return_value) == ("SUCCESSFUL", {"reminded": 0})
