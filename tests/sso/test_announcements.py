"""Mails to admins: best effort, so that no login and no recovery fails because of one."""

from typing import Any

import pytest
from django.core import mail

from orgs.models import Organization
from orgs.roles import Role
from sso import announcements
from tests.builders import make_member, make_org, make_user

pytestmark = pytest.mark.django_db


def announce(org: Organization, run_on_commit: Any) -> None:
    with run_on_commit(execute=True):
        announcements.recovery_opened(org=org, email="olivia@acme.example", is_own_code=False)


def test_a_name_that_no_header_holds_fails_nothing(django_capture_on_commit_callbacks: Any) -> None:
    org = make_org(name="Ac\nme")
    make_member(org, role=Role.ADMIN)
    announce(org, django_capture_on_commit_callbacks)
    assert mail.outbox[0].subject == "Ac me: a recovery session was opened"


def test_an_admin_whose_account_is_switched_off_is_not_written_to(
    django_capture_on_commit_callbacks: Any,
) -> None:
    org = make_org()
    make_member(org, make_user(is_active=False), role=Role.ADMIN)
    make_member(org, role=Role.READ)
    announce(org, django_capture_on_commit_callbacks)
    assert mail.outbox == []


def test_one_address_that_can_not_be_written_to_keeps_no_mail_from_the_others(
    django_capture_on_commit_callbacks: Any,
) -> None:
    org = make_org()
    for email in ("a@acme.example", "b\n@acme.example", "c@acme.example"):
        make_member(org, make_user(email, verified=False), role=Role.ADMIN)
    announce(org, django_capture_on_commit_callbacks)
    assert sorted(message.to[0] for message in mail.outbox) == ["a@acme.example", "c@acme.example"]
