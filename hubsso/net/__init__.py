"""The only outbound HTTP of the product: for URLs that an organisation's admin, or an IdP, gave us.

https only (http for loopback in development), public addresses only unless the operator opened a network, every
address of a host checked and the connection made to a checked one, no redirects, no cookies, no proxies from the
environment, 3 s to connect, 10 s in all, 1 MiB. See `fetch`, and `errors` for what goes wrong.
Beside it the only DNS of ours: `txt_records`.
"""

from hubsso.net.addresses import Address, EgressPolicy, Resolver
from hubsso.net.client import EgressClient, FetchedResponse, check_url, fetch
from hubsso.net.connections import tls_context
from hubsso.net.dns import txt_records
from hubsso.net.errors import (
    AddressNotAllowed,
    BadResponse,
    ConnectFailed,
    EgressError,
    NotAsked,
    RedirectRefused,
    TimedOut,
    TlsFailed,
    TooLarge,
    UrlNotAllowed,
)
from hubsso.net.patience import Patience, logins, lookups
from hubsso.net.targets import origin_of

__all__ = [
    "Address",
    "AddressNotAllowed",
    "BadResponse",
    "ConnectFailed",
    "EgressClient",
    "EgressError",
    "EgressPolicy",
    "FetchedResponse",
    "NotAsked",
    "Patience",
    "RedirectRefused",
    "Resolver",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "UrlNotAllowed",
    "check_url",
    "fetch",
    "logins",
    "lookups",
    "origin_of",
    "tls_context",
    "txt_records",
]
