"""Certificates, and names that change their addresses."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hubsso.net import AddressNotAllowed, ConnectFailed, EgressClient, TimedOut, TlsFailed
from tests.hubsso.net.conftest import FakeDNS, Serve
from tests.hubsso.net.servers import Authority, Conversation, RawServer, answers, http_response

HOST = "idp.example.com"
ClientFor = Callable[[FakeDNS], EgressClient]


def url_of(server: RawServer) -> str:
    return f"https://{HOST}:{server.port}/"


@pytest.fixture
def server(serve: Serve, authority: Authority, tmp_path: Path) -> RawServer:
    return serve(answers(http_response(b"{}")), tls=authority.server_context(tmp_path, HOST))


@pytest.mark.catalogue("WEB-SSRF")
def test_connection_goes_to_the_address_that_was_checked(server: RawServer, tls_client: ClientFor) -> None:
    dns = FakeDNS(["127.0.0.1"])
    assert tls_client(dns).fetch("GET", url_of(server)).json() == {}
    assert dns.asked == [HOST]
    assert f"Host: {HOST}:{server.port}".encode() in server.requests[0]


def test_second_address_is_tried_when_the_first_is_dead(server: RawServer, tls_client: ClientFor) -> None:
    client = tls_client(FakeDNS(["127.0.0.2", "127.0.0.1"]))  # the server listens on the second only
    assert client.fetch("GET", url_of(server)).status == 200


@pytest.mark.catalogue("WEB-SSRF")
def test_one_refused_address_among_many_refuses_the_host(server: RawServer, tls_client: ClientFor) -> None:
    client = tls_client(FakeDNS(["127.0.0.1", "10.0.0.1"]))
    with pytest.raises(AddressNotAllowed):
        client.fetch("GET", url_of(server))
    assert server.connections == 0


@pytest.mark.catalogue("WEB-SSRF")
def test_rebound_name_is_refused_when_it_is_looked_up_again(
    serve: Serve, authority: Authority, tmp_path: Path, tls_client: ClientFor
) -> None:
    def answer_once(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.send(http_response(b"{}", "Connection: close"))

    server = serve(answer_once, tls=authority.server_context(tmp_path, HOST))
    client = tls_client(FakeDNS(["127.0.0.1"], ["169.254.169.254"]))
    client.fetch("GET", url_of(server))
    with pytest.raises(AddressNotAllowed):
        client.fetch("GET", url_of(server))


@pytest.mark.catalogue("WEB-SSRF")
def test_kept_connection_stays_with_its_address(server: RawServer, tls_client: ClientFor) -> None:
    dns = FakeDNS(["127.0.0.1"], ["169.254.169.254"])
    client = tls_client(dns)
    client.fetch("GET", url_of(server))
    assert client.fetch("GET", url_of(server)).status == 200
    assert (server.connections, dns.asked) == (1, [HOST])


def test_name_without_addresses_is_reported(server: RawServer, tls_client: ClientFor) -> None:
    with pytest.raises(ConnectFailed):
        tls_client(FakeDNS([])).fetch("GET", url_of(server))


@pytest.mark.catalogue("WEB-SSRF")
def test_certificate_for_another_host_is_refused(
    serve: Serve, authority: Authority, tmp_path: Path, tls_client: ClientFor
) -> None:
    server = serve(answers(http_response(b"{}")), tls=authority.server_context(tmp_path, "other.example.com"))
    with pytest.raises(TlsFailed, match=r"certificate of idp\.example\.com.*Hostname mismatch") as failure:
        tls_client(FakeDNS(["127.0.0.1"])).fetch("GET", url_of(server))
    assert failure.value.code == "tls_failed"
    assert server.requests == []


def test_expired_certificate_is_refused(
    serve: Serve, authority: Authority, tmp_path: Path, tls_client: ClientFor
) -> None:
    server = serve(answers(http_response(b"{}")), tls=authority.server_context(tmp_path, HOST, days=-1))
    with pytest.raises(TlsFailed, match="expired"):
        tls_client(FakeDNS(["127.0.0.1"])).fetch("GET", url_of(server))


def test_certificate_of_an_unknown_authority_is_refused(
    serve: Serve, tmp_path: Path, tls_client: ClientFor
) -> None:
    server = serve(answers(http_response(b"{}")), tls=Authority.new().server_context(tmp_path, HOST))
    with pytest.raises(TlsFailed):
        tls_client(FakeDNS(["127.0.0.1"])).fetch("GET", url_of(server))
    assert server.requests == []


def test_server_without_tls_is_reported(serve: Serve, tls_client: ClientFor) -> None:
    def talk(conversation: Conversation) -> None:
        conversation.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with pytest.raises(TlsFailed, match="No TLS connection"):
        tls_client(FakeDNS(["127.0.0.1"])).fetch("GET", url_of(serve(talk)))


def test_handshake_that_hangs_is_given_up_at_the_deadline(serve: Serve, tls_client: ClientFor) -> None:
    server = serve(lambda conversation: conversation.hang())
    started = time.monotonic()
    with pytest.raises(TimedOut):
        tls_client(FakeDNS(["127.0.0.1"])).fetch("GET", url_of(server), deadline_seconds=0.4)
    assert time.monotonic() - started < 3


@pytest.mark.catalogue("WEB-SSRF")
def test_body_that_drips_over_tls_is_given_up_at_the_deadline(
    serve: Serve, authority: Authority, tmp_path: Path, tls_client: ClientFor
) -> None:
    def talk(conversation: Conversation) -> None:
        conversation.read_request()
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        conversation.drip(b"x")

    server = serve(talk, tls=authority.server_context(tmp_path, HOST))
    started = time.monotonic()
    with pytest.raises(TimedOut):
        tls_client(FakeDNS(["127.0.0.1"])).fetch("GET", url_of(server), deadline_seconds=0.6)
    assert time.monotonic() - started < 3
