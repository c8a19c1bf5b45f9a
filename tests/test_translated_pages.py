"""Every page in a language that marks what was translated: no text of ours stands outside the marks.

What people and identity providers have named stays as it is, and so do codes, addresses and words of the protocols.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import trans_real

from orgs import audit
from sso.types import SSOProtocol
from tests.builders import make_connection
from tests.conftest import World, log_in, log_in_with_sso
from tests.org_things import things_of
from tests.orgs.test_audit_words import RECORDED
from tests.translations import LANGUAGE, MarkedLanguage
from tests.urls import Route, all_routes

# Elements whose text is nobody's language.
RAW = frozenset({"code", "time", "script", "style", "textarea", "pre", "svg"})
RAW_CLASS = re.compile(r"\b(font-monospace|avatar|app-icon|vendor-mark|audit-details)\b")
VOID = frozenset({"area", "base", "br", "hr", "img", "input", "link", "meta", "source", "wbr"})
ATTRIBUTES = frozenset({"alt", "aria-label", "data-confirm", "label", "placeholder", "title"})
# Names, and words that every language takes over.
NAMES = re.compile(
    r"\S+@\S+|https?://\S*|[\w.-]+\.(example|org|com)\b|\borg\.[\w.]+|\b[0-9A-F]{2}(:[0-9A-F]{2})+\b"
    r"|\b[A-Z2-9]{4}-[A-Z2-9]{4}\b|\b(P|Person|RS|PS|ES)\d+\b|\bAcme (Login|IdP \d)|\bacme (page|group)"
    r"|\bacme-\w+|\bsubject-\d+\b"
    r"|\b(Public-marker|Private-marker|HubSSO|Acme|Globex|Olivia|Max|Nina|Zoe|hubsso)\b"
    r"|\b(English|Français|UTC|OpenID Connect|SAML( 2\.0)?|OIDC|EdDSA|CSV|JSON|HTTP-(Redirect|POST)|groups)\b"
)
WORD = re.compile(r"[^\W\d_]{2,}")
# What others answer to, and what a page for one purpose alone needs.
NOT_PAGES = re.compile(r"^admin:|^mfa_(login|download)|jwks|_metadata$|certificate$|_csv$|^styleguide")


class Texts(HTMLParser):
    """Collects the texts of a page that stand outside ⟦ and ⟧."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []  # of each open element: is its text raw?
        self.depth = 0
        self.unmarked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_raw = tag in RAW or given.get("lang") == "en"
        is_raw = is_raw or bool(RAW_CLASS.search(given.get("class") or ""))
        is_raw = is_raw or (tag == "option" and "/" in (given.get("value") or ""))  # a time zone's name
        for name in ATTRIBUTES & given.keys():
            self._look_at(given[name] or "", is_whole=True)
        if tag not in VOID:
            self.open.append(is_raw or (bool(self.open) and self.open[-1]))

    def handle_endtag(self, tag: str) -> None:
        if self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        is_raw = bool(self.open) and self.open[-1]
        self._look_at(data, is_raw=is_raw)

    def _look_at(self, text: str, *, is_whole: bool = False, is_raw: bool = False) -> None:
        depth, outside = 0 if is_whole else self.depth, ""
        for letter in text:
            if letter == "⟦":
                depth += 1
            elif letter == "⟧":
                depth -= 1
            elif depth == 0:
                outside += letter
        if not is_whole:
            self.depth = depth
        if not is_raw and WORD.search(NAMES.sub(" ", outside)):
            self.unmarked.append(" ".join(outside.split()))


def unmarked_in(page: str) -> list[str]:
    texts = Texts()
    texts.feed(page)
    return texts.unmarked


@pytest.fixture
def full_world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with something on every page, whose people read the marked language."""
    monkeypatch.setitem(trans_real._translations, LANGUAGE, MarkedLanguage())  # type: ignore[attr-defined]
    for membership in (world.olivia, world.max):
        membership.user.language = LANGUAGE
        membership.user.save()
    for event in audit.EVENTS:
        audit.record(event, org=world.acme, actor=world.olivia.user, data=RECORDED[event])
    return world


def pages(world: World) -> Iterator[tuple[str, Any]]:
    """Every page that a GET answers: an admin's, a blocked member's and a stranger's."""
    admin, member, stranger = Client(), Client(), Client(headers={"Accept-Language": LANGUAGE})
    log_in_with_sso(admin, world.olivia)
    log_in(member, world.max.user)
    saml = make_connection(world.acme, SSOProtocol.SAML, sso_url="https://idp.example.org/sso")
    things = things_of(world.acme)
    for route in all_routes():
        if route.name and not NOT_PAGES.search(route.name):
            yield from pages_of(route, {**things, "token": "t" * 43}, admin, stranger)
            if "connection_uid" in route.arguments:
                yield from pages_of(route, {**things, "connection_uid": saml.uid}, admin)
    for path in ("/", "/orgs/acme/", "/accounts/sso-sessions/", "/orgs/acme/sso/?choose=1"):
        yield f"max {path}", member.get(path)


def pages_of(route: Route, things: dict[str, Any], *clients: Client) -> Iterator[tuple[str, Any]]:
    if not route.arguments <= things.keys():
        return
    path = route.path(**things)
    for client in clients:
        yield f"{route.name} {path}", client.get(path)


def test_no_page_shows_a_text_that_cannot_be_translated(full_world: World) -> None:
    found, seen = [], 0
    for what, response in pages(full_world):
        if response.headers.get("Content-Type", "").startswith("text/html") and response.content:
            seen += 1
            found += [f"{what}: {text}" for text in unmarked_in(response.content.decode())]
    assert seen > 100
    if found:
        pytest.fail("\n".join(found), pytrace=False)
