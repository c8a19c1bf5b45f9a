"""Where a browser signed in from: a place in words, if the operator supplies a database of places, or the address.

The database (`HUBSSO_GEOIP_DATABASE`, a .mmdb file) is read on this machine, and nothing is asked over the network. A
missing or garbled one never fails a page: the address is shown instead, and a start-up check says why.
"""

import functools
import ipaddress
import logging
import os
from typing import Any

import maxminddb
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

MAX_NAME_LENGTH = 80
IPV6_NETWORK_BITS = 64  # what a household or an office has; the rest changes by the day


def place_of(ip: str | None) -> str:
    """Such as "Lyon, France" in the reader's language; where no place is known, the address, an IPv6 one cut short."""
    if not ip:
        return ""
    try:
        address = _address(ip)
    except ValueError:
        return ip
    return _named(_record(address)) or _short(address)


def problem_with_database() -> str:
    """Why the database that is configured can't be read; empty where there is none, or it can."""
    path = settings.GEOIP_DATABASE
    if not path:
        return ""
    try:
        with _opened(path) as reader:
            reader.get("192.0.2.1")
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(ip)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _short(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_NETWORK_BITS), strict=False))


def _record(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Any:
    path = settings.GEOIP_DATABASE
    if not path:
        return None
    try:
        reader = _reader(path, os.stat(path).st_mtime_ns)
        return reader.get(address) if reader else None
    except Exception as error:
        logger.warning("accounts.places.unreadable", extra={"error": type(error).__name__})
        return None


@functools.lru_cache(maxsize=1)
def _reader(path: str, changed_at_ns: int) -> maxminddb.Reader | None:
    """One open reader, until the operator puts a newer file in its place."""
    try:
        return _opened(path)
    except Exception as error:
        logger.warning("accounts.places.unreadable", extra={"error": type(error).__name__})
        return None


def _opened(path: str) -> maxminddb.Reader:
    """Read in place and not mapped: a file that is cut short while it is mapped would end the process."""
    return maxminddb.open_database(path, maxminddb.MODE_FILE)


def _named(record: Any) -> str:
    city, country = _name(record, "city"), _name(record, "country")
    if city and country:
        return _("%(city)s, %(country)s") % {"city": city, "country": country}
    return country or city


def _name(record: Any, part: str) -> str:
    """In the reader's language where the database has it, else in English."""
    found = record.get(part) if isinstance(record, dict) else None
    names = found.get("names") if isinstance(found, dict) else None
    if not isinstance(names, dict):
        return ""
    language = (get_language() or "en").split("-")[0]
    name = names.get(language) or names.get("en")
    return name[:MAX_NAME_LENGTH] if isinstance(name, str) else ""
