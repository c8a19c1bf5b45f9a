"""The access explorer's pages: naming somebody and something, and what a stranger sees."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sso.forms import explorer
from sso.models import RecoveryGrant
from tests.builders import make_member, make_page, make_user
from tests.conftest import World, log_in, log_in_with_sso


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    log_in_with_sso(client, world.olivia)
    return client


def ask(client: Client, **question: str) -> str:
    defaults = {"who": "member", "what": "home", "session": "now"}
    response = client.get(reverse("sso:explorer", args=["acme"]), {**defaults, **question})
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def outside(client: Client, *args: str) -> Any:
    return client.get(reverse(f"sso:explorer_outside{'_resource' if args else ''}", args=["acme", *args]))


def test_a_member_is_named_by_words_and_something_by_its_title(admin: Client, world: World) -> None:
    page = ask(admin, person="max", what="resource", resource="private-marker")
    for said in (
        "max@acme.example",
        "Does not get in",
        "Blocked by a page with the button to authenticate (403)",
        "SSO session in this browser?",
        "Blocked until authenticated by single sign-on",
    ):
        assert said in page, said
    page = ask(admin, person="MAX@acme.example", what="resource", resource="private-marker", session="live")
    assert "Gets in" in page
    assert "the role Read reads what is in no resource group" in page


def test_several_that_match_are_offered_and_each_leads_to_an_answer(admin: Client, world: World) -> None:
    other = make_member(world.acme, make_user("maxine@acme.example", name="Maxine"))
    page = ask(admin, person="max", what="resource", resource="marker")
    assert "Several match: choose one of them." in page
    assert "Step by step" not in page
    links = re.findall(r'href="(\?who=[^"]*)"', page)
    assert len(links) == 4
    (to_other,) = [link for link in links if "maxine" in link]
    page = admin.get(reverse("sso:explorer", args=["acme"]) + to_other.replace("&amp;", "&")).content.decode()
    assert other.user.email in page
    assert page.count("Several match") == 1


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"person": ""}, "Name somebody."),
        ({"person": "nobody-by-this-name"}, "There is none by this name."),
        ({"person": "max", "what": "resource"}, "Name a page or an app."),
        ({"person": "max", "what": "resource", "resource": "zzz"}, "There is none by this name."),
        ({"who": "x"}, "Select a valid choice"),
        ({"person": "max", "session": "x"}, "Select a valid choice"),
    ],
)
def test_a_question_that_can_not_be_answered_says_why(
    admin: Client, question: dict[str, str], said: str
) -> None:
    page = ask(admin, **question)
    assert said in page
    assert "Step by step" not in page


def test_people_and_things_of_another_organisation_are_not_found(admin: Client, world: World) -> None:
    make_page(world.globex, "Globex-marker")
    for question in ({"person": "zoe@globex.example"}, {"person": "zoe"}):
        page = ask(admin, **question)
        assert "There is none by this name." in page
    assert "There is none" in ask(admin, person="max", what="resource", resource="globex-marker")
    assert outside(admin, "globex-marker").status_code == 404


def test_one_person_costs_the_same_among_many(
    admin: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_member(world.acme, make_user(f"person{number}@many.example", name="Many"))
    with django_assert_max_num_queries(30):
        assert ask(admin, person="many").count("@many.example</span>") == 10


def test_outsiders_are_asked_about_without_a_name(admin: Client) -> None:
    page = ask(admin, who="outsider", what="members")
    assert "Not found (404), as if it did not exist" in page
    page = ask(admin, who="outsider", what="resource", resource="private-marker")
    assert "It is private: outsiders get" in page
    assert "their role does not" not in page
    assert "Part of what the organisation shows to everybody?" not in page
    page = ask(admin, who="nobody", what="settings")
    assert "Sent to the sign-in page" in page


# --- As outsider ----------------------------------------------------------------------------------------


def test_an_outsiders_page_is_what_a_stranger_gets_below_a_line_that_says_so(
    admin: Client, world: World
) -> None:
    for args, path in (((), "/orgs/acme/"), (("public-marker",), "/orgs/acme/r/public-marker/")):
        response = outside(admin, *args)
        stranger = Client().get(path).content.decode()
        page = re.sub(
            r'<aside class="outside-strip".*?</aside>\s*', "", response.content.decode(), flags=re.DOTALL
        )
        assert without_tokens(page) == without_tokens(stranger)
        assert "as somebody who is not signed in sees it" in response.content.decode()
        assert "form-action 'none'" in response["Content-Security-Policy"]
        for mine in ("Olivia", "olivia@acme.example", "Private-marker"):
            assert mine not in page


def without_tokens(page: str) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]*', r"\1", " ".join(page.split()))


def test_what_a_stranger_does_not_find_is_shown_as_not_found(admin: Client, world: World) -> None:
    page = outside(admin, "private-marker").content.decode()
    really = Client().get("/orgs/acme/r/private-marker/").content.decode()
    assert "private-body-marker" not in page
    assert "Private-marker" not in page
    assert without_tokens(really)[-200:] in without_tokens(page)


def test_looking_as_an_outsider_changes_nothing_of_the_admins_session(admin: Client, world: World) -> None:
    before = dict(admin.session.items())
    response = outside(admin)
    assert dict(admin.session.items()) == before
    assert "sessionid" not in response.cookies
    assert admin.get("/orgs/acme/settings/").status_code == 200


@pytest.mark.parametrize("name", ["explorer", "explorer_outside"])
def test_a_recovery_session_and_members_do_not_get_there(client: Client, world: World, name: str) -> None:
    """Titles and names are not what a recovery session opens."""
    url = reverse(f"sso:{name}", args=["acme"])
    now = timezone.now()
    RecoveryGrant.objects.create(
        org=world.acme,
        user=world.olivia.user,
        code_hash="x",
        redeem_until=now,
        redeemed_at=now,
        browser_session=log_in(client, world.olivia.user),
        expires_at=now + timedelta(hours=1),
    )
    assert client.get("/orgs/acme/settings/sso/").status_code == 200
    assert client.get(url).status_code == 403
    member = Client()
    log_in_with_sso(member, world.max)
    assert member.get(url).status_code == 403


def test_names_are_suggested_while_typing_and_no_more_than_a_bounded_number(
    admin: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert '<option value="max@acme.example">' in ask(admin)
    assert f'<option value="{world.private_page.slug}">{world.private_page.title}' in ask(admin)
    monkeypatch.setattr(explorer, "MAX_SUGGESTED", 1)
    people = re.findall(r'id="explorer-people">(.*?)</datalist>', ask(admin))
    assert people[0].count("<option") == 1
