"""What the benches share: a portal of their own, cases taken by turns, and tables of medians and ratios.

The machine has other work, so a bench compares what ran by turns, and counts the CPU time of its own process.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 9
Case = Callable[[], object]


def start_portal(folder: Path, database: str, *, environment: str = "test") -> None:
    """Set Django up on an empty database in `folder`: "postgresql" from the tests' wheel, or "sqlite"."""
    from tests.plugins.postgres import start_private_server

    os.environ["HUBSSO_ENV"] = environment
    os.environ["HUBSSO_DATA_DIR"] = str(folder)
    os.environ["HUBSSO_LOG_LEVEL"] = "ERROR"
    os.environ["HUBSSO_THROTTLE_PERCENT"] = "1000000"  # one person signs in more often than people do
    os.environ["DATABASE_URL"] = (
        start_private_server(folder) if database == "postgresql" else f"sqlite:///{folder}/db.sqlite3"
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsso.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)


@dataclass(slots=True)
class Timing:
    """CPU seconds of a case, one figure a round; `ratios` are to the first case in the same round."""

    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return statistics.median(self.seconds) * 1000

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def by_turns(cases: Mapping[str, Case], *, rounds: int = ROUNDS, calls: int = 1) -> dict[str, Timing]:
    """Each case `calls` times in a round. CPU time of one call, in this process."""
    return rounds_of(
        {name: lambda case=case: cpu_seconds_of(case, calls) for name, case in cases.items()}, rounds=rounds
    )


def rounds_of(measures: Mapping[str, Callable[[], float]], *, rounds: int = ROUNDS) -> dict[str, Timing]:
    """Measure each once in a round, the first round being a rehearsal.

    Every other round goes backwards, so that no case always follows the same one.
    """
    timings = {name: Timing() for name in measures}
    first = next(iter(measures))
    for number in range(rounds + 1):
        order = list(measures) if number % 2 else list(reversed(measures))
        spent = {name: measures[name]() for name in order}
        if number == 0:
            continue
        for name, timing in timings.items():
            timing.seconds.append(spent[name])
            timing.ratios.append(spent[name] / spent[first])
    return timings


def cpu_seconds_of(case: Case, calls: int) -> float:
    """Of one call, in this process."""
    began = time.process_time()
    for _ in range(calls):
        case()
    return (time.process_time() - began) / calls


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """As Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


class PeakMemory:
    """How far the resident memory of this process rose above where it stood, in MB (Linux)."""

    added_mb = 0.0


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    peak = PeakMemory()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew from here
    before = _status_kb("VmRSS")
    yield peak
    peak.added_mb = (_status_kb("VmHWM") - before) / 1024


def _status_kb(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
