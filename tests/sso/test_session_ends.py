"""What ends an SSO session: on the very next request, in every browser it was open in."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orgs import members
from sso import connections, sessions
from sso.models import Revision, RevisionTest, SSOSession
from sso.types import SessionLimit
from tests.builders import make_connection, make_member, make_revision, make_sso_session
from tests.conftest import World, log_in, log_in_with_sso

PAGE = "/orgs/acme/r/private-marker/"


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def revoke(world: World) -> None:
    sessions.end_sessions_of_user(org=world.acme, user=world.max.user)


def leave(world: World) -> None:
    members.leave(membership=world.max)


def remove(world: World) -> None:
    members.remove_member(membership=world.max, actor=world.olivia.user)


def disable_account(world: World) -> None:
    world.max.user.is_active = False
    world.max.user.save()


def switch_connection_off(world: World) -> None:
    make_connection(world.acme)  # another live connection does not keep this one's sessions alive
    world.acme_idp.is_enabled = False
    world.acme_idp.save()


def make_a_new_revision_live(world: World) -> None:
    draft = make_revision(world.acme_idp, status=Revision.Status.DRAFT)
    RevisionTest.objects.create(
        org=world.acme, revision=draft, user=world.olivia.user, passed=True, at=timezone.now()
    )
    connections.go_live(
        connection=world.acme_idp, revision=draft, actor=world.olivia.user, now=timezone.now()
    )


def let_it_expire(world: World) -> None:
    SSOSession.objects.update(expires_at=timezone.now())


def delete_the_connection(world: World) -> None:
    world.acme_idp.delete()


@pytest.mark.catalogue("WEB-REVOKED")
@pytest.mark.parametrize(
    "end",
    [
        revoke,
        leave,
        remove,
        disable_account,
        switch_connection_off,
        make_a_new_revision_live,
        let_it_expire,
        delete_the_connection,
    ],
)
def test_access_ends_on_the_next_request_in_every_browser(world: World, end: Callable[[World], None]) -> None:
    laptop, phone = Client(), Client()
    log_in_with_sso(laptop, world.max)
    log_in_with_sso(phone, world.max)
    assert is_in(laptop)
    assert is_in(phone)
    end(world)
    assert not is_in(laptop)
    assert not is_in(phone)


def test_a_portal_logout_ends_all_of_that_browsers_sso_sessions_and_no_others(world: World) -> None:
    make_member(world.globex, world.max.user)
    make_connection(world.globex)
    laptop, phone = Client(), Client()
    browser_session = log_in_with_sso(laptop, world.max)
    make_sso_session(world.globex.memberships.get(user=world.max.user), browser_session=browser_session)
    log_in_with_sso(phone, world.max)
    laptop.post("/accounts/logout/")
    assert not SSOSession.objects.filter(browser_session=browser_session).exists()
    log_in(laptop, world.max.user)
    assert not is_in(laptop)
    assert is_in(phone)


@pytest.mark.catalogue("WEB-FIXATION")
def test_a_session_opens_the_gate_for_its_own_browser_and_user_only(world: World) -> None:
    laptop, phone = Client(), Client()
    browser_session = log_in_with_sso(laptop, world.max)
    log_in(phone, world.max.user)
    assert not is_in(phone)
    SSOSession.objects.filter(browser_session=browser_session).update(user=world.olivia.user)
    assert not is_in(laptop)


@pytest.mark.catalogue("WEB-FIXATION")
def test_somebody_else_signing_in_with_the_same_browser_takes_nothing_over(
    client: Client, world: World
) -> None:
    log_in_with_sso(client, world.max)
    client.force_login(world.olivia.user)
    assert not is_in(client)


@pytest.mark.catalogue("WEB-REVOKED")
def test_leaving_and_coming_back_does_not_revive_a_session(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    members.leave(membership=world.max)
    make_member(world.acme, world.max.user)
    assert not is_in(client)


@pytest.mark.parametrize(("seconds", "expected"), [(60, True), (-1, False)])
def test_an_idp_limit_ends_the_session_before_the_organisations_does(
    client: Client, world: World, seconds: int, expected: bool
) -> None:
    now: datetime = timezone.now()
    make_sso_session(
        world.max,
        browser_session=log_in(client, world.max.user),
        expires_at=now + timedelta(seconds=seconds),
        limit=SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER,
        silent_renewal_tried=True,
    )
    assert is_in(client) is expected


def test_my_sessions_page_lists_and_ends_my_own(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    other = make_sso_session(world.olivia, browser_session="other")
    mine = SSOSession.objects.get(user=world.max.user)
    page = client.get("/accounts/sso-sessions/").content.decode()
    assert "Acme" in page
    assert "the organisation&#x27;s session length" in page
    client.post(f"/accounts/sso-sessions/{other.pk}/end/")
    assert SSOSession.objects.filter(pk=other.pk).exists()
    client.post(f"/accounts/sso-sessions/{mine.pk}/end/")
    assert not is_in(client)
