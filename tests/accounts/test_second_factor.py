"""The second factor, by its pages: switching on, signing in, recovery codes, switching off; and what is at rest."""

import re
from io import StringIO
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.mfa_adapter import MFAAdapter
from accounts.models import User
from hubsso.crypto import CannotUnseal, is_under_first_key, seal
from tests.builders import PASSWORD, make_user

pytestmark = pytest.mark.django_db

EMAIL = "olivia@acme.example"
ACTIVATE, DEACTIVATE = "/accounts/2fa/totp/activate/", "/accounts/2fa/totp/deactivate/"
AUTHENTICATE, CODES = "/accounts/2fa/authenticate/", "/accounts/2fa/recovery-codes/"
NOW, PERIOD = 1_800_000_000, 30  # seconds


@pytest.fixture(autouse=True)
def _clock_of_the_app_and_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """They agree, and no period ends between the app's code and our look at it."""
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: NOW))


@pytest.fixture
def olivia() -> User:
    return make_user(EMAIL)


def after_password() -> Client:
    """A browser in which the password was right."""
    client = Client()
    client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    return client


def after_password_twice() -> Client:
    """A browser that may change second factors: its person gave the password again since signing in."""
    client = after_password()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def code_of(secret: str) -> str:
    """What an authenticator app shows (RFC 6238)."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, NOW // PERIOD)))


def wrong_code(secret: str) -> str:
    return "000000" if code_of(secret) != "000000" else "000001"


def switch_on(client: Client) -> tuple[str, list[str]]:
    """The secret that the set-up page shows, and the recovery codes that the next page shows."""
    secret = re.search(r">([A-Z2-7]{32})</textarea>", client.get(ACTIVATE).text)
    assert secret is not None
    response = client.post(ACTIVATE, {"code": code_of(secret[1])})
    assert response.headers["Location"] == CODES
    return secret[1], re.findall(r"\b\d{8}\b", client.get(CODES).text)


def test_switching_on_needs_a_code_of_the_secret_shown(olivia: User) -> None:
    client = after_password_twice()
    secret = re.search(r">([A-Z2-7]{32})</textarea>", client.get(ACTIVATE).text)
    assert secret is not None
    page = client.post(ACTIVATE, {"code": wrong_code(secret[1])})
    assert "Incorrect code" in page.text
    assert not Authenticator.objects.exists()


def test_code_of_the_app_completes_the_sign_in(olivia: User) -> None:
    secret, _ = switch_on(after_password_twice())
    client = after_password()
    assert not is_signed_in(client)
    assert "Incorrect code" in client.post(AUTHENTICATE, {"code": wrong_code(secret)}).text
    assert not is_signed_in(client)
    client.post(AUTHENTICATE, {"code": code_of(secret)})
    assert is_signed_in(client)


def test_code_of_the_app_works_once(olivia: User) -> None:
    secret, _ = switch_on(after_password_twice())
    first, second = after_password(), after_password()
    code = code_of(secret)
    first.post(AUTHENTICATE, {"code": code})
    second.post(AUTHENTICATE, {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_pages_stay_closed_between_password_and_code(olivia: User) -> None:
    switch_on(after_password_twice())
    assert after_password().get("/accounts/profile/").status_code == 302


def test_recovery_code_works_once(olivia: User) -> None:
    _, codes = switch_on(after_password_twice())
    assert len(set(codes)) == 10
    first, second, third = after_password(), after_password(), after_password()
    first.post(AUTHENTICATE, {"code": codes[0]})
    second.post(AUTHENTICATE, {"code": codes[0]})
    third.post(AUTHENTICATE, {"code": codes[1]})
    assert [is_signed_in(client) for client in (first, second, third)] == [True, False, True]


def test_recovery_codes_are_shown_once(olivia: User) -> None:
    client = after_password_twice()
    _, codes = switch_on(client)
    page = client.get(CODES).text
    assert not [code for code in codes if code in page]


def test_switching_off_leaves_the_password_alone_and_no_recovery_codes(olivia: User) -> None:
    client = after_password_twice()
    switch_on(client)
    client.post(DEACTIVATE)
    assert not Authenticator.objects.filter(user=olivia).exists()
    assert is_signed_in(after_password())


def test_switching_off_asks_for_a_proof_again_after_a_while(olivia: User, settings: Settings) -> None:
    client = after_password_twice()
    switch_on(client)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert "reauthenticate" in client.post(DEACTIVATE).headers["Location"]
    assert Authenticator.objects.filter(user=olivia, type=Authenticator.Type.TOTP).exists()


# --- At rest -------------------------------------------------------------------------------------------


def everything_stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        return str(cursor.fetchall())


def sealed_texts() -> list[str]:
    rows = Authenticator.objects.order_by("pk").values_list("data", flat=True)
    return [data.get("secret") or data["seed"] for data in rows]


def test_no_secret_is_stored_in_the_clear(olivia: User) -> None:
    secret, codes = switch_on(after_password_twice())
    stored = everything_stored()
    assert not [text for text in (secret, *codes) if text in stored]
    assert len(sealed_texts()) == 2
    assert all(is_under_first_key(text) for text in sealed_texts())


@pytest.mark.parametrize("stored", ["JBSWY3DPEHPK3PXP", "of a lost key"])
def test_secret_that_is_not_sealed_opens_nothing(stored: str) -> None:
    with pytest.raises(CannotUnseal):
        MFAAdapter().decrypt(stored)


def test_secret_of_another_place_is_no_second_factor() -> None:
    with pytest.raises(CannotUnseal):
        MFAAdapter().decrypt(seal("JBSWY3DPEHPK3PXP", context="revision:1:client_secret"))


def test_rotation_brings_seeds_under_the_new_key_and_keeps_what_else_is_there(
    olivia: User, settings: Settings
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    settings.ENCRYPTION_KEYS = [old]
    secret, codes = switch_on(after_password_twice())
    after_password().post(AUTHENTICATE, {"code": codes[0]})
    settings.ENCRYPTION_KEYS = [new, old]
    output = StringIO()

    call_command("rotate_keys", stdout=output)

    assert "mfa.Authenticator.data.secret: 1 resealed, 0 current, 0 unreadable" in output.getvalue()
    assert "mfa.Authenticator.data.seed: 1 resealed, 0 current, 0 unreadable" in output.getvalue()
    settings.ENCRYPTION_KEYS = [new]
    with_app, used, unused = after_password(), after_password(), after_password()
    with_app.post(AUTHENTICATE, {"code": code_of(secret)})
    used.post(AUTHENTICATE, {"code": codes[0]})
    unused.post(AUTHENTICATE, {"code": codes[1]})
    assert [is_signed_in(client) for client in (with_app, used, unused)] == [True, False, True]


def test_rotation_leaves_seeds_alone_in_a_dry_run(olivia: User, settings: Settings) -> None:
    switch_on(after_password_twice())
    before = sealed_texts()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    output = StringIO()
    call_command("rotate_keys", "--dry-run", stdout=output)
    assert "mfa.Authenticator.data.secret: 1 to reseal" in output.getvalue()
    assert sealed_texts() == before


def test_operators_see_no_second_factor_and_no_session_key(client: Client) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    index = client.get("/admin/")
    assert index.status_code == 200
    assert "/admin/mfa/" not in index.text
    assert client.get("/admin/mfa/authenticator/").status_code == 404
    assert client.get("/admin/usersessions/usersession/").status_code == 404
    assert client.get("/admin/account/emailaddress/").status_code == 200


def test_passkeys_are_bound_to_our_origin_whatever_host_was_asked(olivia: User) -> None:
    page = after_password_twice().get("/accounts/2fa/webauthn/add/", headers={"Host": "localhost"})
    assert page.context["js_data"]["creation_options"]["publicKey"]["rp"]["id"] == "testserver"
