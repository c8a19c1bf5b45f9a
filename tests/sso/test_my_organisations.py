"""A person's own page: what single sign-on knows of them, in their own organisations and nowhere else."""

from html import unescape

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from orgs.roles import Role
from sso.mapping import seen_attributes
from sso.models import LinkedIdentity
from sso.my_organisations import my_organisations
from tests.builders import make_assertion, make_connection, make_member, make_org, make_sso_session, make_user
from tests.conftest import World, log_in, log_in_with_sso

pytestmark = pytest.mark.django_db
PAGE = "/accounts/sso-sessions/"


def text_of(client: Client) -> str:
    return unescape(client.get(PAGE).content.decode())


SENT = {"groups": ["eng-admins"], "shoe_size": "43", "mail": "max@acme.example"}


def test_page_names_the_identity_the_session_and_what_the_idp_said(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    UserSession.objects.create(
        user=world.max.user,
        session_key=client.session.session_key,
        ip="192.0.2.7",
        user_agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
    )
    connection = world.acme.connections.get()
    connection.role_mapping_enabled, connection.role_attribute = True, "groups"
    connection.email_domains = ["acme.example"]
    connection.save()
    LinkedIdentity.objects.filter(user=world.max.user).update(email="max@acme.example")
    assertion = make_assertion(connection, attributes=SENT)
    seen_attributes.remember(
        connection=connection, user=world.max.user, assertion=assertion, now=timezone.now()
    )
    identity = LinkedIdentity.objects.get(org=world.acme, user=world.max.user)

    page = text_of(client)

    for words in (identity.subject, identity.issuer, "eng-admins", "shoe_size"):
        assert words in page
    for words in ("This browser", "Firefox on Windows", "192.0.2.7"):
        assert words in page
    assert "Decides your role" in page
    assert page.count("decides nothing") == 1
    assert "E-mail domains" in page


def test_page_stays_readable_while_the_gate_is_closed_and_offers_to_leave(
    client: Client, world: World
) -> None:
    log_in(client, world.max.user)
    page = text_of(client)
    assert "Acme" in page
    assert f"/orgs/{world.acme.slug}/leave/" in page


def test_nothing_of_another_person_is_on_the_page(client: Client, world: World) -> None:
    make_sso_session(world.olivia, browser_session="other")
    log_in_with_sso(client, world.max)
    others = LinkedIdentity.objects.get(org=world.acme, user=world.olivia.user)
    assert others.subject not in text_of(client)


def test_organisations_without_sso_are_left_out(client: Client, world: World) -> None:
    user = make_user("solo@plain.example")
    make_member(make_org("plain"), user=user, role=Role.READ)
    assert my_organisations(user=user, this_browser="", now=timezone.now()) == []
    log_in(client, user)
    assert "None of your organisations uses single sign-on" in text_of(client)


def test_session_of_this_browser_comes_first_and_alone_counts_as_authenticated(world: World) -> None:
    make_sso_session(world.max, browser_session="here")
    make_sso_session(world.max, browser_session="there")
    for browser, expected in (("here", True), ("elsewhere", False)):
        (mine,) = [
            each
            for each in my_organisations(user=world.max.user, this_browser=browser, now=timezone.now())
            if each.org == world.acme
        ]
        assert mine.is_authenticated is expected
        if expected:
            assert mine.sessions[0].session.browser_session == "here"


def test_number_of_queries_does_not_grow_with_the_organisations(
    world: World, django_assert_max_num_queries: object
) -> None:
    user = make_user("busy@example.com")
    for number in range(5):
        org = make_org(f"org-{number}")
        make_connection(org)
        make_sso_session(make_member(org, user=user), browser_session=f"browser-{number}")
    with django_assert_max_num_queries(7):  # type: ignore[operator]
        assert len(my_organisations(user=user, this_browser="browser-1", now=timezone.now())) == 5
