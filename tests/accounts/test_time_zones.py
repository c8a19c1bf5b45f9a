"""Times are shown in the reader's zone: their own choice, else their browser's, else UTC."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.time_zones import COOKIE, choices
from tests.builders import make_user

pytestmark = pytest.mark.django_db


def zone_on_page(own: str, cookie: str, *, signed_in: bool = True) -> str:
    client = Client()
    if signed_in:
        client.force_login(make_user(time_zone=own))
    client.cookies[COOKIE] = cookie
    page = client.get("/")
    return page.text.partition('class="zone-name">')[2].partition("<")[0]


@pytest.mark.parametrize(
    ("own", "cookie", "shown"),
    [
        ("", "", "UTC"),
        ("", "Europe/Paris", "Europe/Paris"),
        ("Asia/Tokyo", "Europe/Paris", "Asia/Tokyo"),
        ("Mars/Olympus", "Europe/Paris", "Europe/Paris"),
        ("", "../../etc/passwd", "UTC"),
        ("", "Europe", "UTC"),
        ("", "<script>", "UTC"),
    ],
)
def test_the_readers_zone(own: str, cookie: str, shown: str) -> None:
    assert zone_on_page(own, cookie) == shown


def test_a_request_leaves_no_zone_to_the_next() -> None:
    zone_on_page("Asia/Tokyo", "")
    assert timezone.get_current_timezone_name() == "UTC"


def test_an_anonymous_page_is_the_same_whatever_the_cookie_says() -> None:
    assert zone_on_page("", "Europe/Paris", signed_in=False) == ""


def test_the_profile_page_sets_the_zone_and_refuses_one_that_is_none() -> None:
    user = make_user()
    client = Client()
    client.force_login(user)
    assert "Buenos Aires" in client.get("/accounts/profile/").text
    client.post("/accounts/profile/", {"name": "Max", "time_zone": "Europe/Berlin"})
    user.refresh_from_db()
    assert user.time_zone == "Europe/Berlin"
    refused = client.post("/accounts/profile/", {"name": "Max", "time_zone": "Mars/Olympus"})
    assert 'id="id_time_zone_error"' in refused.text


def test_choices_begin_with_the_browser_and_group_places() -> None:
    values = [value for value, _ in choices()]
    assert values[:2] == ["", "UTC"]
    assert "Europe" in values
