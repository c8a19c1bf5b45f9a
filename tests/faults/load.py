"""What goes on beside every fault: 50 logins a minute and 20 gated pages a second, over twenty organisations."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import requests

from tests.faults.stage import MARKER, Member, Place

LOGIN_EVERY_SECONDS = 60 / 50
PAGE_EVERY_SECONDS = 1 / 20
PAGE_THREADS = 4


@dataclass(slots=True)
class Seen:
    """What came of it. `wrong` is private text shown to somebody without an SSO session: must stay 0."""

    pages: Counter[str] = field(default_factory=Counter)
    logins: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)  # a page each

    @property
    def failed(self) -> int:
        return self.pages["failed"] + self.logins["failed"]

    def p95_seconds(self) -> float:
        return sorted(self.seconds)[int(0.95 * len(self.seconds))] if self.seconds else 0.0


class Load:
    """`with Load(places) as load: ...`. A request that fails is tried once more, as a person would; then it counts."""

    def __init__(self, places: list[Place]) -> None:
        self._places = places
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.seen = Seen()
        self._threads = [threading.Thread(target=self._log_in_again_and_again, daemon=True)]
        for number in range(PAGE_THREADS):
            mine = places[number::PAGE_THREADS]
            self._threads.append(threading.Thread(target=self._read, args=(mine,), daemon=True))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _log_in_again_and_again(self) -> None:
        """By the last member of each, whom nothing else uses."""
        while not self._over.is_set():
            for place in self._places:
                if self._over.wait(LOGIN_EVERY_SECONDS):
                    return
                member = place.members[-1]
                self._count(self.seen.logins, _twice(member.log_in))

    def _read(self, mine: list[Place]) -> None:
        """Pages as a member with a session, and each fifth as one without."""
        number = 0
        while not self._over.is_set():
            for place in mine:
                if self._over.wait(PAGE_EVERY_SECONDS * PAGE_THREADS):
                    return
                number += 1
                if number % 5 == 0:
                    self._look_without_session(place.stranger)
                    continue
                began = time.monotonic()
                self._count(self.seen.pages, _twice(place.members[0].sees_the_page))
                with self._lock:
                    self.seen.seconds.append(time.monotonic() - began)

    def _look_without_session(self, stranger: Member) -> None:
        try:
            shown = MARKER in stranger.get(stranger.page_path).text
        except requests.RequestException:
            return
        with self._lock:
            self.seen.wrong += shown

    def _count(self, counter: Counter[str], has_passed: bool) -> None:
        with self._lock:
            counter["passed" if has_passed else "failed"] += 1


def _twice(attempt: Callable[[], bool]) -> bool:
    for _ in range(2):
        try:
            if attempt():
                return True
        except requests.RequestException:
            pass
        time.sleep(0.3)
    return False
