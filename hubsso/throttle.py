"""How often one address, one account or one connection may ask, and the answer to whoever asks more often.

A flood must cost nothing that lasts: counts are kept in this process's memory (`CACHES["throttle"]`, bounded), so
turning a request away reads and writes no database. Without more, every limit is one of each process: with two
workers a client that is spread over both has twice as much. Where the operator has Redis (`CACHES["shared"]`), limits
on what somebody may ask are counted there too, for all processes; those on what a process can bear stay its own.

Who is over a limit by this process's own count is turned away without asking Redis. When Redis is away, the
process's own count is all there is, as without it: nobody is let past a limit for good, and nobody honest is held up.
When it comes back empty, counts begin anew, as they do every minute.

Guesses of secrets are counted elsewhere, in the database, where no loss makes room for more of them: passwords and
second factors by allauth, recovery codes by `RecoveryTry`.

Windows are fixed: a count begins anew with each full window since the epoch. Across the edge of two windows a
client has twice the amount once, which these limits can bear.
"""

import ipaddress
import math
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

from hubsso.negotiation import wants_json
from hubsso.request_context import known_client_ip

if TYPE_CHECKING:  # loads redis, which few installations need
    from hubsso.shared_cache import SharedCache

CODE = "too_many_requests"
SHARED = "shared"
A_MINUTE = 60
IPV6_PREFIX = 64  # what one household or office is given; an address alone can be changed at will

_at_once: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` in `seconds`, by whatever subject is counted. The operator scales it by THROTTLE_PERCENT.

    Where many people share a subject, each is told to come back up to `spread_seconds` later than could be. With
    `of_process` it bounds what one process spends, so that twice the processes may spend twice as much.
    """

    name: str
    amount: int
    seconds: int = 60
    spread_seconds: int = 0
    of_process: bool = False

    @property
    def allowed(self) -> int:
        return max(1, self.amount * settings.THROTTLE_PERCENT // 100)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A request over its limit. `is_first`: the one before it was still within."""

    limit: Limit
    retry_after_seconds: int
    is_first: bool


def count(limit: Limit, subject: object, *, now: datetime) -> Exceeded | None:
    """Count one request of the subject, and say if it is one too many."""
    key = _key(limit, subject, now)
    counted = _count_here(key, limit)
    # The first one over the limit here is asked about, too: it may not be the first of all.
    if counted <= limit.allowed + 1 and (shared := _shared(limit)) is not None:
        counted = max(counted, shared.count(key, seconds=limit.seconds) or 0)
        if counted > limit.allowed:
            caches["throttle"].set(key, counted, timeout=limit.seconds)
    return _exceeded(limit, counted, now)


def is_used_up(limit: Limit, subject: object, *, now: datetime) -> Exceeded | None:
    """Would one more be too many? Counts nothing; for limits on what is known only afterwards, as failures are."""
    key = _key(limit, subject, now)
    counted: int = caches["throttle"].get(key, 0)
    if counted < limit.allowed and (shared := _shared(limit)) is not None:
        counted = max(counted, shared.read(key) or 0)
    return _exceeded(limit, counted + 1, now)


@contextmanager
def few_at_once(limit: Limit, subject: object, *, now: datetime) -> Iterator[Exceeded | None]:
    """While inside, one of at most `amount` requests of the subject in this process; Exceeded for one too many.

    A line of requests is served in the order they came, whoever they are for: what is shed at once keeps nobody else
    waiting.
    """
    key = (limit.name, str(subject))
    with _lock:
        is_one_too_many = _at_once[key] >= limit.allowed
        if not is_one_too_many:
            _at_once[key] += 1
    if is_one_too_many:
        yield Exceeded(limit, 1 + secrets.randbelow(limit.spread_seconds + 1), is_first=False)
        return
    try:
        yield None
    finally:
        with _lock:
            _at_once[key] -= 1
            if _at_once[key] <= 0:
                del _at_once[key]


def forget_all() -> None:
    """Begin anew, as a new process does."""
    caches["throttle"].clear()
    with _lock:
        _at_once.clear()


def counted_address(request: HttpRequest) -> str:
    """The client whose requests are counted, as `counted_as` says. Raises PermissionDenied where it is unknown."""
    return counted_as(known_client_ip(request))


def counted_as(ip: str) -> str:
    """What an address counts as: an IPv4 address as itself, an IPv6 address as its network."""
    if ipaddress.ip_address(ip).version == 4:
        return ip
    return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))


def too_many_requests(request: HttpRequest, *, retry_after_seconds: int) -> HttpResponse:
    """429. Rendered without the request, so that no context processor asks the database who is looking."""
    if wants_json(request):
        body = {"type": f"urn:hubsso:problem:{CODE}", "status": 429, "reason": CODE}
        response: HttpResponse = JsonResponse(
            body, status=HTTPStatus.TOO_MANY_REQUESTS, content_type="application/problem+json"
        )
    else:
        page = _page(is_short=retry_after_seconds <= A_MINUTE, language=get_language())
        response = HttpResponse(page, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(retry_after_seconds)
    response["Cache-Control"] = "no-store"
    return response


@lru_cache(maxsize=32)
def _page(*, is_short: bool, language: str | None) -> str:
    """In the `language` that is active. Made once: in a flood this is most of what a request costs."""
    return render_to_string("errors/429.html", {"code": CODE, "is_short": is_short})


def _count_here(key: str, limit: Limit) -> int:
    """In this process. 0 where it had to make room for other subjects between the two steps."""
    counts = caches["throttle"]
    counts.add(key, 0, timeout=limit.seconds)
    try:
        return counts.incr(key)
    except ValueError:
        return 0


def _shared(limit: Limit) -> "SharedCache | None":
    """Where the limit is counted for all processes, if anywhere."""
    if limit.of_process or SHARED not in settings.CACHES:
        return None
    return cast("SharedCache", caches[SHARED])


def _key(limit: Limit, subject: object, now: datetime) -> str:
    return f"{limit.name}:{subject}:{int(now.timestamp()) // limit.seconds}"


def _exceeded(limit: Limit, counted: int, now: datetime) -> Exceeded | None:
    if counted <= limit.allowed:
        return None
    retry_after = math.ceil(limit.seconds - now.timestamp() % limit.seconds)
    retry_after += secrets.randbelow(limit.spread_seconds + 1)
    return Exceeded(limit, retry_after, is_first=counted == limit.allowed + 1)
