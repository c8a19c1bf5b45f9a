"""Whatever ends a portal session ends that browser's SSO sessions, and no other browser's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.session_store import SessionStore
from sso import sessions
from sso.browser import browser_session_in
from sso.models import SSOSession
from tests.builders import PASSWORD, make_sso_session, make_user
from tests.conftest import World

NEW_PASSWORD = "an entirely new phrase"


def sign_in(world: World, person: str = "max", *, client: Client | None = None) -> Client:
    """A browser that signed in by the login page, so that its session is listed, and has SSO for Acme."""
    client = client or Client()
    user = world.person(person)
    assert user is not None
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    membership = getattr(world, person)
    make_sso_session(membership, browser_session=name_of(client))
    return client


def has_sso(world: World) -> set[str]:
    """The browser sessions that the admin's list shows as live; nothing else may be left over."""
    live = sessions.live_sessions(org=world.acme, now=timezone.now())
    assert live.count() == SSOSession.objects.count()
    return set(live.values_list("browser_session", flat=True))


def name_of(client: Client) -> str:
    return browser_session_in(client.session)


def end_from_the_list(laptop: Client, phone: Client) -> None:
    listed = UserSession.objects.get(session_key=phone.session.session_key)
    laptop.post(f"/accounts/sessions/{listed.pk}/end/")


def end_all_others(laptop: Client, phone: Client) -> None:
    laptop.post("/accounts/sessions/")


def change_the_password(laptop: Client, phone: Client) -> None:
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    laptop.post("/accounts/password/change/", fields)


def sign_out(laptop: Client, phone: Client) -> None:
    phone.post("/accounts/logout/")


def take_over(laptop: Client, phone: Client) -> None:
    phone.force_login(make_user())


def let_it_expire(laptop: Client, phone: Client) -> None:
    key = phone.session.session_key
    Session.objects.filter(session_key=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    call_command("prune")


def unlist(laptop: Client, phone: Client) -> None:
    UserSession.objects.filter(session_key=phone.session.session_key).delete()


@pytest.mark.parametrize(
    "end",
    [end_from_the_list, end_all_others, change_the_password, sign_out, take_over, let_it_expire, unlist],
)
def test_sso_of_the_one_browser_ends_and_of_the_other_stays(
    world: World, end: Callable[[Client, Client], None]
) -> None:
    laptop, phone = sign_in(world), sign_in(world)
    assert has_sso(world) == {name_of(laptop), name_of(phone)}
    end(laptop, phone)
    assert has_sso(world) == {name_of(laptop)}
    assert laptop.get("/orgs/acme/r/private-marker/").status_code == 200


def reset_password(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "max@acme.example"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    path = client.get(link, follow=True).request["PATH_INFO"]
    response = client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert response.headers["Location"] == "/accounts/password/reset/key/done/"


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_password_reset_ends_sso_everywhere(world: World, is_signed_in: bool) -> None:
    laptop, _phone, olivia = sign_in(world), sign_in(world), sign_in(world, "olivia")
    reset_password(laptop if is_signed_in else Client())
    assert has_sso(world) == {name_of(olivia)}


def test_password_set_by_an_operator_ends_sso_everywhere(world: World) -> None:
    sign_in(world)
    operator = Client()
    operator.force_login(make_user(is_staff=True, is_superuser=True))
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    operator.post(f"/admin/accounts/user/{world.max.user_id}/password/", fields)
    assert has_sso(world) == set()


def test_operator_who_sets_their_own_password_stays_signed_in(world: World) -> None:
    world.max.user.is_staff = world.max.user.is_superuser = True
    world.max.user.save()
    client = sign_in(world)
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(f"/admin/accounts/user/{world.max.user_id}/password/", fields)
    assert client.get("/admin/").status_code == 200
    assert has_sso(world) == set()


@pytest.mark.parametrize("comes_back", ["the browser itself", "another browser of the person"])
def test_sessions_that_a_password_changed_elsewhere_made_void_end_once_they_are_met(
    world: World, comes_back: str
) -> None:
    phone = sign_in(world)
    world.max.user.set_password(NEW_PASSWORD)
    world.max.user.save()
    if comes_back == "the browser itself":
        phone.get("/accounts/profile/")
    else:
        Client().post("/accounts/login/", {"login": "max@acme.example", "password": NEW_PASSWORD})
    assert has_sso(world) == set()


@pytest.mark.catalogue("WEB-REVOKED")
def test_deactivated_account_has_no_live_session(world: World) -> None:
    sign_in(world)
    world.max.user.is_active = False
    world.max.user.save()
    assert not sessions.live_sessions(org=world.acme, now=timezone.now()).exists()


def test_session_stays_listed_and_its_sso_lives_on_when_its_key_rotates(world: World) -> None:
    laptop, phone = sign_in(world), sign_in(world)
    former = phone.session.session_key
    store = SessionStore(former)
    store.cycle_key()
    assert store.session_key != former
    assert not UserSession.objects.filter(session_key=former).exists()
    assert has_sso(world) == {name_of(laptop), browser_session_in(store)}
    listed = UserSession.objects.get(session_key=store.session_key)

    laptop.post(f"/accounts/sessions/{listed.pk}/end/")

    assert has_sso(world) == {name_of(laptop)}
    assert not Session.objects.filter(session_key=store.session_key).exists()


def test_key_that_rotates_keeps_what_was_there_at_once(db: None) -> None:
    store = SessionStore()
    store["kept"] = "yes"
    store.create()
    store["kept"] = "still"
    store.cycle_key()
    assert SessionStore(store.session_key)["kept"] == "still"


def test_anonymous_sessions_end_without_a_word(world: World) -> None:
    client = sign_in(world)
    store = SessionStore()
    store.create()
    store.flush()
    SessionStore().delete()
    assert has_sso(world) == {name_of(client)}
