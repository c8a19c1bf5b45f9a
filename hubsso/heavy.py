"""Answers that cost much or last long: files that are made while they are sent, dry runs over all members.

Each holds a thread of the server, so few are made at once: two of an organisation, four of a process. Whoever is one
too many is told to come back within seconds.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any, cast

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from hubsso.throttle import Limit, few_at_once, too_many_requests

BY_ORG = Limit("heavy.org", 2, spread_seconds=15)
BY_PROCESS = Limit("heavy.process", 4, spread_seconds=15)


class _Held:
    """What is streamed, and what is let go when that is over, begun or not."""

    def __init__(self, pieces: Iterator[Any], held: ExitStack) -> None:
        self._pieces = pieces
        self.close = held.close

    def __iter__(self) -> Iterator[Any]:
        return self._pieces


def one_of_few(request: HttpRequest, org_id: int, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `answer` makes for the organisation, or 429 where enough are being made. A file counts until it is sent."""
    now = timezone.now()
    with ExitStack() as held:
        for limit, subject in ((BY_ORG, org_id), (BY_PROCESS, "")):
            exceeded = held.enter_context(few_at_once(limit, subject, now=now))
            if exceeded is not None:
                refused = too_many_requests(request, retry_after_seconds=exceeded.retry_after_seconds)
                refused["Cache-Control"] = "private, no-store"  # as every answer behind the gate
                return refused
        response = answer()
        if isinstance(response, StreamingHttpResponse) and request.method != "HEAD":
            pieces = cast("Iterable[Any]", response.streaming_content)  # asynchronous ones are not made here
            response.streaming_content = _Held(iter(pieces), held.pop_all())
    return response
