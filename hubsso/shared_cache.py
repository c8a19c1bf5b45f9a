"""Redis or Valkey, where the operator has one: counts that all processes share, and nothing else.

What a login or the gate relies on is never read from it, and no guess at a secret is counted in it: whoever empties,
stops or writes to it opens nothing. Its values are whole numbers; anything else, a pickle among them, is not read.

Nobody waits for it: it connects and answers within a quarter of a second each, or counts as away, and is asked again
after some seconds by one request. Meanwhile, `count` and `read` answer None.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
ASK_AGAIN_AFTER_SECONDS = 5.0


class WholeNumbers:
    """Django's own way of storing other values would run what somebody else wrote there."""

    def dumps(self, value: int) -> int:
        return value

    def loads(self, stored: bytes) -> int:
        return int(stored)


class _Away:
    """Whether this process thinks that it is away, for all threads, each of which has a cache object of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ask_at: float | None = None

    def may_ask(self) -> bool:
        """While it is away, one request every few seconds may."""
        with self._lock:
            if self._ask_at is None:
                return True
            if time.monotonic() < self._ask_at:
                return False
            self._ask_at = time.monotonic() + ASK_AGAIN_AFTER_SECONDS
            return True

    def note(self, *, is_away: bool) -> bool:
        """Whether that is news."""
        with self._lock:
            was_away = self._ask_at is not None
            self._ask_at = time.monotonic() + ASK_AGAIN_AFTER_SECONDS if is_away else None
            return was_away != is_away

    def forget(self) -> None:
        with self._lock:
            self._ask_at = None


away = _Away()


class SharedCache(RedisCache):
    """`CACHES["shared"]`. Of Django's own methods, which raise when it is away, only `clear` is for tests."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        # A connection that the server closed, as after its restart, is opened anew; a slow server is not asked twice.
        options = {
            "serializer": WholeNumbers(),
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 1, supported_errors=(NotConnected,)),
        }
        super().__init__(server, params | {"OPTIONS": options})

    def count(self, key: str, *, seconds: int) -> int | None:
        """Add one to a count that is forgotten `seconds` after its first. One round trip."""
        name = self.make_and_validate_key(key)

        def add() -> int:
            pipeline = self._cache.get_client(name, write=True).pipeline()
            pipeline.set(name, 0, ex=seconds, nx=True)
            pipeline.incr(name)
            return int(pipeline.execute()[1])

        return self._ask(add)

    def read(self, key: str) -> int | None:
        """A count as it is; 0 where there is none."""
        return self._ask(lambda: int(self.get(key, 0)))

    def _ask(self, question: Callable[[], int]) -> int | None:
        if not away.may_ask():
            return None
        try:
            answer = question()
        except (RedisError, OSError, ValueError) as error:  # a ValueError is a value of somebody else's
            if away.note(is_away=True):
                logger.warning("shared_cache.away", extra={"error": type(error).__name__})
            return None
        if away.note(is_away=False):
            logger.warning("shared_cache.back")
        return answer
