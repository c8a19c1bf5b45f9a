"""All tests, one stage after the other: `python -m tests.suite`.

Everything but the browser on SQLite, the same on PostgreSQL, then the browser. The first stage that fails ends
it, with pytest's own exit code; a stage without tests has failed. The last lines are always pytest's.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KILLED_BY_SIGNAL = 1


@dataclass(frozen=True, slots=True)
class Stage:
    title: str
    database: str
    arguments: tuple[str, ...]


STAGES = (
    Stage("SQLite", "sqlite", ("-n", "2", "-m", "not e2e")),
    Stage("PostgreSQL", "postgresql", ("-n", "2", "-m", "not e2e")),
    Stage("Browser", "sqlite", ("-n", "2", "-m", "e2e")),
)


def run(stage: Stage) -> int:
    """pytest's exit code; among them 5, "no tests were collected"."""
    print(f"\n=== {stage.title} ===", flush=True)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *stage.arguments],
        cwd=ROOT,
        env=os.environ | {"HUBSSO_TEST_DATABASE": stage.database},
        check=False,
    )
    return process.returncode if process.returncode >= 0 else KILLED_BY_SIGNAL


def main() -> int:
    for stage in STAGES:
        code = run(stage)
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
