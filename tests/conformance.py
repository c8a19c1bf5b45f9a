"""Runs the tests of the catalogues and writes `docs/security/conformance.md`: `python -m tests.conformance`.

Exit code 1 when a case did not hold; the page is written all the same, and says so.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.catalogues import CATALOGUES
from tests.catalogues.marks import ROOT, marked_tests
from tests.catalogues.report import DOCUMENT, Case, case, render, totals_of
from tests.plugins.conformance import OPTION

PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "tests.plugins.conformance")


def run() -> list[Case]:
    """Run the marked tests, and return what became of each."""
    files = sorted({test.path for tests in marked_tests().values() for test in tests})
    if not files:
        return []
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        subprocess.run(
            [*PYTEST, OPTION, str(results), *files],
            cwd=ROOT,
            check=False,
        )
        return [case(*result) for result in json.loads(results.read_text(encoding="utf-8"))]


def main() -> int:
    cases = run()
    DOCUMENT.write_text(render(cases), encoding="utf-8")
    print(f"\nWrote {DOCUMENT.relative_to(ROOT)}")
    wrong = 0
    for catalogue in CATALOGUES:
        found = totals_of(catalogue, cases)
        wrong += found.wrong
        print(f"{catalogue.name}: {found.cases} tried, {found.cases - found.wrong} held, {found.wrong} wrong")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
