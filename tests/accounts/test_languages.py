"""Which language a page is answered in, and that it stays the same bytes for everyone who reads that language."""

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client, RequestFactory
from django.utils import translation

from accounts.models import User
from hubsso import throttle
from tests.builders import PASSWORD, make_user
from tests.conftest import World, log_in

FRENCH = {"Accept-Language": "fr-CH, fr;q=0.9, en;q=0.5"}
LANGUAGE_PATH = "/accounts/language/"


def language_of(client: Client, path: str = "/accounts/language/", **headers: str) -> str:
    response = client.get(path, headers=headers)
    language = response.headers["Content-Language"]
    assert f'<html lang="{language}">' in response.text
    return language


def test_a_page_is_answered_in_the_language_that_the_browser_asks_for(db: None) -> None:
    assert language_of(Client()) == "en"
    assert language_of(Client(), **FRENCH) == "fr"
    assert language_of(Client(), **{"Accept-Language": "tlh, x" + "x" * 600}) == "en"


def test_what_a_person_has_set_counts_in_every_browser(db: None) -> None:
    client = Client()
    log_in(client, make_user("olivia@acme.example", language="fr"))
    assert language_of(client) == "fr"
    client.logout()
    assert language_of(client) == "en"


def test_a_language_that_is_gone_is_as_none(db: None) -> None:
    client = Client()
    log_in(client, make_user("olivia@acme.example", language="tlh"))
    assert language_of(client, **FRENCH) == "fr"


def test_the_profile_page_sets_the_language_and_takes_it_back(db: None) -> None:
    client, olivia = Client(), make_user("olivia@acme.example")
    log_in(client, olivia)
    client.post("/accounts/profile/", {"name": "Olivia", "language": "fr"})
    assert language_of(client) == "fr"
    client.post("/accounts/profile/", {"name": "Olivia", "language": ""})
    assert language_of(client) == "en"
    client.post("/accounts/profile/", {"name": "Olivia", "language": "tlh"})
    olivia.refresh_from_db()
    assert olivia.language == ""


def test_who_signs_up_in_french_is_written_to_in_french(db: None, mailoutbox: list[EmailMessage]) -> None:
    client = Client(headers=FRENCH)
    fields = {"name": "Ines", "email": "ines@acme.example", "password1": PASSWORD}
    assert client.post("/accounts/signup/", fields).status_code == 302
    assert User.objects.get(email="ines@acme.example").language == "fr"
    assert "Confirmez" in mailoutbox[0].subject


@pytest.mark.parametrize(("own", "subject"), [("fr", "Choisissez"), ("en", "Choose"), ("", "Choisissez")])
def test_mails_are_in_the_accounts_language_whoever_asks_for_them(
    db: None, mailoutbox: list[EmailMessage], own: str, subject: str
) -> None:
    make_user("olivia@acme.example", language=own)
    asked_in = {"fr": {}, "en": FRENCH, "": FRENCH}[own]
    Client(headers=asked_in).post("/accounts/password/reset/", {"email": "olivia@acme.example"})
    assert mailoutbox[0].subject.startswith(subject)


def test_a_stranger_chooses_for_this_browser_and_comes_back_to_the_page(db: None) -> None:
    client = Client()
    page = client.get(LANGUAGE_PATH, headers={"Referer": "http://testserver/search/?q=a&b"})
    assert page.context["next"] == "/search/?q=a&b"
    response = client.post(LANGUAGE_PATH, {"language": "fr", "next": page.context["next"]})
    assert response.headers["Location"] == "/search/?q=a&b"
    assert language_of(client) == "fr"
    cookie = response.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_the_choice_of_a_signed_in_person_is_theirs_everywhere(db: None) -> None:
    client, olivia = Client(), make_user("olivia@acme.example")
    log_in(client, olivia)
    client.post(LANGUAGE_PATH, {"language": "fr"})
    olivia.refresh_from_db()
    assert olivia.language == "fr"


@pytest.mark.parametrize("language", ["", "tlh", "../../etc"])
def test_what_is_no_language_of_ours_changes_nothing(db: None, language: str) -> None:
    response = Client().post(LANGUAGE_PATH, {"language": language, "next": "/"})
    assert response.status_code == 200
    assert settings.LANGUAGE_COOKIE_NAME not in response.cookies


@pytest.mark.parametrize(
    "path",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", "/a\r\nb", "/" * 3000],
)
def test_it_leads_to_no_other_site(db: None, path: str) -> None:
    assert Client().post(LANGUAGE_PATH, {"language": "fr", "next": path}).headers["Location"] == "/"
    page = Client().get(LANGUAGE_PATH, headers={"Referer": "https://evil.example/search/"})
    assert page.context["next"] == "/"


def test_it_takes_no_post_from_elsewhere(db: None) -> None:
    assert Client(enforce_csrf_checks=True).post(LANGUAGE_PATH, {"language": "fr"}).status_code == 403


@pytest.mark.parametrize(
    "path", ["/", "/orgs/acme/", "/search/", "/orgs/acme/r/public-marker/", "/nothing/here/"]
)
@pytest.mark.parametrize("headers", [{}, FRENCH], ids=["en", "fr"])
def test_public_pages_are_the_same_for_all_who_read_one_language(
    world: World, path: str, headers: dict[str, str]
) -> None:
    first, second = (Client().get(path, headers=headers) for _ in range(2))
    assert first.content == second.content
    assert {"Accept-Language", "Cookie"} <= set(first.headers["Vary"].split(", "))
    assert not first.cookies


def test_who_is_turned_away_is_told_in_their_language(rf: RequestFactory) -> None:
    for language, title in (("fr", "Trop d"), ("en", "Too many tries")):
        with translation.override(language):
            assert title in throttle.too_many_requests(rf.get("/"), retry_after_seconds=1).content.decode()
