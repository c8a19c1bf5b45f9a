"""Typed readers of the environment.

Every value may also come from a file: `NAME_FILE=/run/secrets/name` is read when `NAME` is not set.
A missing or malformed value raises `ImproperlyConfigured` that names the variable and never its value.
"""

import ipaddress
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})

CONNECT_SECONDS = 5


def text(name: str, default: str | None = None) -> str:
    """The value of `name`, or of the file `name`_FILE points to; required when there is no default."""
    value = os.environ.get(name) or _from_file(name)
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} must be set (or {name}_FILE, the path of a file that holds it).")
    return default


def boolean(name: str, default: bool) -> bool:
    """One of 1/true/yes/on or 0/false/no/off, in any case."""
    value = text(name, "").strip().lower()
    if not value:
        return default
    if value not in TRUE_WORDS | FALSE_WORDS:
        raise ImproperlyConfigured(f"{name} must be one of true/false, yes/no, on/off, 1/0.")
    return value in TRUE_WORDS


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number of at least `minimum`."""
    value = text(name, "")
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}.")
    return number


def words(name: str, default: str | None = None) -> list[str]:
    """A list, separated by commas; blanks around the words do not count."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def origin(name: str, default: str | None = None) -> str:
    """An http(s) origin such as `https://hub.example.org`, without a path or a trailing slash."""
    value = text(name, default).rstrip("/")
    if not _is_origin(value):
        raise ImproperlyConfigured(
            f"{name} must be an origin such as https://hub.example.org, without a path."
        )
    return value


def url(name: str) -> str:
    """An http(s) URL without a slash at its end; "" by default. It may hold a password, and so is never quoted."""
    value = text(name, "").rstrip("/")
    if value and not re.match(r"https?://[^/?#]", value):
        raise ImproperlyConfigured(f"{name} must be a URL that begins with https:// or http://.")
    return value


def choice(name: str, default: str, options: Collection[str]) -> str:
    """One of `options`, exactly as written there."""
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}.")
    return value


def networks(name: str) -> list[str]:
    """A list of networks in CIDR notation, such as `10.1.0.0/16`; empty by default."""
    found = words(name, "")
    for network in found:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise ImproperlyConfigured(f"{name} must hold networks such as 10.1.0.0/16.") from None
    return found


def servers(name: str, *, default_port: int) -> list[tuple[str, int]]:
    """IP addresses, each with a port where it needs one: `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:53`."""
    return [_server(name, word, default_port) for word in words(name, "")]


def _server(name: str, word: str, default_port: int) -> tuple[str, int]:
    """An IPv6 address may stand alone, without brackets; with a port it needs them."""
    try:
        if word.count(":") > 1 and not word.startswith("["):
            return str(ipaddress.ip_address(word)), default_port
        parts = urlsplit(f"//{word}")
        return str(ipaddress.ip_address(parts.hostname or "")), parts.port or default_port
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must hold IP addresses such as 192.0.2.1 or 192.0.2.1:53."
        ) from None


def redis_url(name: str) -> str:
    """The address of a Redis or Valkey, such as `redis://host:6379/0`, `rediss://...` or `unix:///path`; or ""."""
    value = text(name, "")
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises ValueError unless it is a number
        is_address = bool(parts.path if parts.scheme == "unix" else parts.hostname)
    except ValueError:  # its message quotes the URL, which holds a password
        is_address = False
    if value and not (is_address and parts.scheme in ("redis", "rediss", "unix")):
        raise ImproperlyConfigured(f"{name} must be a URL such as redis://:password@host:6379/0.")
    return value


def database(name: str, default: str, *, max_age_seconds: int | None) -> dict[str, Any]:
    """Django's settings of a database, from its URL. A `max_age_seconds` of None keeps connections open.

    A server that does not answer is waited for as long as the URL's `connect_timeout` says, else for some seconds:
    left to the network it would be minutes, and every thread would wait.
    """
    try:
        parsed: dict[str, Any] = dict(
            dj_database_url.parse(text(name, default), conn_max_age=max_age_seconds, conn_health_checks=True)
        )
    except ValueError:  # its message quotes the URL, which holds a password
        raise ImproperlyConfigured(
            f"{name} must be a database URL such as postgres://user:password@host/name."
        ) from None
    if parsed.get("ENGINE") == "django.db.backends.postgresql":
        parsed.setdefault("OPTIONS", {}).setdefault("connect_timeout", CONNECT_SECONDS)
    return parsed


def _is_origin(value: str) -> bool:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises ValueError unless it is a number
    except ValueError:
        return False
    is_bare = value == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    return is_bare and parts.scheme in ("http", "https") and bool(parts.hostname)


def _from_file(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names a file that can't be read: {error.strerror}."
        ) from error
