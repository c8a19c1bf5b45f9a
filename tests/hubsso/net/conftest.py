"""Servers that stop with the test, and clients that may reach them."""

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from hubsso.net import Address, EgressClient, EgressPolicy, tls_context
from tests.hubsso.net.servers import Authority, Conversation, RawServer

Serve = Callable[..., RawServer]
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


class FakeDNS:
    """Answers from a script: one list of addresses a lookup, the last one for ever. Remembers what was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [[ipaddress.ip_address(address) for address in answer] for answer in answers]
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(talk: Callable[[Conversation], None], **options: Any) -> RawServer:
            server = RawServer(talk, **options)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.new()


@pytest.fixture
def client() -> EgressClient:
    """A client that may use plain http on this machine, as in development."""
    return EgressClient(EgressPolicy(allow_http_loopback=True))


@pytest.fixture
def tls_client(authority: Authority) -> Callable[[FakeDNS], EgressClient]:
    """A client that trusts the test authority and may reach 127.0.0.0/8 as an opened network."""

    def build(dns: FakeDNS) -> EgressClient:
        context = tls_context()
        context.load_verify_locations(cadata=authority.pem)
        return EgressClient(EgressPolicy(allowed_networks=(LOOPBACK,)), resolver=dns, context=context)

    return build
