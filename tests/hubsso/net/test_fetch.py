"""Whole exchanges with servers on loopback, well-behaved and not."""

import base64
import socket
import time
from collections.abc import Callable

import pytest

from hubsso.net import (
    BadResponse,
    ConnectFailed,
    EgressClient,
    EgressError,
    EgressPolicy,
    RedirectRefused,
    TimedOut,
    TooLarge,
    fetch,
)
from tests.hubsso.net.conftest import Serve
from tests.hubsso.net.servers import Conversation, RawServer, answers, http_response

SHORT_DEADLINE_SECONDS = 0.4
# Far below what the servers here would take, far above what a busy machine adds.
GIVES_UP_WITHIN_SECONDS = 3.0

Talk = Callable[[Conversation], None]


def url_of(server: RawServer, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def then(response: bytes, after: Talk) -> Talk:
    """A server that reads a request, sends `response` and goes on with `after`."""

    def talk(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.send(response)
        after(conversation)

    return talk


def close(conversation: Conversation) -> None:
    """Nothing more: the connection ends when the server's function does."""


def test_answer_is_handed_over_whole(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b'{"a": 1}', "Content-Type: Application/JSON; charset=utf-8")))
    response = client.fetch("GET", url_of(server, "/x?y=z"))
    assert response.status == 200
    assert response.body == b'{"a": 1}'
    assert response.media_type == "application/json"
    assert response.json() == {"a": 1}
    assert response.url == url_of(server, "/x?y=z")


def test_request_says_who_we_are_and_nothing_more(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"")))
    client.fetch("GET", url_of(server, "/x?y=z"), headers={"Accept": "application/json"})
    head = server.requests[0].decode().split("\r\n")
    assert head[0] == "GET /x?y=z HTTP/1.1"
    assert sorted(line for line in head[1:] if line) == [
        "Accept-Encoding: identity",
        "Accept: application/json",
        f"Host: 127.0.0.1:{server.port}",
        "User-Agent: HubSSO",
    ]


def test_form_and_basic_auth_are_sent(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"{}")))
    client.fetch("POST", url_of(server), form={"code": "a&b"}, basic_auth=("id", "s:x"))
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b"code=a%26b"
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert b"Authorization: Basic " + base64.b64encode(b"id:s:x") in head


def test_error_status_is_an_answer(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b'{"error": "invalid_grant"}', status="400 Bad Request")))
    response = client.fetch("POST", url_of(server), form={})
    assert (response.status, response.json()) == (400, {"error": "invalid_grant"})


def test_chunked_body_is_put_together(client: EgressClient, serve: Serve) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert client.fetch("GET", url_of(serve(answers(chunked)))).body == b"abcde"


def test_connection_is_kept_and_used_again(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"{}")))
    for _ in range(3):
        client.fetch("GET", url_of(server))
    assert (server.connections, len(server.requests)) == (1, 3)


def test_connection_with_unread_bytes_is_not_used_again(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"x" * 100)))
    with pytest.raises(TooLarge):
        client.fetch("GET", url_of(server), max_bytes=10)
    client.fetch("GET", url_of(server))
    assert server.connections == 2


def test_cookies_are_not_kept(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"{}", "Set-Cookie: a=b")))
    client.fetch("GET", url_of(server))
    client.fetch("GET", url_of(server))
    assert b"Cookie" not in server.requests[1]


@pytest.mark.catalogue("WEB-SSRF")
def test_proxies_of_the_environment_are_not_used(
    client: EgressClient, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(answers(http_response(b"proxy")))
    server = serve(answers(http_response(b"server")))
    monkeypatch.setenv("http_proxy", url_of(proxy))
    monkeypatch.setenv("all_proxy", url_of(proxy))
    assert client.fetch("GET", url_of(server)).body == b"server"


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P", "304 Not Modified"]
)
def test_redirect_is_refused_and_not_followed(client: EgressClient, serve: Serve, status: str) -> None:
    elsewhere = serve(answers(http_response(b"{}")))
    server = serve(answers(http_response(b"", f"Location: {url_of(elsewhere)}?s3cret", status=status)))
    with pytest.raises(RedirectRefused) as refusal:
        client.fetch("GET", url_of(server))
    assert refusal.value.code == "redirect_refused"
    assert "s3cret" not in refusal.value.detail
    assert elsewhere.connections == 0


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(lambda conversation: conversation.hang(), id="says-nothing"),
        pytest.param(
            lambda conversation: conversation.drip(b"HTTP/1.1 200 OK\r\n"), id="drips-the-status-line"
        ),
        pytest.param(
            then(b"HTTP/1.1 200 OK\r\n", lambda conversation: conversation.drip(b"X: y\r\n")),
            id="drips-endless-headers",
        ),
        pytest.param(
            lambda conversation: conversation.drip(b"HTTP/1.1 100 Continue\r\n\r\n", seconds_between=0.001),
            id="says-continue-for-ever",
        ),
        pytest.param(
            then(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Conversation.hang),
            id="hangs-before-the-body",
        ),
        pytest.param(
            then(
                b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
                lambda conversation: conversation.drip(b"x"),
            ),
            id="drips-the-body",
        ),
        pytest.param(
            then(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                lambda conversation: conversation.drip(b"1\r\nx\r\n"),
            ),
            id="drips-chunks",
        ),
        pytest.param(
            then(b"HTTP/1.1 200 OK\r\n\r\n", lambda conversation: conversation.drip(b"x")),
            id="drips-a-body-of-no-length",
        ),
    ],
)
def test_slow_server_is_given_up_at_the_deadline(client: EgressClient, serve: Serve, talk: Talk) -> None:
    server = serve(talk)
    started = time.monotonic()
    with pytest.raises(TimedOut) as failure:
        client.fetch("GET", url_of(server), deadline_seconds=SHORT_DEADLINE_SECONDS)
    assert failure.value.code == "timed_out"
    assert time.monotonic() - started < GIVES_UP_WITHIN_SECONDS


@pytest.mark.catalogue("WEB-SSRF")
def test_server_that_reads_nothing_is_given_up_at_the_deadline(client: EgressClient, serve: Serve) -> None:
    server = serve(lambda conversation: conversation.hang())
    started = time.monotonic()
    with pytest.raises(TimedOut):
        client.fetch("POST", url_of(server), body=b"x" * 50_000_000, deadline_seconds=SHORT_DEADLINE_SECONDS)
    assert time.monotonic() - started < GIVES_UP_WITHIN_SECONDS


def test_slow_server_is_given_up_on_a_kept_connection_too(client: EgressClient, serve: Serve) -> None:
    def talk(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.send(http_response(b"{}"))
        conversation.read_request()
        conversation.drip(b"HTTP/1.1 200 OK\r\n")

    server = serve(talk)
    client.fetch("GET", url_of(server))
    with pytest.raises(TimedOut):
        client.fetch("GET", url_of(server), deadline_seconds=SHORT_DEADLINE_SECONDS)
    assert server.connections == 1


@pytest.mark.catalogue("WEB-SSRF")
def test_lookup_that_hangs_is_given_up_at_the_deadline(serve: Serve) -> None:
    server = serve(answers(http_response(b"")))

    def hang(host: str, port: int) -> list[object]:
        server.stopped.wait(10)
        return []

    client = EgressClient(EgressPolicy(), resolver=hang)  # type: ignore[arg-type]
    with pytest.raises(TimedOut, match="looked up"):
        client.fetch("GET", "https://idp.example.com/", deadline_seconds=SHORT_DEADLINE_SECONDS)
    server.stop()


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(http_response(b"x" * 1001), id="announced"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"100\r\n" + b"x" * 256 + b"\r\n",
            id="chunked",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="of-no-length"),
    ],
)
def test_body_over_the_limit_is_not_read_on(client: EgressClient, serve: Serve, response: bytes) -> None:
    def pour(conversation: Conversation) -> None:
        while not conversation.server.stopped.is_set():
            conversation.send(b"100\r\n" + b"x" * 256 + b"\r\n")

    server = serve(then(response, pour))
    with pytest.raises(TooLarge) as failure:
        client.fetch("GET", url_of(server), max_bytes=1000)
    assert failure.value.code == "too_large"


def test_body_of_exactly_the_limit_is_taken(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"x" * 1000)))
    assert len(client.fetch("GET", url_of(server), max_bytes=1000).body) == 1000


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another-protocol"),
        pytest.param(b"\x00\xff" * 50, id="bytes"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="status-of-letters"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", id="header-too-long"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", id="too-many-headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", id="cut-short"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", id="chunk-cut-short"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="chunk-of-no-size"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nabcde", id="two-lengths"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n{}", id="length-without-end"
        ),
    ],
)
def test_garbage_is_a_bad_response(client: EgressClient, serve: Serve, response: bytes) -> None:
    with pytest.raises(BadResponse) as failure:
        client.fetch("GET", url_of(serve(then(response, close))))
    assert failure.value.code == "bad_response"


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, identity"])
def test_compressed_body_is_refused(client: EgressClient, serve: Serve, encoding: str) -> None:
    server = serve(answers(http_response(b"\x1f\x8b", f"Content-Encoding: {encoding}")))
    with pytest.raises(BadResponse, match="compressed"):
        client.fetch("GET", url_of(server))


def test_closed_port_is_reported(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(b""))
    server.stop()
    with pytest.raises(ConnectFailed) as failure:
        client.fetch("GET", url_of(server))
    assert failure.value.code == "connect_failed"


def closes_a_kept_connection_on_the_second_request() -> Talk:
    """The race of every keep-alive: the server gives the connection up just as the next request arrives."""

    def talk(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.send(http_response(b"{}"))
        conversation.read_request()

    return talk


def test_lost_connection_is_tried_once_more_when_that_does_no_harm(
    client: EgressClient, serve: Serve
) -> None:
    server = serve(closes_a_kept_connection_on_the_second_request())
    client.fetch("GET", url_of(server))
    assert client.fetch("GET", url_of(server)).status == 200
    assert (server.connections, len(server.requests)) == (2, 3)


def test_post_is_never_sent_twice(client: EgressClient, serve: Serve) -> None:
    server = serve(closes_a_kept_connection_on_the_second_request())
    client.fetch("GET", url_of(server))
    with pytest.raises(ConnectFailed) as failure:
        client.fetch("POST", url_of(server), form={"code": "single-use"})
    assert failure.value.code == "connect_failed"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html>",
        b"",
        b"[1]",
        b'"text"',
        b"null",
        b"\xff",
        b'{"a": NaN}',
        b"[" * 100_000,
        b"1" * 10_000,
    ],
)
def test_json_is_an_object_or_a_bad_response(client: EgressClient, serve: Serve, body: bytes) -> None:
    response = client.fetch("GET", url_of(serve(answers(http_response(body, "Content-Type: text/html")))))
    with pytest.raises(BadResponse):
        response.json()


@pytest.mark.catalogue("WEB-SSRF")
def test_header_that_would_split_the_request_is_not_sent(client: EgressClient, serve: Serve) -> None:
    server = serve(answers(http_response(b"")))
    with pytest.raises(EgressError) as refusal:
        client.fetch("GET", url_of(server), headers={"Authorization": "Bearer s3cret\r\nX: y"})
    assert "s3cret" not in str(refusal.value)
    assert server.connections == 0


def test_failures_never_tell_credentials_or_bodies(client: EgressClient, serve: Serve) -> None:
    server = serve(then(b"s3cret-answer\r\n", close))
    with pytest.raises(EgressError) as failure:
        client.fetch(
            "POST",
            url_of(server, "/s3cret-path"),
            form={"client_secret": "s3cret"},
            basic_auth=("id", "s3cret"),
        )
    assert "s3cret" not in failure.value.detail


def test_process_client_follows_the_settings(serve: Serve) -> None:
    server = serve(answers(http_response(b'{"a": 1}')))
    assert fetch("GET", url_of(server)).json() == {"a": 1}
    assert fetch("GET", url_of(server)).json() == {"a": 1}
    assert server.connections == 1


def test_ipv6_loopback_is_reached_too(client: EgressClient, serve: Serve) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    server = serve(answers(http_response(b"{}")), host="::1", family=socket.AF_INET6)
    assert client.fetch("GET", f"http://[::1]:{server.port}/").status == 200
    assert f"Host: [::1]:{server.port}".encode() in server.requests[0]
