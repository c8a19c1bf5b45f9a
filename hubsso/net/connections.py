"""Connections to checked addresses that keep one deadline for a whole exchange.

A host name is resolved when a connection is made, and the connection goes to one of the very addresses that were
checked; TLS still verifies the host's name. Pooled connections stay with the address they were made to.

A timeout a socket operation is not enough: a server that sends a byte a second would never reach it. So every
operation on these sockets, handshake, headers and body alike, may take what is left until the deadline.
"""

import logging
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from hubsso.net.addresses import Address, EgressPolicy, Resolver
from hubsso.net.errors import AddressNotAllowed, ConnectFailed, TimedOut
from hubsso.net.targets import literal_address

CONNECT_SECONDS = 3.0  # for the lookup and every address tried, together
MAX_ADDRESSES_TRIED = 4
# More than threads ever wait (`patience`): one that was given up goes on until the system's resolver does, and
# must not keep others from being begun.
MAX_LOOKUPS_AT_ONCE = 64
MAX_HOSTS_POOLED = 100
MAX_CONNECTIONS_POOLED_PER_HOST = 8

logger = logging.getLogger(__name__)

_deadline: ContextVar[float] = ContextVar("egress_deadline")  # by time.monotonic()


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Every socket operation inside must be over `seconds` from now."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining_seconds() -> float:
    """What is left until the deadline. Raises TimeoutError when that is nothing."""
    seconds = _deadline.get() - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the deadline has passed")
    return seconds


class DeadlineSocket(socket.socket):
    """A plain socket under the deadline. `sendall` counts its timeout for the whole buffer by itself."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(remaining_seconds())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(remaining_seconds())
        super().sendall(*args, **kwargs)


class DeadlineTLSSocket(ssl.SSLSocket):
    """A TLS socket under the deadline. All of ssl's reading and writing goes through these three."""

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(remaining_seconds())
        super().do_handshake(block)

    def read(self, *args: Any, **kwargs: Any) -> Any:
        self.settimeout(remaining_seconds())
        return super().read(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(remaining_seconds())
        return super().send(*args, **kwargs)


def tls_context() -> ssl.SSLContext:
    """Verification against the system's authorities (or SSL_CERT_FILE's), TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineTLSSocket
    return context


class Dialer:
    """Makes connections to checked addresses."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver) -> None:
        self.policy = policy
        self.resolver = resolver
        self._lookups = ThreadPoolExecutor(MAX_LOOKUPS_AT_ONCE, thread_name_prefix="egress-lookup")

    def connect(self, host: str, port: int, *, only_loopback: bool) -> DeadlineSocket:
        """A connection to `host`. Raises AddressNotAllowed if any of its addresses is not; ConnectFailed; TimedOut."""
        budget = min(CONNECT_SECONDS, remaining_seconds())
        give_up_at = time.monotonic() + budget
        addresses = self._lookup(host, port, timeout_seconds=budget)
        for address in addresses:
            self._check(host, address, only_loopback=only_loopback)
        return _connect_first(host, addresses[:MAX_ADDRESSES_TRIED], port, give_up_at=give_up_at)

    def _lookup(self, host: str, port: int, *, timeout_seconds: float) -> Sequence[Address]:
        literal = literal_address(host)
        if literal is not None:
            return [literal]
        # The system's resolver knows no timeout, so somebody else has to wait for it.
        lookup: Future[Sequence[Address]] = self._lookups.submit(self.resolver, host, port)
        try:
            addresses = lookup.result(timeout_seconds)
        except TimeoutError:
            lookup.cancel()
            raise TimedOut(f"The name {host} could not be looked up in time.") from None
        except (OSError, UnicodeError):
            raise ConnectFailed(f"The name {host} does not exist, or could not be looked up.") from None
        if not addresses:
            raise ConnectFailed(f"The name {host} has no address.")
        return list(dict.fromkeys(addresses))

    def _check(self, host: str, address: Address, *, only_loopback: bool) -> None:
        kind = self.policy.refusal(address, only_loopback=only_loopback)
        if kind is not None:
            logger.warning("egress.address_refused", extra={"host": host, "address": str(address)})
            raise AddressNotAllowed(
                f"{host} leads to {kind} address. Whoever runs this portal can allow its network "
                "(HUBSSO_EGRESS_ALLOWED_NETWORKS)."
            )


def _connect_first(
    host: str, addresses: Sequence[Address], port: int, *, give_up_at: float
) -> DeadlineSocket:
    """Try the addresses in order, each with its share of the time that is left."""
    is_timeout = False
    for position, address in enumerate(addresses):
        share_seconds = (give_up_at - time.monotonic()) / (len(addresses) - position)
        try:
            return _open_socket(address, port, timeout_seconds=max(share_seconds, 0.001))
        except TimeoutError:
            is_timeout = True
        except OSError:
            continue
    if is_timeout:
        raise TimedOut(f"{host} (port {port}) did not accept the connection in time.")
    raise ConnectFailed(f"{host} does not accept connections on port {port}.")


def _open_socket(address: Address, port: int, *, timeout_seconds: float) -> DeadlineSocket:
    sock = DeadlineSocket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout_seconds)
        sock.connect((str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


class PinnedHTTPConnection(HTTPConnection):
    """Plain http, which reaches loopback only."""

    def __init__(self, *args: Any, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dialer = dialer

    def _new_conn(self) -> socket.socket:
        return self.dialer.connect(self.host, self.port, only_loopback=True)


class PinnedHTTPSConnection(HTTPSConnection):
    def __init__(self, *args: Any, dialer: Dialer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dialer = dialer

    def _new_conn(self) -> socket.socket:
        return self.dialer.connect(self.host, self.port, only_loopback=False)


class PinnedHTTPPool(HTTPConnectionPool):
    ConnectionCls = PinnedHTTPConnection


class PinnedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = PinnedHTTPSConnection


class PinnedPoolManager(urllib3.PoolManager):
    """urllib3's keep-alive pools over our connections. It knows no proxies, whatever the environment says."""

    def __init__(self, dialer: Dialer, context: ssl.SSLContext) -> None:
        super().__init__(
            num_pools=MAX_HOSTS_POOLED, maxsize=MAX_CONNECTIONS_POOLED_PER_HOST, ssl_context=context
        )
        self.dialer = dialer
        self.pool_classes_by_scheme = {"http": PinnedHTTPPool, "https": PinnedHTTPSPool}

    def _new_pool(
        self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None
    ) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        pool.conn_kw["dialer"] = self.dialer
        return pool
