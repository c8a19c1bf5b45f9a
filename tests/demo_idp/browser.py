"""Walks the demo IdP's pages over HTTP as a browser would, for tests whose own client cannot leave its site.

location = client.get(start_url)["Location"]       # Django's test client stops here
answer = complete_login(location, "max")           # real HTTP at the IdP
response = answer.deliver(client)                  # back to Django: the callback's GET or the ACS's POST
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from lxml import etree, html

from tests.demo_idp.config import Person

TIMEOUT_SECONDS = 10
MAX_STEPS = 10
FORM = "application/x-www-form-urlencoded"  # what a browser sends; the test client's own choice is multipart


class IdPPageError(AssertionError):
    """The IdP showed an error page, or a page without the button that was looked for."""


class PortalClient(Protocol):
    """The part of Django's test client that `deliver` uses."""

    def get(self, path: str, **extra: Any) -> Any: ...

    def post(self, path: str, data: Any, **extra: Any) -> Any: ...


@dataclass(frozen=True)
class IdPAnswer:
    """Where the IdP sends the browser: a GET of `url`, or a POST of `form` to it."""

    url: str
    form: dict[str, str] | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The form's fields, or the URL's query parameters."""
        if self.form is not None:
            return self.form
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}

    def deliver(self, client: PortalClient, **extra: Any) -> Any:
        """Do it with Django's test client, which gets `extra` too; the answer is its response."""
        if self.form is None:
            return client.get(self.url, **extra)
        return client.post(self.url, urlencode(self.form), content_type=FORM, **extra)


class IdPBrowser:
    """A browser with its own cookies, so that a second login may find the IdP session of the first."""

    def __init__(self) -> None:
        self._http = requests.Session()
        self._http.trust_env = False  # loopback: no proxy
        self.frames: list[requests.Response] = []  # what other sites answered in frames

    def complete_login(
        self, url: str, person: Person | str, *, form: dict[str, str] | None = None, experiment: str = ""
    ) -> IdPAnswer:
        """Go to the IdP (by POST if a `form` is given), sign in as the person if asked, and come back.

        An IdP session or `auto_login` may answer before the person is asked for. `experiment` is picked in the
        page's failure lab. Raises IdPPageError.
        """
        subject = person if isinstance(person, str) else person.subject
        return self._walk(url, form, {"subject": subject}, experiment)

    def cancel_login(self, url: str, *, form: dict[str, str] | None = None) -> IdPAnswer:
        """Go to the IdP and press Cancel. Raises IdPPageError."""
        return self._walk(url, form, {"cancel": "1"})

    def follow(self, url: str, *, form: dict[str, str] | None = None) -> IdPAnswer:
        """Go to the IdP and come back without pressing anything. Raises IdPPageError if a page asks."""
        return self._walk(url, form, None)

    def sign_out(self, idp_url: str) -> None:
        """Press "Sign out" on the IdP's own page, and let what follows load."""
        response = self._open(f"{idp_url}/logout", {})
        if not response.is_redirect:
            self._load_frames(response)

    def _load_frames(self, response: requests.Response) -> str | None:
        """Load a page's frames, which belong to other sites; where the page then leads. None for one without."""
        page = html.fromstring(response.content)
        frames = [frame.get("src", "") for frame in page.iter("iframe")]
        for url in frames:
            # Without cookies: browsers keep them out of frames of other sites.
            headers = {"Connection": "close"}
            self.frames.append(
                requests.get(url, headers=headers, allow_redirects=False, timeout=TIMEOUT_SECONDS)
            )
        links = [link.get("href", "") for link in page.iter("a") if link.get("id") == "continue"]
        return urljoin(response.url, links[0]) if frames else None

    def _walk(
        self,
        url: str,
        form: dict[str, str] | None,
        button: dict[str, str] | None,
        experiment: str = "",
    ) -> IdPAnswer:
        idp = urlsplit(url).netloc
        for _ in range(MAX_STEPS):
            if urlsplit(url).netloc != idp:
                return IdPAnswer(url, form)
            response = self._open(url, form)
            after_frames = None if response.is_redirect else self._load_frames(response)
            if response.is_redirect:
                url, form = urljoin(url, response.headers["Location"]), None
            elif after_frames is not None:
                url, form = after_frames, None
            else:
                url, form = _press(response, button, experiment)
        raise IdPPageError("the IdP leads in circles")

    def _open(self, url: str, form: dict[str, str] | None) -> requests.Response:
        method = "GET" if form is None else "POST"
        return self._http.request(method, url, data=form, allow_redirects=False, timeout=TIMEOUT_SECONDS)


def complete_login(
    url: str, person: Person | str, *, form: dict[str, str] | None = None, experiment: str = ""
) -> IdPAnswer:
    """`IdPBrowser.complete_login` in a browser without a past."""
    return IdPBrowser().complete_login(url, person, form=form, experiment=experiment)


def cancel_login(url: str, *, form: dict[str, str] | None = None) -> IdPAnswer:
    """`IdPBrowser.cancel_login` in a browser without a past."""
    return IdPBrowser().cancel_login(url, form=form)


def _press(
    response: requests.Response, button: dict[str, str] | None, experiment: str
) -> tuple[str, dict[str, str]]:
    """The next request: the page's own form, or the login form with the button that was asked for."""
    page = html.fromstring(response.content)
    if response.status_code != HTTPStatus.OK:
        raise IdPPageError(f"{response.status_code}: {_text(page)}")
    for form in page.iter("form"):
        action = urljoin(response.url, form.get("action", ""))
        if form.get("id") == "post-form":
            return action, _hidden_fields(form)
        if form.get("id") == "login-form" and button is not None and _has_button(form, button):
            return action, {**_hidden_fields(form), **button, **_picked(form, experiment)}
    raise IdPPageError(f"no way on from {response.url.partition('?')[0]}, looking for {button}")


def _text(page: etree._Element) -> str:
    return " ".join(str(page.xpath("string()")).split())


def _hidden_fields(form: etree._Element) -> dict[str, str]:
    fields = (field for field in form.iter("input") if field.get("type") == "hidden")
    return {field.get("name", ""): field.get("value", "") for field in fields}


def _picked(form: etree._Element, experiment: str) -> dict[str, str]:
    """The choice in the failure lab, as the page offers it."""
    choices = [field for field in form.iter("input") if field.get("type") == "radio"]
    for choice in choices:
        if choice.get("value") == experiment:
            return {choice.get("name", ""): experiment}
    raise IdPPageError(f"the page offers no experiment {experiment!r}")


def _has_button(form: etree._Element, button: dict[str, str]) -> bool:
    return any(button == {element.get("name"): element.get("value")} for element in form.iter("button"))
