"""Every event of the catalogue is recorded by the product and asserted by a test; here those asserted nowhere else."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from orgs import groups, invitations, members, resources
from orgs.audit import EVENTS
from orgs.models import AuditEvent, Membership, Resource
from orgs.resources import ResourceContent
from orgs.roles import Role
from tests.builders import make_group, make_member, make_org, make_page
from tests.orgs.helpers import access_of

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "orgs" / "audit.py"


def event_names_in(*folders: str) -> set[str]:
    """What the code of these folders names between quotation marks, the catalogue itself aside."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != CATALOGUE]
    return {name for path in paths for name in re.findall(r'"(org\.[a-z_.]+)"', path.read_text("utf-8"))}


def test_every_event_is_recorded_somewhere() -> None:
    assert set(EVENTS) - event_names_in("accounts", "orgs", "sso") == set()


def test_every_event_is_asserted_somewhere() -> None:
    assert set(EVENTS) - event_names_in("tests") == set()


@pytest.fixture
def olivia(db: None) -> Membership:
    return make_member(make_org("acme"), role=Role.ADMIN)


def withdraw_an_invitation(olivia: Membership) -> None:
    issued = invitations.invite(
        org=olivia.org, email="max@acme.example", role=Role.READ, actor=olivia.user, now=timezone.now()
    )
    invitations.revoke(invitation=issued.invitation, actor=olivia.user)


def leave(olivia: Membership) -> None:
    make_member(olivia.org, role=Role.ADMIN)
    members.leave(membership=olivia)


def create_a_group(olivia: Membership) -> None:
    groups.create_group(org=olivia.org, name="Research", actor=olivia.user)


def rename_a_group(olivia: Membership) -> None:
    groups.update_group(group=make_group(olivia.org), name="Development", description="", actor=olivia.user)


def give_a_seat(olivia: Membership) -> None:
    groups.set_seat(group=make_group(olivia.org), membership=olivia, role=Role.WRITE, actor=olivia.user)


def take_a_seat(olivia: Membership) -> None:
    seat = make_group(olivia.org).seats.create(org=olivia.org, membership=olivia, role=Role.READ)
    groups.remove_seat(seat=seat, actor=olivia.user)


def change_a_page(olivia: Membership) -> None:
    content = ResourceContent(
        title="New title", visibility=Resource.Visibility.PRIVATE, body="", url="", group=None
    )
    resources.update_resource(
        access=access_of(olivia), actor=olivia.user, resource=make_page(olivia.org), content=content
    )


@pytest.mark.parametrize(
    ("act", "event", "particulars"),
    [
        (withdraw_an_invitation, "org.revoke_invitation", {"email": "max@acme.example"}),
        (leave, "org.leave", {}),
        (create_a_group, "org.group.create", {"group": "Research"}),
        (rename_a_group, "org.group.update", {"group": "Development"}),
        (give_a_seat, "org.group.add_seat", {"group": "Research"}),
        (take_a_seat, "org.group.remove_seat", {"group": "Research"}),
        (change_a_page, "org.resource.update", {"resource": "New title"}),
    ],
)
def test_act_is_recorded_with_its_actor_and_particulars(
    olivia: Membership, act: Callable[[Membership], None], event: str, particulars: dict[str, Any]
) -> None:
    user = olivia.user
    act(olivia)
    recorded = AuditEvent.objects.filter(org=olivia.org).order_by("-seq")[0]
    assert (recorded.event, recorded.actor) == (event, user)
    assert particulars.items() <= recorded.data.items()
