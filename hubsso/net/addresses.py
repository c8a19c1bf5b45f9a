"""Which addresses may be connected to: public ones, and what the operator opened.

The tables are the IANA special-purpose address registries, and the networks through which they can be reached
in disguise. They do not follow `ipaddress.is_global`, which changed its mind between Python releases.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# (host, port) -> addresses, in the order to try them. Raises OSError when the name does not resolve.
Resolver = Callable[[str, int], Sequence[Address]]

SPECIAL_NETWORKS: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), kind)
    for network, kind in [
        ("0.0.0.0/8", "an unspecified"),
        ("10.0.0.0/8", "a private"),
        ("100.64.0.0/10", "a carrier's private"),  # also Alibaba's metadata service
        ("127.0.0.0/8", "a loopback"),
        ("168.63.129.16/32", "a cloud platform's internal"),  # Azure's, public by number only
        ("169.254.0.0/16", "a link-local"),  # metadata services of most clouds
        ("172.16.0.0/12", "a private"),
        ("192.0.0.0/24", "a reserved"),
        ("192.0.2.0/24", "a documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private"),
        ("198.18.0.0/15", "a benchmarking"),
        ("198.51.100.0/24", "a documentation"),
        ("203.0.113.0/24", "a documentation"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
        ("::/128", "an unspecified"),
        ("::1/128", "a loopback"),
        ("::ffff:0:0/96", "an IPv4-mapped"),
        ("64:ff9b::/96", "a NAT64"),
        ("64:ff9b:1::/48", "a NAT64"),
        ("2001::/23", "a reserved"),  # Teredo among them
        ("2001:db8::/32", "a documentation"),
        ("2002::/16", "a 6to4"),
        ("3fff::/20", "a documentation"),
        ("fc00::/7", "a private"),
        ("fe80::/10", "a link-local"),
        ("fec0::/10", "a private"),
        ("ff00::/8", "a multicast"),
    ]
)
GLOBAL_UNICAST_V6 = ipaddress.ip_network("2000::/3")  # everything else is special, known or not


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What the operator allows beyond the public internet."""

    allowed_networks: tuple[Network, ...] = ()
    allow_http_loopback: bool = False

    def refusal(self, address: Address, *, only_loopback: bool = False) -> str | None:
        """Why this address may not be connected to ("a private"), or None.

        `only_loopback` is for plain http, which may not leave the machine.
        """
        if only_loopback and not address.is_loopback:
            return "a non-loopback"
        if address.is_loopback and self.allow_http_loopback:
            return None
        if any(address in network for network in self.allowed_networks):
            return None
        return _special(address)


def _special(address: Address) -> str | None:
    for network, kind in SPECIAL_NETWORKS:
        if address in network:
            return kind
    if address.version == 6 and address not in GLOBAL_UNICAST_V6:
        return "a reserved"
    return None


def policy_from_settings() -> EgressPolicy:
    return _policy(tuple(settings.EGRESS_ALLOWED_NETWORKS), settings.EGRESS_ALLOW_HTTP_LOOPBACK)


@lru_cache(maxsize=8)
def _policy(networks: Iterable[str], allow_http_loopback: bool) -> EgressPolicy:
    return EgressPolicy(tuple(ipaddress.ip_network(network) for network in networks), allow_http_loopback)


def system_resolver(host: str, port: int) -> Sequence[Address]:
    """What the system's resolver says. It knows odd notations of IPv4 too, which are then judged as addresses."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
