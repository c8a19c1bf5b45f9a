"""What the portal's server holds and how it starts: `python -m bench.memory` (Linux).

The image's own command, production's settings, SQLite: the proportional set size (PSS) of its processes after they
have served pages, and the CPU time of a process that loads the portal as a worker does.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from bench.common import ROUNDS, table
from tests.portal_process import production_environment, running_portal

REQUESTS = 300
MAX_MB, MAX_START_SECONDS = 110.0, 0.9


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as name:
        folder = Path(name)
        seconds = start_seconds(folder)
        with running_portal(folder, HUBSSO_SSL_REDIRECT="0") as port:
            warm(port)
            sizes = [pss_mb(process) for process in below(os.getpid())]
    rows = [
        ("PSS of the server's processes, MB", f"{sum(sizes):.0f}", f"{MAX_MB:.0f}"),
        ("processes", len(sizes), ""),
        ("CPU of a worker's start, s", f"{seconds:.2f}", f"{MAX_START_SECONDS}"),
    ]
    print(table(("", "measured", "may be"), rows))
    return int(sum(sizes) > MAX_MB or seconds > MAX_START_SECONDS)


def start_seconds(folder: Path) -> float:
    """The median of several loads of `hubsso.wsgi`, after one that wrote the byte code."""
    environment = production_environment(folder)
    found = []
    for _ in range(ROUNDS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "import hubsso.wsgi"], env=environment, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found[1:])


def warm(port: int) -> None:
    for number in range(REQUESTS):
        path = ("/", "/accounts/login/", "/orgs/none/")[number % 3]
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Connection": "close"})
        try:
            urllib.request.urlopen(request, timeout=10).read()  # noqa: S310
        except urllib.error.HTTPError as answer:
            answer.read()


def below(parent: int) -> list[int]:
    """The processes that descend from this one."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it has just ended
    found: list[int] = []
    wanted = [parent]
    while wanted:
        above = wanted.pop()
        children = [pid for pid, its_parent in parents.items() if its_parent == above]
        found += children
        wanted += children
    return found


def pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    sys.exit(main())
