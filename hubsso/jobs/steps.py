"""Long work in short jobs: each does what it can in some seconds, and leaves the rest to a job of its own.

So a worker can be stopped within seconds, others' jobs get their turn, and what is lost with a worker is little.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from hubsso.jobs.backends import runs_inline

logger = logging.getLogger(__name__)
Row = TypeVar("Row")

STEP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Step:
    """What a job got done. `last` is the key of the last row where there may be more, and None at the end."""

    done: int
    failed: int
    last: int | None

    def result(self) -> dict[str, int]:
        """For the list of jobs."""
        return {"done": self.done, "failed": self.failed}


def work_through(rows: Iterable[Row], do: Callable[[Row], object], *, key: Callable[[Row], int]) -> Step:
    """Do it with each row until the time of a step is over; with all of them where jobs run inline.

    A row that fails is logged, and keeps the others from nothing: whoever fails on one organisation's data must not
    keep the others waiting.
    """
    done = failed = 0
    until = None if runs_inline() else time.monotonic() + STEP_SECONDS
    for row in rows:
        try:
            do(row)
            done += 1
        except Exception:
            logger.exception("job.row.failed", extra={"row": key(row), "kind": _kind(row)})
            failed += 1
        if until is not None and time.monotonic() >= until:
            return Step(done, failed, last=key(row))
    return Step(done, failed, last=None)


def _kind(row: Any) -> str:
    return type(row).__name__
