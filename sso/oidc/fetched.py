"""What was fetched from OPs, kept for a while by this process.

Holds documents, no secrets and nothing about people. What is fresh enough is for `discovery` and `jwks` to say.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from sso.watching import metrics

T = TypeVar("T")

MAX_ENTRIES = 2000


class Flights:
    """Which documents are being asked for by a thread just now, by key. Safe among threads."""

    def __init__(self) -> None:
        self._in_flight: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    @contextmanager
    def join(self, key: Hashable) -> Iterator[threading.Event | None]:
        """None for the thread that is to ask; for those that come before it has done so, what to wait for."""
        with self._lock:
            theirs = self._in_flight.get(key)
            mine = self._in_flight.setdefault(key, threading.Event())
        if theirs is not None:
            yield theirs
            return
        try:
            yield None
        finally:
            with self._lock:
                del self._in_flight[key]
            mine.set()


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A document, when it came, and when the OP was last asked for it, with or without success."""

    document: T
    fetched_at: datetime
    asked_at: datetime


class FetchedDocuments(Generic[T]):
    """The newest document by key; the least recently used make room beyond 2000. Safe among threads."""

    def __init__(self, name: str = "") -> None:
        """Looks-up are counted by `name`, where there is one."""
        self._name = name
        self._entries: OrderedDict[Hashable, Fetched[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Fetched[T] | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            found = self._entries.get(key)
        if self._name:
            metrics.count_document(self._name, is_held=found is not None)
        return found

    def put(self, key: Hashable, document: T, *, now: datetime) -> None:
        with self._lock:
            self._entries[key] = Fetched(document, fetched_at=now, asked_at=now)
            self._entries.move_to_end(key)
            if len(self._entries) > MAX_ENTRIES:
                self._entries.popitem(last=False)

    def mark_asked(self, key: Hashable, *, seen: Fetched[T], now: datetime) -> bool:
        """Note that the OP is asked again. False if another thread did so since `seen` was got."""
        with self._lock:
            if self._entries.get(key) is not seen:
                return False
            self._entries[key] = replace(seen, asked_at=now)
            return True

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
