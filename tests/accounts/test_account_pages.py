"""A person's own pages: profile, addresses, second factor, sessions."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.user_agents import describe
from tests.builders import PASSWORD, make_user

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def signed_in_client(email: str = "olivia@acme.example", user_agent: str = FIREFOX) -> Client:
    """A browser that signed in through the login page, so that allauth lists its session."""
    client = Client(headers={"User-Agent": user_agent})
    client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/profile/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/sessions/",
    ],
)
def test_account_pages_need_a_login_and_show_the_side_navigation(path: str, db: None) -> None:
    make_user("olivia@acme.example")
    anonymous = Client().get(path)
    assert anonymous.status_code == 302
    assert anonymous.headers["Location"].startswith("/accounts/login/")
    client = signed_in_client()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(path)
    assert page.status_code == 200
    assert '<nav aria-label="Account">' in page.text
    assert 'aria-current="' in page.text


def test_profile_page_changes_the_name(db: None) -> None:
    olivia = make_user("olivia@acme.example", name="Olivia")
    client = signed_in_client()
    client.post("/accounts/profile/", {"name": "Olivia Owner"})
    olivia.refresh_from_db()
    assert olivia.name == "Olivia Owner"


def test_profile_page_keeps_what_was_typed_and_says_the_error_beside_the_field(db: None) -> None:
    make_user("olivia@acme.example")
    page = signed_in_client().post("/accounts/profile/", {"name": "x" * 151}).text
    assert "x" * 151 in page
    assert 'id="id_name_error"' in page
    assert "is-invalid" in page


def test_ending_a_session_signs_that_browser_out_at_once(db: None) -> None:
    make_user("olivia@acme.example")
    here, there = signed_in_client(), signed_in_client()
    assert there.get("/accounts/profile/").status_code == 200
    session = UserSession.objects.get(session_key=there.session.session_key)
    here.post(f"/accounts/sessions/{session.pk}/end/")
    assert there.get("/accounts/profile/").status_code == 302
    assert here.get("/accounts/profile/").status_code == 200


def test_a_session_of_somebody_else_cannot_be_ended(db: None) -> None:
    make_user("olivia@acme.example")
    make_user("zoe@globex.example")
    olivia, zoe = signed_in_client(), signed_in_client("zoe@globex.example")
    session = UserSession.objects.get(session_key=olivia.session.session_key)
    assert zoe.post(f"/accounts/sessions/{session.pk}/end/").status_code == 404
    assert olivia.get("/accounts/profile/").status_code == 200


def test_sessions_page_names_browsers_and_marks_this_one(db: None) -> None:
    make_user("olivia@acme.example")
    page = signed_in_client().get("/accounts/sessions/").text
    assert "Firefox on Windows" in page
    assert "This browser" in page


def test_changing_the_password_signs_other_browsers_out(db: None) -> None:
    make_user("olivia@acme.example")
    here, there = signed_in_client(), signed_in_client()
    new = "an entirely new phrase"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    here.post("/accounts/password/change/", fields)
    assert there.get("/accounts/profile/").status_code == 302
    assert here.get("/accounts/profile/").status_code == 200


def test_second_factor_is_asked_for_after_the_password(db: None) -> None:
    olivia = make_user("olivia@acme.example")
    TOTP.activate(olivia, "JBSWY3DPEHPK3PXP")
    client = signed_in_client()
    assert "_auth_user_id" not in client.session
    page = client.get("/accounts/2fa/authenticate/")
    assert "Second factor" in page.text
    assert Authenticator.objects.filter(user=olivia).count() == 1


def test_setting_up_a_second_factor_asks_for_the_password_again(db: None) -> None:
    client = Client()
    client.force_login(make_user("olivia@acme.example"))
    response = client.get("/accounts/2fa/totp/activate/")
    assert response.headers["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("<script>", "Unknown browser"),
    ],
)
def test_user_agents_in_words(user_agent: str, words: str) -> None:
    assert describe(user_agent) == words
