"""How many threads of this process wait for one other party, and for how long it is asked no more.

A server that hangs keeps a thread for the whole deadline. Without a bound one organisation's IdP would soon have
all of them, and every other organisation would wait too. So at most `MAX_WAITING` threads wait for one party and
`MAX_WAITING_IN_ALL` for all of them together; there must be more threads than that (see the start command). And a
URL that failed `FAILURES_TO_OPEN` times in a row is left alone for `OPEN_SECONDS`, then asked by one thread
alone (a circuit breaker). Whoever comes meanwhile is told at once.

A party is whoever the caller says it is: for an IdP its issuer, not the host of a URL, because an issuer's metadata
may name any host and would otherwise use up another's patience.

What this does not do: several organisations that collude can take all of `MAX_WAITING_IN_ALL` for as long as their
IdPs answer just before they are given up. Then other organisations' logins are told to come back; pages are served.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from hubsso.net.errors import BadResponse, ConnectFailed, NotAsked, TimedOut

K = TypeVar("K")
V = TypeVar("V")

MAX_WAITING = 6
MAX_WAITING_IN_ALL = 8
MAX_LOOKUPS = 2  # of what admins type, which may be anything: never at the cost of logins
FAILURES_TO_OPEN = 3
OPEN_SECONDS = 15.0
SLOW_SECONDS = 5.0  # an answer that took this long counts as none: it costs as much
MAX_PARTIES = 2000

# No answer, or one that was cut short. Whoever answers promptly, if only to refuse, keeps no thread.
_FAILURES = (TimedOut, ConnectFailed, BadResponse)


@dataclass(slots=True)
class _Line:
    """How many wait for one party."""

    waiting: int = 0


@dataclass(slots=True)
class _Breaker:
    """How one URL of a party did of late: a token endpoint may hang whose discovery document never does."""

    failures: int = 0
    closed_until: float = 0.0


class Patience:
    """What one process knows of the parties it asks. Safe among threads; remembers the newest 2000."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        max_waiting: int = MAX_WAITING,
        max_waiting_in_all: int = MAX_WAITING_IN_ALL,
    ) -> None:
        self._clock = clock
        self._max_waiting = max_waiting
        self._max_waiting_in_all = max_waiting_in_all
        self._lock = threading.Lock()
        self.forget_all()

    def forget_all(self) -> None:
        with self._lock:
            self._in_all = _Line()
            self._lines: OrderedDict[str, _Line] = OrderedDict()
            self._breakers: OrderedDict[tuple[str, str], _Breaker] = OrderedDict()

    @contextmanager
    def asking(self, party: str, url: str) -> Iterator[None]:
        """Around one exchange. Raises NotAsked, and then nothing was sent."""
        lines, breaker = self._begin(party, url)
        began = self._clock()
        has_failed = False
        try:
            yield
        except _FAILURES:
            has_failed = True
            raise
        finally:
            is_slow = self._clock() - began >= SLOW_SECONDS
            self._end(lines, breaker, has_failed=has_failed or is_slow)

    @contextmanager
    def waiting(self, party: str) -> Iterator[None]:
        """Around a wait for another thread's exchange, which costs a thread as well. Raises NotAsked.

        One place is left for the thread that is waited for, which may not have taken its own yet.
        """
        with self._lock:
            line, in_all = _remembered(self._lines, party, _Line), self._in_all
            if line.waiting >= self._max_waiting - 1 or in_all.waiting >= self._max_waiting_in_all - 1:
                raise NotAsked("Too many requests wait for an answer already.")
            for counted in (line, in_all):
                counted.waiting += 1
        try:
            yield
        finally:
            with self._lock:
                for counted in (line, in_all):
                    counted.waiting -= 1

    def _begin(self, party: str, url: str) -> tuple[tuple[_Line, _Line], _Breaker]:
        with self._lock:
            line = _remembered(self._lines, party, _Line)
            breaker = _remembered(self._breakers, (party, url), _Breaker)
            if self._clock() < breaker.closed_until:
                raise NotAsked("It did not answer the last times; it is asked again in a few seconds.")
            if line.waiting >= self._max_waiting or self._in_all.waiting >= self._max_waiting_in_all:
                raise NotAsked("Too many requests wait for an answer already.")
            if breaker.failures >= FAILURES_TO_OPEN:
                # This thread tries whether it answers again; others are turned away until that is known.
                breaker.closed_until = self._clock() + OPEN_SECONDS
            for counted in (line, self._in_all):
                counted.waiting += 1
            return (line, self._in_all), breaker

    def _end(self, lines: tuple[_Line, _Line], breaker: _Breaker, *, has_failed: bool) -> None:
        with self._lock:
            for counted in lines:
                counted.waiting -= 1
            breaker.failures = breaker.failures + 1 if has_failed else 0
            is_open = breaker.failures >= FAILURES_TO_OPEN
            breaker.closed_until = self._clock() + OPEN_SECONDS if is_open else 0.0


# One of each in a process: for logins, and for what admins look up while they set a connection up.
logins = Patience()
lookups = Patience(max_waiting=MAX_LOOKUPS, max_waiting_in_all=MAX_LOOKUPS)


def _remembered(kept: OrderedDict[K, V], key: K, new: Callable[[], V]) -> V:
    value = kept.setdefault(key, new())
    kept.move_to_end(key)
    if len(kept) > MAX_PARTIES:
        kept.popitem(last=False)
    return value
