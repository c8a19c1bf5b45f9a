"""Which URLs may be fetched as written. Nothing is looked up here; addresses are judged when connecting."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext_noop

from hubsso.net.addresses import policy_from_settings
from hubsso.net.errors import UrlNotAllowed

MAX_URL_CHARS = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
PRINTABLE_ASCII = re.compile(r"[!-~]+")
DNS_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once, so that no second parser can understand it differently."""

    scheme: str
    host: str  # lower case; an IPv6 address without brackets
    port: int
    path: str  # with the query, as sent

    @property
    def origin(self) -> str:
        """`https://host` or `https://host:port`, of letters, digits and `.-_:[]` only: it can stand in a header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def parse_target(url: str, *, allow_http_loopback: bool) -> Target:
    """Take apart a URL that may be fetched.

    https with a host; http only for localhost and literal loopback addresses, where that is allowed. No user
    name, no fragment, and nothing but printable ASCII without blanks and backslashes, since parsers disagree
    about the rest. Raises UrlNotAllowed.
    """
    if len(url) > MAX_URL_CHARS:
        raise UrlNotAllowed(f"The URL is longer than {MAX_URL_CHARS} characters.")
    if not PRINTABLE_ASCII.fullmatch(url) or "\\" in url:
        raise UrlNotAllowed(
            gettext_noop("The URL holds blanks, backslashes or characters that are not ASCII.")
        )
    parts, port = _split(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in DEFAULT_PORTS:
        raise UrlNotAllowed(gettext_noop("The URL must start with https://."))
    if "@" in parts.netloc:
        raise UrlNotAllowed(gettext_noop("The URL must not hold a user name or a password."))
    if "#" in url:
        raise UrlNotAllowed(gettext_noop("The URL must not have a fragment (#...)."))
    if not _is_host(host):
        raise UrlNotAllowed(gettext_noop("The URL has no valid host name."))
    if parts.scheme == "http" and not (allow_http_loopback and is_loopback_host(host)):
        raise UrlNotAllowed(gettext_noop("The URL must start with https://; http is not safe."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], path)


def origin_of(url: str) -> str:
    """The origin of a URL that `check_url` takes, and nothing else of it. Raises UrlNotAllowed for other URLs."""
    return parse_target(url, allow_http_loopback=policy_from_settings().allow_http_loopback).origin


def is_loopback_host(host: str) -> bool:
    """`localhost`, or a literal loopback address."""
    address = literal_address(host)
    return host == "localhost" if address is None else address.is_loopback


def literal_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, if the host is one in its usual notation."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlNotAllowed(gettext_noop("The URL is malformed.")) from None
    if port == 0:
        raise UrlNotAllowed(gettext_noop("The URL is malformed."))
    return parts, port


def _is_host(host: str) -> bool:
    return "%" not in host and (literal_address(host) is not None or DNS_NAME.fullmatch(host) is not None)
