"""A browser on the pages of a SAML IdP: it fills in forms until one of them goes to the portal."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from django.test import Client
from lxml import html
from requests.cookies import RequestsCookieJar

from tests.demo_idp.browser import FORM

MAX_PAGES = 5


@dataclass(frozen=True, slots=True)
class Message:
    """What an IdP's last page sends to us: a form, or without fields a redirect."""

    url: str
    fields: dict[str, str] | None

    def deliver(self, browser: Client) -> Any:
        """Send it across sites, so without our cookie, and follow our redirect in the person's browser."""
        response = self.send()
        return browser.get(response["Location"]) if response.status_code == 303 else response

    def send(self) -> Any:
        """Our answer to it."""
        if self.fields is None:
            return Client().get(self.url)
        return Client().post(self.url, urlencode(self.fields), content_type=FORM)


def sign_in(start: Any, answers: dict[str, str], cookies: RequestsCookieJar | None = None) -> Message:
    """Go where the start page sends the browser, and answer the IdP's form with what it asks for.

    `cookies` are the browser's at the IdP, for a test that goes there again.
    """
    with requests.Session() as http:
        http.trust_env = False  # loopback: no proxy
        http.cookies = RequestsCookieJar() if cookies is None else cookies
        url, fields = _way_to_idp(start)
        for _ in range(MAX_PAGES):
            page = http.request("GET" if fields is None else "POST", url, data=fields, timeout=10)
            page.raise_for_status()
            form = _form(page.content)
            url = urljoin(page.url, form.action or "")
            fields = {name: value or "" for name, value in form.form_values()}
            if "SAMLResponse" in fields:
                return Message(url, fields)
            fields.update({name: value for name, value in answers.items() if name in form.inputs})
    raise AssertionError("the IdP leads in circles")


def carry_to_idp(response: Any, cookies: RequestsCookieJar | None = None) -> requests.Response:
    """Carry a logout message of ours to the IdP, by redirect or by the link or the form of our page."""
    return open_at_idp(*_way_out(response), cookies=cookies)


def open_at_idp(
    url: str, fields: dict[str, str] | None = None, *, cookies: RequestsCookieJar | None
) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        http.cookies = RequestsCookieJar() if cookies is None else cookies
        method = "GET" if fields is None else "POST"
        answer = http.request(method, url, data=fields, timeout=10, allow_redirects=False)
        answer.raise_for_status()
        return answer


def message_in(location: str | None, content: bytes) -> Message:
    """What an IdP's answer makes the browser send to us."""
    if location:
        return Message(location, None)
    form = _form(content)
    return Message(form.action, dict(form.form_values()))


def _way_out(response: Any) -> tuple[str, dict[str, str] | None]:
    if response.status_code == 302:
        return response["Location"], None
    page: Any = html.document_fromstring(response.content)
    links = page.xpath("//main//a[contains(@href, 'SAMLRequest')]/@href")
    if links:
        return links[0], None
    (form,) = [form for form in page.forms if {"SAMLRequest", "SAMLResponse"} & set(form.inputs.keys())]
    return form.action, dict(form.form_values())


def _way_to_idp(start: Any) -> tuple[str, dict[str, str] | None]:
    if start.status_code == 302:
        return start["Location"], None
    assert start.status_code == 200, start.content.decode()
    form = _form(start.content, field="SAMLRequest")
    return form.action, dict(form.form_values())


def _form(content: bytes, *, field: str = "") -> Any:
    """The page's form for the person to send: the one with the field, else the first that is posted."""
    page: Any = html.document_fromstring(content)
    forms = [form for form in page.forms if form.method == "POST" and (not field or field in form.inputs)]
    assert forms, " ".join(page.text_content().split())[:500]
    return forms[0]
