"""The shipped server under production's settings, over real connections: sizes, slow clients, headers and cookies."""

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from hubsso.slow_bodies import MAX_READING, MAX_READING_BY_ADDRESS
from tests.portal_process import running_portal

ACS = "/sso/00000000-0000-4000-8000-000000000000/saml/acs/"
CALLBACK = "/sso/00000000-0000-4000-8000-000000000000/oidc/callback/"
FORM = "application/x-www-form-urlencoded"
HOST = "hub.example.org"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Server:
    port: int

    def ask(self, method: str, path: str, *, proto: str = "https", **headers: str) -> Answer:
        """As the TLS-terminating proxy passes it on, by default."""
        sent = {"Host": HOST, "X-Forwarded-Proto": proto, "X-Forwarded-For": "203.0.113.5"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            pairs = response.getheaders()
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in pairs},
                cookies=[value for name, value in pairs if name.lower() == "set-cookie"],
                body=response.read(),
            )

    def begin_body(self, *, address: str, length: int = 1000) -> socket.socket:
        """A POST whose head and first byte came, and no more."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        head = (
            f"POST {ACS} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: {address}\r\n"
            f"Content-Type: {FORM}\r\nContent-Length: {length}\r\n\r\nS"
        )
        sock.sendall(head.encode())
        return sock


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_portal(tmp_path_factory.mktemp("portal"), HUBSSO_TRUST_PROXY="true") as port:
        yield Server(port)


# --- Sizes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ACS, CALLBACK, "/accounts/login/", "/"])
def test_body_that_is_too_large_is_refused_before_a_byte_of_it_came(server: Server, path: str) -> None:
    answer = server.ask("POST", path, Content_Type=FORM, Content_Length=str(10**10))
    assert answer.status == 413
    assert b"That is too large" in answer.body


def test_files_in_a_form_are_no_way_around(server: Server) -> None:
    """Django would write them to disk, of any length, before it looks at the CSRF token."""
    kind = "multipart/form-data; boundary=x"
    answer = server.ask("POST", "/accounts/login/", Content_Type=kind, Content_Length=str(10**10))
    assert answer.status == 413


@pytest.mark.parametrize(("length", "status"), [(15_000, 200), (20_000, 414), (100_000, 414)])
def test_length_of_a_url_is_bounded(server: Server, length: int, status: int) -> None:
    assert server.ask("GET", "/?" + "a" * length).status == status


@pytest.mark.parametrize(("length", "status"), [(20_000, 200), (200_000, 431)])
def test_length_of_headers_is_bounded(server: Server, length: int, status: int) -> None:
    assert server.ask("GET", "/", X_Padding="a" * length).status == status


def test_body_without_a_stated_length_is_not_read(server: Server) -> None:
    answer = server.ask("POST", ACS, Content_Type=FORM, Transfer_Encoding="chunked")
    assert answer.status == 404  # there is no such connection; nobody waited for the body


# --- Slow clients --------------------------------------------------------------------------------------


def test_clients_that_never_finish_their_body_keep_nobody_else_waiting(server: Server) -> None:
    """Forty from forty addresses, more than there are threads; and forty from one."""
    for address in ("198.51.100.{}", "192.0.2.1"):
        with ExitStack() as stack:
            for number in range(40):
                stack.enter_context(server.begin_body(address=address.format(number)))
            assert server.ask("GET", "/accounts/login/").status == 200


def test_client_that_has_all_it_may_is_told_to_come_back(server: Server) -> None:
    """Two processes: whichever serves the last one has three of the seven before, or six."""
    with ExitStack() as stack:
        socks = [
            stack.enter_context(server.begin_body(address="192.0.2.2"))
            for _ in range(MAX_READING_BY_ADDRESS * 2 + 1)
        ]
        heads = [head for sock in socks if (head := received(sock))]
    assert len(heads) >= 1
    assert all(head.startswith(b"HTTP/1.1 503") for head in heads)
    assert all(b"retry-after: 10" in head.lower() for head in heads)
    assert MAX_READING > MAX_READING_BY_ADDRESS


def received(sock: socket.socket) -> bytes:
    """What came already, or within a moment; b"" from a server that waits."""
    sock.settimeout(0.2)
    try:
        return sock.recv(4096)
    except TimeoutError:
        return b""


# --- Headers and cookies of production -----------------------------------------------------------------

PATHS = {
    "page": ("GET", "/", 200),
    "form": ("GET", "/accounts/login/", 200),
    "redirect": ("GET", "/accounts/profile/", 302),
    "not found": ("GET", "/nothing/", 404),
    "bad request": ("GET", "/%00", 400),
    "csrf": ("POST", "/accounts/login/", 403),
    "url too long": ("GET", "/?" + "a" * 20_000, 414),
    "static": ("GET", "/static/favicon.svg", 200),
}


@pytest.mark.parametrize("kind", PATHS)
def test_every_answer_carries_the_headers_of_production(server: Server, kind: str) -> None:
    method, path, status = PATHS[kind]
    answer = server.ask(method, path)
    assert answer.status == status
    headers = answer.headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers or not re.search(r"\d", headers["server"])


def test_cookies_are_bound_to_this_host_and_to_https(server: Server) -> None:
    answer = server.ask("GET", "/accounts/login/")
    cookies = SimpleCookie()
    for line in answer.cookies:
        cookies.load(line)
    assert "__Host-csrftoken" in cookies
    for name, cookie in cookies.items():
        assert name.startswith("__Host-")
        assert cookie["secure"] is True
        assert cookie["httponly"] is True
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Lax")


def test_plain_http_is_sent_to_https(server: Server) -> None:
    answer = server.ask("GET", "/accounts/login/", proto="http")
    assert answer.status == 301
    assert answer.headers["location"] == f"https://{HOST}/accounts/login/"


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_host_that_is_not_ours_is_refused_and_a_forwarded_one_is_not_believed(server: Server) -> None:
    assert server.ask("GET", "/accounts/login/", Host="evil.example").status == 400
    page = server.ask("GET", "/accounts/login/", X_Forwarded_Host="evil.example")
    assert b"evil.example" not in page.body
    moved = server.ask("GET", "/accounts/login/", proto="http", X_Forwarded_Host="evil.example")
    assert moved.headers["location"].startswith(f"https://{HOST}/")


def test_proxy_is_not_believed_unless_the_operator_says_so(tmp_path: Path) -> None:
    with running_portal(tmp_path) as port:
        answer = Server(port).ask("GET", "/accounts/login/", proto="https")
    assert answer.status == 301  # it says https, and nobody said that it may say so
