"""The same thing done several times at once."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def in_parallel(call: Callable[[], Any], *, times: int) -> list[Any]:
    """Call in as many threads, all let go at once."""
    results: list[Any] = []
    gate = threading.Barrier(times)

    def run() -> None:
        try:
            gate.wait(timeout=10)
            results.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == times
    return results
