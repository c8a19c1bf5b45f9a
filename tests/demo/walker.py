"""A person at the demo's portal without a browser: signs in, and walks the way through an IdP over HTTP."""

from typing import Any
from urllib.parse import urljoin

import requests
from lxml import html

from tests.demo.people import PASSWORD, Account
from tests.demo_idp import IdPBrowser

TIMEOUT_SECONDS = 20


class Walker:
    """`portal` is the portal's origin. Keeps cookies for it; the IdP's browser keeps its own."""

    def __init__(self, portal: str) -> None:
        self.portal = portal
        self._idp = IdPBrowser()
        self._http = requests.Session()
        self._http.trust_env = False  # loopback: no proxy

    def open(self, path: str) -> requests.Response:
        return self._http.get(f"{self.portal}{path}", timeout=TIMEOUT_SECONDS)

    def sign_in(self, account: Account) -> None:
        """Sign in to the portal by its login page."""
        page: Any = html.fromstring(self.open("/accounts/login/").content)
        form = next(form for form in page.forms if "password" in form.fields)
        fields = {**dict(form.fields), "login": account.emails[0], "password": PASSWORD}
        response = self._http.post(f"{self.portal}/accounts/login/", fields, timeout=TIMEOUT_SECONDS)
        assert response.status_code == 200, response.status_code
        assert "sessionid" in self._http.cookies, "the portal did not sign us in"

    def send(self, page: requests.Response, button: str, **fields: str) -> requests.Response:
        """Fill in the page's form that has this button, and press it; the page where it ends."""
        document: Any = html.fromstring(page.content)
        ((form, pressed),) = [
            (form, each)
            for form in document.xpath("//main//form[@method='post']")
            for each in form.iter("button")
            if each.text_content().strip() == button
        ]
        assert set(fields) <= set(form.fields), set(fields) - set(form.fields)
        filled = {name: value for name, value in {**dict(form.fields), **fields}.items() if value is not None}
        if pressed.get("name"):
            filled[pressed.get("name")] = pressed.get("value", "")
        response = self._http.post(
            urljoin(page.url, form.get("action") or page.url), filled, timeout=TIMEOUT_SECONDS
        )
        assert response.status_code == 200, (response.status_code, response.text)
        return response

    def press_authenticate(self, blocked: requests.Response, subject: str) -> requests.Response:
        """Press the block page's button, sign in at the IdP, and come back: the page where it ends."""
        page: Any = html.fromstring(blocked.content)
        (button,) = page.xpath("//main//a[contains(., 'Authenticate with')]")
        return self.go_through_idp(button.get("href"), subject)

    def go_through_idp(self, path: str, subject: str) -> requests.Response:
        """Follow a link of the portal that leads to the IdP, sign in there, and come back."""
        start = self._http.get(f"{self.portal}{path}", allow_redirects=False, timeout=TIMEOUT_SECONDS)
        assert start.status_code == 302, start.text
        answer = self._idp.complete_login(start.headers["Location"], subject)
        if answer.form is None:
            return self._http.get(answer.url, timeout=TIMEOUT_SECONDS)
        # The IdP's page posts across sites: no cookie of the portal travels with it.
        posted = requests.post(answer.url, answer.form, allow_redirects=False, timeout=TIMEOUT_SECONDS)
        assert posted.status_code == 303, posted.text
        return self._http.get(
            f"{self.portal}{posted.headers['Location'].removeprefix(self.portal)}", timeout=TIMEOUT_SECONDS
        )
