"""All targets, one after the other: `python -m tests.fuzz.run SECONDS`, which is what `make fuzz` does.

Prints executions and findings of each. Exit code 1 where there is a finding, or where a target did not run.
"""

import re
import subprocess
import sys

from tests.fuzz.folders import FINDINGS, TARGET_NAMES, files_in

EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
GRACE_SECONDS = 60  # to start, and to end the input that is under way


def run(name: str, seconds: int) -> int:
    """How many documents were tried; 0 for a target that did not run to its end."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.fuzzing", name, str(seconds)],
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds + GRACE_SECONDS,
    )
    found = EXECUTED.search(process.stderr)
    if process.returncode != 0 or found is None:
        print(process.stderr[-4000:], file=sys.stderr)
        return 0
    return int(found[1])


def main() -> int:
    seconds = int(sys.argv[1])
    is_well = True
    for name in TARGET_NAMES:
        before = set(files_in(FINDINGS, name))
        executions = run(name, seconds)
        new = set(files_in(FINDINGS, name)) - before
        is_well = is_well and executions > 0 and not new
        print(f"{name}: {executions} executions in {seconds} s, {len(new)} new findings", flush=True)
        for path in sorted(new):
            print(f"  {path}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
