"""Signing in to the portal: by whom, how often one may guess, and where it leads."""

from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.emails import add_verified_email, verified_emails
from accounts.models import User
from tests.builders import PASSWORD, make_user

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

LOGIN = "/accounts/login/"
TOO_MANY = "Too many failed login attempts"


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: str) -> "Response":
    return client.post(LOGIN, {"login": email, "password": password, **extra})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_any_verified_address_signs_in(client: Client, db: None) -> None:
    olivia = make_user("olivia@acme.example")
    add_verified_email(user=olivia, email="olivia@home.example")
    sign_in(client, "Olivia@Home.example")
    assert is_signed_in(client)


def test_unverified_account_is_not_signed_in(client: Client, db: None) -> None:
    make_user("max@acme.example", verified=False)
    response = sign_in(client, "max@acme.example")
    assert response.headers["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)


def test_sixth_wrong_password_for_an_account_is_refused_unseen(client: Client, db: None) -> None:
    make_user("olivia@acme.example")
    for _ in range(5):
        assert TOO_MANY not in sign_in(client, "olivia@acme.example", "wrong").text
    assert TOO_MANY in sign_in(client, "olivia@acme.example", "wrong").text
    assert TOO_MANY in sign_in(client, "olivia@acme.example").text  # the right one, too late
    assert not is_signed_in(client)


def test_guesses_against_one_account_do_not_lock_another(client: Client, db: None) -> None:
    make_user("olivia@acme.example")
    make_user("max@acme.example")
    for _ in range(5):
        sign_in(client, "olivia@acme.example", "wrong")
    sign_in(client, "max@acme.example")
    assert is_signed_in(client)


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_forged_forwarded_address_does_not_reset_the_count(client: Client, db: None) -> None:
    for guess in range(60):
        fields = {"login": f"person{guess}@acme.example", "password": "wrong"}
        client.post(LOGIN, fields, headers={"X-Forwarded-For": f"203.0.113.{guess}"})
    response = client.post(
        LOGIN,
        {"login": "olivia@acme.example", "password": "wrong"},
        headers={"X-Forwarded-For": "198.51.100.7"},
    )
    assert TOO_MANY in response.text


def test_unknown_and_wrong_password_look_alike(client: Client, db: None) -> None:
    make_user("olivia@acme.example")
    message = "The email address and/or password you specified are not correct."
    assert message in sign_in(client, "olivia@acme.example", "wrong").text
    assert message in sign_in(client, "nobody@acme.example", "wrong").text


@pytest.mark.catalogue("WEB-OPEN-REDIRECT")
def test_next_leads_to_our_own_pages_only(client: Client, db: None) -> None:
    make_user("olivia@acme.example")
    ours = sign_in(client, "olivia@acme.example", next="/accounts/profile/")
    assert ours.headers["Location"] == "/accounts/profile/"
    for theirs in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        other = Client()
        assert sign_in(other, "olivia@acme.example", next=theirs).headers["Location"] == "/"


def test_sign_up_asks_for_a_name_and_waits_for_the_mailed_link(client: Client, db: None) -> None:
    fields = {"name": "Max Mustermann", "email": "max@acme.example", "password1": PASSWORD}
    client.post("/accounts/signup/", fields)
    user = User.objects.get(email="max@acme.example")
    assert user.name == "Max Mustermann"
    assert verified_emails(user) == frozenset()
    assert not is_signed_in(client)

    link = next(word for word in mail.outbox[0].body.split() if "/accounts/confirm-email/" in word)
    client.post(link)
    assert verified_emails(user) == {"max@acme.example"}


def test_sign_up_without_a_name_says_so_beside_the_field(client: Client, db: None) -> None:
    page = client.post("/accounts/signup/", {"email": "max@acme.example", "password1": PASSWORD}).text
    assert 'id="id_name_error"' in page
    assert 'aria-describedby="id_name_helptext id_name_error"' in page
    assert not User.objects.exists()


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_mail_links_name_our_origin_whatever_host_was_asked(client: Client, db: None) -> None:
    make_user("olivia@acme.example")
    client.post("/accounts/password/reset/", {"email": "olivia@acme.example"}, headers={"Host": "localhost"})
    message = mail.outbox[0]
    assert "http://testserver/accounts/password/reset/key/" in message.body
    assert "localhost/" not in message.body
    assert "HubSSO · http://testserver" in message.body


def test_password_reset_link_changes_the_password(client: Client, db: None) -> None:
    make_user("olivia@acme.example")
    client.post("/accounts/password/reset/", {"email": "olivia@acme.example"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True)
    path = form.request["PATH_INFO"]
    fields = {"password1": "an entirely new phrase", "password2": "an entirely new phrase"}
    client.post(path, fields)
    sign_in(client, "olivia@acme.example", "an entirely new phrase")
    assert is_signed_in(client)


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
def test_sign_out_is_a_post(client: Client, db: None) -> None:
    client.force_login(make_user())
    assert client.get("/accounts/logout/").status_code == 200
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


def test_admin_site_uses_the_portal_login(client: Client, db: None) -> None:
    make_user("olivia@acme.example", is_staff=True, is_superuser=True)
    client.post("/admin/login/", {"username": "olivia@acme.example", "password": PASSWORD})
    assert not is_signed_in(client)
    assert client.get("/admin/login/").headers["Location"].startswith("/accounts/login/")


def test_admin_pages_of_accounts_open_for_staff_only(client: Client, db: None) -> None:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get("/admin/accounts/user/").status_code == 200
    assert client.get("/admin/accounts/user/add/").status_code == 200
    client.force_login(make_user())
    assert client.get("/admin/accounts/user/").status_code in {302, 403}
