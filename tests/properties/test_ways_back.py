"""Where a login may return to, and the names of attempts: whatever is asked for, the browser stays with us."""

import re
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sso.models import LinkedIdentity, LoginAttempt, SSOSession
from sso.return_paths import safe_path, with_next
from sso.types import SSOProtocol
from tests.builders import make_attempt, make_connection
from tests.conftest import World, log_in
from tests.demo_idp import IdPAnswer
from tests.properties.strategies import words
from tests.rollback import rolled_back

ORIGIN = "https://portal.example"
HOST = "portal.example"
PIECES = (
    "/",
    "//",
    "\\",
    "/\\",
    ":",
    "@",
    ".",
    "..",
    "?",
    "#",
    "%2f",
    "%5c",
    "%0d%0a",
    "%09",
    "\t",
    "\r\n",
    "\n",
    "\0",
    " ",
    "\u2024",
    "\uff0f",
    "\u2215",
    "\u3002",
    "\ufeff",
    "\u00a0",
    "\u2028",
    "evil.example",
    "evil\u3002example",
    "javascript",
    "data",
    "https",
    "http",
    "orgs",
    "[::1]",
    "x",
)
wishes = st.one_of(
    words,
    st.text(max_size=30).map("/{}".format),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda pieces: "/" + "".join(pieces)),
)


def host_a_browser_goes_to(location: str) -> str | None:
    """The host by the WHATWG URL standard's basic parser, as far as it matters here: `location` seen on our page.

    Browsers strip C0 controls and blanks at the ends, drop tabs and line breaks anywhere, and read `\\` as `/`.
    None for another scheme.
    """
    text = re.sub(r"[\t\n\r]", "", location.strip("".join(map(chr, range(0x21)))))
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text)
    if scheme and scheme.group().lower() not in ("http:", "https:"):
        return None
    if scheme:
        text = text[scheme.end() :]
    path = text.partition("?")[0].partition("#")[0].replace("\\", "/")
    if not scheme and not path.startswith("//"):
        return HOST
    return path.lstrip("/").partition("/")[0].rpartition("@")[2].partition(":")[0] or None


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("/orgs/", HOST),
        ("//evil.example/", "evil.example"),
        ("/\\evil.example/", "evil.example"),
        ("/\t/evil.example", "evil.example"),
        ("https:evil.example", "evil.example"),
        ("\x00//evil.example", "evil.example"),
        ("//x@evil.example:8000/", "evil.example"),
        ("javascript:alert(1)", None),
        ("?next=//evil.example", HOST),
    ],
)
def test_the_browser_here_reads_as_browsers_do(location: str, host: str | None) -> None:
    assert host_a_browser_goes_to(location) == host


@pytest.mark.catalogue("WEB-OPEN-REDIRECT")
@settings(max_examples=500)
@given(wish=wishes)
@example(wish="/\\evil.example")
@example(wish="/%5cevil.example")
@example(wish="/\u3002/evil.example")
@example(wish="/\n/evil.example")
def test_way_back_never_leaves_our_origin(wish: str) -> None:
    path = safe_path(wish, fallback="/home/")
    assert path in (wish, "/home/")
    assert host_a_browser_goes_to(path) == HOST
    assert urlsplit(urljoin(ORIGIN, path)).netloc == HOST
    assert not any(ord(character) < 0x20 or ord(character) == 0x7F for character in path)
    assert safe_path(path, fallback="/x/") == path


@given(wish=wishes, page=st.sampled_from(["/orgs/acme/sso/", "/orgs/acme/sso/?choose=1"]))
def test_way_back_travels_in_the_query_and_nowhere_else(wish: str, page: str) -> None:
    path = safe_path(wish, fallback="")
    url = with_next(page, path)
    assert url.startswith(page)
    if path:
        assert unquote(url.rpartition("next=")[2].replace("+", " ")) == path
        assert "#" not in url


# --- The pages that take it ----------------------------------------------------------------------------


@pytest.mark.catalogue("WEB-OPEN-REDIRECT")
@given(wish=wishes)
def test_pages_that_take_a_way_back_keep_the_browser_here(world: World, client: Client, wish: str) -> None:
    with rolled_back():
        log_in(client, world.max.user)
        answers = [
            client.post("/sso/skip/", {"next": wish}),
            client.get("/accounts/login/", {"next": wish}),
            client.get("/orgs/acme/sso/", {"next": wish, "choose": "1"}),
        ]
        for response in answers:
            assert response.status_code in (200, 302, 400)
            if response.status_code == 302:
                assert host_a_browser_goes_to(response["Location"]) == HOST


names = st.one_of(wishes, st.text(alphabet="abcXYZ019-_", max_size=64), st.text(max_size=200))


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
@given(state=names, code=names)
def test_callback_does_nothing_for_a_state_that_is_not_ours(
    world: World, client: Client, state: str, code: str
) -> None:
    with rolled_back():
        log_in(client, world.max.user)
        make_attempt(world.acme_idp, world.max.user)
        before = list(LoginAttempt.objects.values())
        query = f"state={quote(state, errors='surrogatepass')}&code={quote(code, errors='surrogatepass')}"
        response = client.get(f"/sso/{world.acme_idp.uid}/oidc/callback/?{query}")
        assert response.status_code == 400
        assert list(LoginAttempt.objects.values()) == before
        assert not SSOSession.objects.exists()
        assert not LinkedIdentity.objects.exists()


@pytest.mark.catalogue("WEB-LOGIN-CSRF")
@given(relay_state=names, response=names, ticket=names)
def test_acs_and_finish_do_nothing_for_names_that_are_not_ours(
    world: World, client: Client, relay_state: str, response: str, ticket: str
) -> None:
    with rolled_back():
        saml = make_connection(world.acme, SSOProtocol.SAML)
        log_in(client, world.max.user)
        fields = {"SAMLResponse": encodable(response), "RelayState": encodable(relay_state)}
        answers = [
            IdPAnswer(f"/sso/{saml.uid}/saml/acs/", fields).deliver(Client()),
            client.get(f"/sso/{saml.uid}/saml/finish/?ticket={quote(ticket, errors='surrogatepass')}"),
        ]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert not SSOSession.objects.exists()


def encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
