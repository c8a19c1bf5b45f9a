"""Signing out at an IdP and an IdP's logout, as far as they know no protocol."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import AuditEvent
from sso import logout
from sso.models import Connection, LogoutAttempt, SSOSession
from tests.builders import live_revision, make_connection, make_sso_session
from tests.conftest import World


def named(connection: Connection, **names: object) -> dict[str, object]:
    return {
        "connection": connection,
        "issuer": live_revision(connection).issuer,
        "subject": None,
        **names,
    }


def test_an_idp_ends_the_session_it_names_and_no_other(world: World) -> None:
    ended = make_sso_session(world.max, browser_session="one", idp_session_id="sid-1")
    kept = make_sso_session(world.max, browser_session="two", idp_session_id="sid-2")
    assert logout.end_named_by_idp(**named(world.acme_idp, idp_session_ids=["sid-1"])) == 1  # type: ignore[arg-type]
    assert list(SSOSession.objects.all()) == [kept]
    event = AuditEvent.objects.get(event="org.sso_idp_logout")
    assert event.actor == ended.user


def test_an_idp_ends_every_session_of_a_subject(world: World) -> None:
    session = make_sso_session(world.max, browser_session="one")
    make_sso_session(world.max, browser_session="two")
    other = make_sso_session(world.olivia, browser_session="three")
    names = named(world.acme_idp, subject=session.identity.subject)
    assert logout.end_named_by_idp(**names) == 2  # type: ignore[arg-type]
    assert list(SSOSession.objects.all()) == [other]


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"subject": "somebody else"},
        {"idp_session_ids": ["sid-2"]},
        {"subject": "somebody else", "idp_session_ids": ["sid-1"]},
        {"issuer": "https://other.example", "idp_session_ids": ["sid-1"]},
    ],
    ids=str,
)
def test_a_logout_that_names_nobody_ends_nothing(world: World, names: dict[str, object]) -> None:
    make_sso_session(world.max, browser_session="one", idp_session_id="sid-1")
    assert logout.end_named_by_idp(**{**named(world.acme_idp), **names}) == 0  # type: ignore[arg-type]
    assert SSOSession.objects.count() == 1


def test_an_idp_ends_nothing_that_another_connection_opened(world: World) -> None:
    make_sso_session(world.max, browser_session="one", idp_session_id="sid-1")
    other = make_connection(world.globex)
    assert logout.end_named_by_idp(**named(other, idp_session_ids=["sid-1"])) == 0  # type: ignore[arg-type]
    assert SSOSession.objects.count() == 1


def test_the_page_after_a_sign_out_says_the_same_to_everybody(client: Client, world: World) -> None:
    url = reverse("sso:signed_out", args=[world.acme_idp.uid])
    page = client.get(url, {"state": "made-up"})
    assert page.status_code == 200
    assert "Acme" not in page.text
    assert "made-up" not in page.text


def test_a_sign_out_is_answered_once_in_the_browser_that_began_it(world: World) -> None:
    now = timezone.now()
    attempt = LogoutAttempt.objects.create(
        state="state-1",
        org=world.acme,
        connection=world.acme_idp,
        user=world.max.user,
        browser_session="one",
        created_at=now,
        expires_at=now + timedelta(minutes=10),
    )
    answer = {"connection": world.acme_idp, "state": "state-1", "now": now}
    assert logout.take_answered(**answer, browser_session="two") is None  # type: ignore[arg-type]
    assert logout.take_answered(**answer, browser_session="one") == attempt  # type: ignore[arg-type]
    assert logout.take_answered(**answer, browser_session="one") is None  # type: ignore[arg-type]


def test_a_member_signs_out_of_a_session_of_this_browser_only(client: Client, world: World) -> None:
    client.force_login(world.max.user)
    session = make_sso_session(world.max, browser_session="another browser")
    client.post(reverse("sso:sign_out", args=[session.pk]))
    assert SSOSession.objects.count() == 1
