"""Acme's portal as a real server, its OP another, and Max's browser between the two."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from lxml import html
from pytest_django.live_server_helper import LiveServer

from sso.models import SSOSession
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, LogoutTokenFault
from tests.demo_idp.tenant import LogoutAnswer
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin, demo_idp, forget_idps, make_acme, register_client

__all__ = ["demo_idp"]


@dataclass(frozen=True, slots=True)
class SingleLogout:
    """Max is signed in at the OP and, through it, at Acme. The OP reaches the portal at its own address."""

    acme: AcmeLogin
    browser: IdPBrowser = field(default_factory=IdPBrowser)

    def sign_in(self) -> None:
        self.acme.bring(self.acme.go_to_idp(browser=self.browser))
        assert self.acme.can_read()

    def press_sign_out(self) -> tuple[str, dict[str, str]]:
        """The button of the page of SSO sessions: where its form goes next, and the form's fields."""
        session = SSOSession.objects.get()
        response = self.acme.client.post(reverse("sso:sign_out", args=[session.pk]))
        page = html.fromstring(response.content)
        (form,) = [form for form in page.iter("form") if "data-auto-submit" in form.attrib]
        fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
        return form.get("action", ""), fields

    def sign_out_here(self) -> IdPAnswer:
        """RP-initiated: from the portal to the OP, and to where it sends the browser back."""
        url, form = self.press_sign_out()
        return self.browser.follow(url, form=form)

    def sign_out_there(self) -> None:
        """OP-initiated: by the button of the OP's own page."""
        self.browser.sign_out(self.acme.tenant.url)

    def assert_signed_out(self) -> None:
        assert not SSOSession.objects.exists()
        assert not self.acme.can_read()

    def assert_token_refused(self, fault: LogoutTokenFault, code: str) -> None:
        """The OP signs Max out with a wrong token: exactly 400, and Max stays in. The honest one signs him out."""
        tenant = self.acme.tenant
        tenant.next_fault(fault)
        with nothing_written_but_refusal(self.acme.org, code, event="org.sso_logout_refused"):
            self.sign_out_there()
        assert tenant.logout_answers == [
            LogoutAnswer(client_id=CLIENT_ID, status=400, cache_control="no-store")
        ]
        assert self.acme.can_read()
        tenant.logout_answers.clear()
        self.sign_in()
        self.sign_out_there()
        assert [answer.status for answer in tenant.logout_answers] == [200]
        self.assert_signed_out()


@pytest.fixture(autouse=True)
def _forget_idps() -> None:
    forget_idps()


@pytest.fixture
def acme(db: None, demo_idp: DemoIdP, client: Client) -> AcmeLogin:
    return make_acme(demo_idp, client)


@pytest.fixture
def portal(live_server: LiveServer) -> Iterator[LiveServer]:
    """Its threads end, with their connections to the database, before the test does."""
    yield live_server
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=5)


@pytest.fixture
def back_channel(portal: LiveServer, acme: AcmeLogin) -> SingleLogout:
    """The OP is registered to tell the portal by its server."""
    return _signed_in(acme, portal, "backchannel")


@pytest.fixture
def front_channel(portal: LiveServer, acme: AcmeLogin) -> SingleLogout:
    """The OP is registered to tell the portal by a frame."""
    return _signed_in(acme, portal, "frontchannel")


def _signed_in(acme: AcmeLogin, portal: LiveServer, channel: str) -> SingleLogout:
    path = reverse(f"sso:oidc_{channel}_logout", args=[acme.connection.uid])
    changes: dict[str, Any] = {f"{channel}_logout_uri": portal.url + path}
    register_client(acme.tenant, acme.connection, **changes)
    single_logout = SingleLogout(acme)
    single_logout.sign_in()
    return single_logout


def text_of(response: Any) -> str:
    """What a page says."""
    return " ".join("".join(map(str, html.fromstring(response.content).itertext())).split())
