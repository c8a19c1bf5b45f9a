"""How often one may guess: allauth's counts, by account wherever the guesses come from, and by address."""

import itertools
from typing import Any

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.emails import add_verified_email
from tests.builders import PASSWORD, make_user

LOGIN = "/accounts/login/"
TOO_MANY = "Too many failed login attempts"
GUESSES = 5  # for an account, in five minutes
OFFICE = 500

_numbers = itertools.count(1)


def guess(email: str = "olivia@acme.example", password: str = "wrong", **how: Any) -> Any:
    """From an address that nobody guessed from before, unless told otherwise."""
    client = Client(**{"REMOTE_ADDR": f"198.51.{next(_numbers) % 200}.{next(_numbers) % 200}", **how})
    return client.post(LOGIN, {"login": email, "password": password})


def is_throttled(response: Any) -> bool:
    return response.status_code == 200 and TOO_MANY in response.text


@pytest.fixture
def olivia(db: None) -> Any:
    return make_user("olivia@acme.example")


@pytest.mark.usefixtures("olivia")
def test_account_is_guarded_against_guesses_from_many_addresses() -> None:
    assert not any(is_throttled(guess()) for _ in range(GUESSES))
    assert is_throttled(guess())
    assert is_throttled(guess(password=PASSWORD))


@pytest.mark.usefixtures("olivia")
def test_made_up_port_or_case_of_the_host_begins_no_new_count() -> None:
    for host in ("testserver:1", "testserver:2", "TESTSERVER", "localhost", "127.0.0.1:99"):
        assert not is_throttled(guess(headers={"Host": host}))
    assert is_throttled(guess(headers={"Host": "testserver:3"}))


def test_another_address_of_the_same_account_begins_no_new_count(olivia: Any) -> None:
    add_verified_email(user=olivia, email="olivia@home.example")
    for email in ("olivia@acme.example", "Olivia@Home.example", "OLIVIA@acme.example") * 2:
        throttled = is_throttled(guess(email))
    assert throttled


@pytest.mark.usefixtures("olivia")
def test_many_other_guesses_make_no_room_by_forgetting_these(settings: Settings) -> None:
    """The cache in the database, as in production: Django's default would keep 300 entries."""
    backend = "django.core.cache.backends.db.DatabaseCache"
    options = {"MAX_ENTRIES": 20_000}
    settings.CACHES = {
        "default": {"BACKEND": backend, "LOCATION": "cache", "OPTIONS": options},
        "throttle": settings.CACHES["throttle"],
    }
    call_command("createcachetable", verbosity=0)
    for _ in range(GUESSES):
        guess()
    for number in range(400):
        caches["default"].set(f"somebody-else:{number}", [1.0], 300)
    assert is_throttled(guess())


@pytest.mark.usefixtures("olivia")
def test_office_behind_one_address_signs_in_and_its_typing_errors_lock_nobody_out() -> None:
    ip = "203.0.113.9"
    page = Client(REMOTE_ADDR=ip).post(LOGIN, {})
    assert page.status_code == 200
    for number in range(OFFICE // 20):  # one in twenty mistypes
        assert not is_throttled(guess(f"person{number}@acme.example", REMOTE_ADDR=ip))
    for _ in range(OFFICE - OFFICE // 20 - 2):
        assert Client(REMOTE_ADDR=ip).post(LOGIN, {}).status_code == 200
    assert guess(password=PASSWORD, REMOTE_ADDR=ip).status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "fields", "allowed"),
    [
        (LOGIN, {}, 600),
        ("/accounts/signup/", {}, 60),
        ("/accounts/password/reset/", {"email": "olivia@acme.example"}, 5),
        ("/accounts/password/reset/key/1-set-password/", {}, 60),
        ("/accounts/2fa/webauthn/login/", {}, 600),
    ],
)
def test_flood_from_one_address_is_turned_away(path: str, fields: dict[str, str], allowed: int) -> None:
    client = Client(REMOTE_ADDR="203.0.113.10")
    for _ in range(allowed):
        assert client.post(path, fields).status_code != 429
    response = client.post(path, fields)
    assert response.status_code == 429
    assert response["Retry-After"] == "60"
    assert "Too many tries" in response.text


def test_second_factor_is_guessed_five_times_by_account(olivia: Any) -> None:
    """A code of six digits: the password was right, the address is another each time."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret  # noqa: PLC0415

    TOTP.activate(olivia, generate_totp_secret())
    answers = []
    for _ in range(GUESSES + 1):
        client = Client(REMOTE_ADDR=f"198.51.101.{next(_numbers) % 200}")
        signed_in = client.post(LOGIN, {"login": "olivia@acme.example", "password": PASSWORD})
        assert signed_in["Location"].startswith("/accounts/2fa/authenticate/")
        answers.append(client.post("/accounts/2fa/authenticate/", {"code": "000000"}).text)
    assert [TOO_MANY in answer for answer in answers] == [False] * GUESSES + [True]
