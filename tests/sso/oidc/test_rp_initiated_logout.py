"""Signing out at the OP from the portal (OpenID Connect RP-Initiated Logout 1.0), against the demo IdP."""

from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from lxml import html

from sso.models import LogoutAttempt, SSOSession
from sso.oidc import discovery
from tests.demo_idp import IdPBrowser, OIDCFault
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin

BUTTON = "Sign out at"


@pytest.fixture
def browser() -> IdPBrowser:
    return IdPBrowser()


def press(acme: AcmeLogin) -> Any:
    """The button of the page of SSO sessions."""
    return acme.client.post(reverse("sso:sign_out", args=[SSOSession.objects.get().pk]))


def form_of(response: Any) -> tuple[str, dict[str, str]]:
    """Where the page's own form goes, and its fields."""
    forms = [
        form for form in html.fromstring(response.content).iter("form") if "data-auto-submit" in form.attrib
    ]
    (form,) = forms
    assert form.get("method") == "post"
    fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    return form.get("action", ""), fields


def sessions_page(acme: AcmeLogin) -> str:
    return unescape(acme.client.get(reverse("sso:my_sessions")).content.decode())


def test_request_is_a_post_that_names_the_session_and_the_way_back(acme: AcmeLogin) -> None:
    acme.sign_in()
    response = press(acme)
    url, fields = form_of(response)
    assert url == f"{acme.tenant.url}/end_session"
    assert fields == {
        "id_token_hint": acme.tenant.id_tokens[-1],
        "client_id": CLIENT_ID,
        "post_logout_redirect_uri": f"http://testserver/sso/{acme.connection.uid}/signed-out/",
        "state": LogoutAttempt.objects.get().state,
    }
    assert acme.idp.url in response["Content-Security-Policy"].partition("form-action")[2]
    assert response["Cache-Control"] == "no-store"
    assert not SSOSession.objects.exists()
    assert not acme.can_read()


def test_member_comes_back_to_a_page_that_says_so(acme: AcmeLogin, browser: IdPBrowser) -> None:
    acme.go_to_idp(browser=browser).deliver(acme.client)
    assert BUTTON in sessions_page(acme)
    url, fields = form_of(press(acme))
    answer = browser.follow(url, form=fields)
    assert not acme.tenant.sessions
    page = answer.deliver(acme.client)
    assert page.status_code == 200
    assert "signed out there too" in page.content.decode()
    assert LogoutAttempt.objects.get().answered_at is not None
    assert "signed out there too" not in answer.deliver(acme.client).content.decode()


def test_sign_outs_that_expired_go_with_the_next_one(acme: AcmeLogin) -> None:
    for _ in range(2):
        acme.sign_in()
        press(acme)
    over, pending = LogoutAttempt.objects.order_by("pk")
    LogoutAttempt.objects.filter(pk=over.pk).update(expires_at=over.created_at - timedelta(seconds=1))
    acme.sign_in()
    press(acme)
    assert LogoutAttempt.objects.count() == 2
    assert list(LogoutAttempt.objects.filter(pk__in=[over.pk, pending.pk])) == [pending]


@pytest.mark.parametrize("fault", [OIDCFault.LOGOUT_OTHER_STATE, OIDCFault.LOGOUT_NO_STATE])
def test_other_or_missing_state_changes_nothing(
    acme: AcmeLogin, browser: IdPBrowser, fault: OIDCFault
) -> None:
    acme.go_to_idp(browser=browser).deliver(acme.client)
    acme.tenant.next_fault(fault)
    url, fields = form_of(press(acme))
    answer = browser.follow(url, form=fields)
    page = answer.deliver(acme.client)
    assert page.status_code == 200
    assert "another-state" not in page.content.decode()
    assert "signed out there too" not in page.content.decode()
    assert LogoutAttempt.objects.get().answered_at is None
    assert not SSOSession.objects.exists()
    assert not acme.can_read()


@pytest.mark.parametrize("sealed", ["", "sealed-with-a-key-we-lost"])
def test_session_without_a_readable_id_token_signs_out_all_the_same(acme: AcmeLogin, sealed: str) -> None:
    acme.sign_in()
    SSOSession.objects.update(logout_hint_sealed=sealed)
    _, fields = form_of(press(acme))
    assert "id_token_hint" not in fields
    assert fields["client_id"] == CLIENT_ID


@pytest.mark.parametrize(
    "endpoint",
    [None, "", 7, "http://idp.example/logout", "javascript:alert(1)", "https://idp.example/#x", "/logout"],
)
def test_endpoint_that_cannot_be_used_breaks_no_login(acme: AcmeLogin, endpoint: object) -> None:
    acme.tenant.discovery_changes["end_session_endpoint"] = endpoint
    acme.sign_in()
    assert acme.can_read()
    assert BUTTON not in sessions_page(acme)
    response = press(acme)
    assert (response.status_code, response["Location"]) == (302, reverse("sso:my_sessions"))
    assert "could not be asked" in sessions_page(acme)
    assert not SSOSession.objects.exists()
    assert not LogoutAttempt.objects.exists()


def test_button_shows_where_it_is_not_known_what_the_op_offers(acme: AcmeLogin) -> None:
    acme.sign_in()
    discovery.forget_all()
    acme.idp.requests.clear()
    assert BUTTON in sessions_page(acme)
    assert len(acme.idp.requests) == 0


def test_op_that_is_away_keeps_nobody_signed_in(acme: AcmeLogin) -> None:
    acme.sign_in()
    discovery.forget_all()
    acme.idp.stop()
    assert press(acme).status_code == 302
    assert "could not be asked" in sessions_page(acme)
    assert not acme.can_read()


def test_page_that_posts_to_the_op_leaks_the_token_into_no_address(acme: AcmeLogin) -> None:
    acme.sign_in()
    url, _ = form_of(press(acme))
    assert urlsplit(url).query == ""
