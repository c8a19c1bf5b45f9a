"""`python -m tests.faults.run`: every fault on a cluster, and docs/reliability.md. This is `make faults`."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.topology import Cluster
from tests.demo.processes import ChildDied
from tests.demo.run import ROOT, CannotStart
from tests.portal_process import free_port

if TYPE_CHECKING:
    from tests.faults.rows import Row

PAGE = ROOT / "docs/reliability.md"
HEAD = """# What happens when something fails

`make faults` starts the portal as [`make cluster`](deployment.md) does (nginx, two servers, a worker, PostgreSQL,
Valkey; twenty organisations with an IdP each), injects each fault, and writes this page. While a fault lasts, 50
logins a minute and 20 gated pages a second go on in the other organisations. A request that fails is tried once more,
as a person would.

*Tried* and *survived*: how often, and how often what must hold did hold. *Lost*: sessions or links that were
acknowledged and are gone. *Let in*: private pages shown to somebody without an SSO session. *Others*: requests that
failed in organisations that have nothing to do with it. These three must be 0. *Recovery*: the longest it took until
all was as before.

| fault | must hold | tried | survived | lost | let in | others | recovery |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def main() -> int:
    """0 if everything holds, 1 if something does not, or the cluster can't start."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of faults; all of them, and then the page is written")
    only: list[str] = parser.parse_args().only
    folder = Path(tempfile.mkdtemp(prefix="hubsso-faults-"))
    try:
        rows = _run(folder, only)
    except (CannotStart, ChildDied) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not only:
        PAGE.write_text(HEAD + "".join(_line(row) for row in rows), encoding="utf-8")
    failed = [row for row in rows if not row.holds]
    print(f"{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _run(folder: Path, only: list[str]) -> "list[Row]":
    rows: list[Row] = []
    with Cluster(folder, port=free_port()) as cluster:
        from tests.faults.rows import FAULTS  # noqa: PLC0415 - Django knows its database only now
        from tests.faults.stage import Stage  # noqa: PLC0415

        stage = Stage(cluster.url)
        try:
            for place in stage.places:
                assert place.members[0].log_in(), "nothing is wrong yet, and nobody can log in"
            for fault in FAULTS:
                if not only or fault.__name__ in only:
                    rows.append(fault(cluster, stage))
                    print(rows[-1], flush=True)
        finally:
            stage.close()
    return rows


def _line(row: "Row") -> str:
    holds = f"{row.must_hold}; {row.note}" if row.note else row.must_hold
    numbers = f"{row.tried} | {row.survived} | {row.lost} | {row.wrong} | {row.others_hurt}"
    recovery = f"{row.recovery_seconds:.1f} s" if row.recovery_seconds else "none needed"
    return f"| {row.fault} | {holds} | {numbers} | {recovery} |\n"


if __name__ == "__main__":
    sys.exit(main())
