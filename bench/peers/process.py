"""Starts the peers' site and asks it how long a login takes there."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
# `make bench` installs requirements/peers.lock there.
PYTHON = Path(os.environ.get("HUBSSO_PEERS_PYTHON", ROOT / "var" / "peers" / "bin" / "python"))


class Peers:
    """A running site. `cases` are the peers' logins; each call is CPU seconds."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.queries: dict[str, int] = {}

    def seconds(self, case: str, calls: int) -> float:
        print(json.dumps({"case": case, "calls": calls}), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"The peers' site ended at {case}.")
        found = json.loads(line)
        self.queries[case] = found["queries"]
        return float(found["seconds"])


@contextmanager
def running_peers(
    folder: Path, idp: Mapping[str, Any], *, tenants: int = 1, ca_file: Path | None = None
) -> Iterator[Peers]:
    """`idp` says what `site` needs of the IdPs; `ca_file` holds whom https is trusted by."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    if ca_file is not None:
        environment["REQUESTS_CA_BUNDLE"] = str(ca_file)
    with subprocess.Popen(
        [str(PYTHON), "-m", "bench.peers.site"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    ) as process:
        print(json.dumps({**idp, "folder": str(folder), "tenants": tenants}), file=process.stdin, flush=True)
        try:
            yield Peers(process)
        finally:
            process.stdin.close()
