"""`docs/security/conformance.md`: each row with its tests and what became of them, and totals per catalogue."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.catalogues import CATALOGUES, Catalogue
from tests.catalogues.marks import ROOT, MarkedTest

DOCUMENT = ROOT / "docs/security/conformance.md"
_LINK = re.compile(r"\[`([^`]+)`\]\(\.\./\.\./([^)]+)\)")

_HEAD = """\
# Conformance: what was tried, and what came of it

Written by `make conformance`, which runs the tests named here; a test of the suite fails when this page and the
marked tests differ. One *case* is one attack, or one fault of a conformance module, played in full: real keys,
real documents, the real addresses of the portal. *Held* means that the portal did exactly what the row says, by
the reason that the test names; *wrong* is everything else.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One run of one test, perhaps of one set of its parameters. `outcome` is pytest's word."""

    test: MarkedTest
    row_ids: tuple[str, ...]
    outcome: str

    @property
    def held(self) -> bool:
        return self.outcome == "passed"


@dataclass(frozen=True, slots=True)
class Totals:
    rows: int
    tested: int
    cases: int
    wrong: int


def case(node_id: str, row_ids: Iterable[str], outcome: str) -> Case:
    """A result as `tests.plugins.conformance` records it."""
    path, _, name = node_id.partition("[")[0].partition("::")
    return Case(MarkedTest(path, name), tuple(row_ids), outcome)


def totals_of(catalogue: Catalogue, cases: Iterable[Case]) -> Totals:
    """A case that is about several rows of the catalogue counts once."""
    ids = {row.id for row in catalogue.rows}
    own = [case for case in cases if ids & set(case.row_ids)]
    tested = {row_id for case in own for row_id in case.row_ids} & ids
    return Totals(len(ids), len(tested), len(own), sum(not case.held for case in own))


def render(cases: list[Case]) -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_totals(cases), *(line for one in CATALOGUES for line in _section(one, cases))])


def _totals(cases: list[Case]) -> Iterator[str]:
    yield "| catalogue | rows | with tests | cases tried | held | wrong |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for catalogue in CATALOGUES:
        found = totals_of(catalogue, cases)
        yield (
            f"| {catalogue.name} | {found.rows} | {found.tested} | {found.cases} | {found.cases - found.wrong} "
            f"| {found.wrong} |"
        )


def _section(catalogue: Catalogue, cases: list[Case]) -> Iterator[str]:
    yield f"\n## {catalogue.name}\n\n{catalogue.source}\n"
    yield "| id | what is tried | the portal must | tests | held |"
    yield "| --- | --- | --- | --- | --- |"
    for row in catalogue.rows:
        own = [case for case in cases if row.id in case.row_ids]
        tests = sorted({case.test for case in own})
        links = ", ".join(f"[`{test.name}`](../../{test.path})" for test in tests)
        yield f"| {row.id} | {row.title} | {row.must} | {links or row.reason} | {_held(own)} |"


def _held(cases: list[Case]) -> str:
    return f"{sum(case.held for case in cases)} of {len(cases)}" if cases else ""


def named_tests(document: str) -> Mapping[str, set[MarkedTest]]:
    """Row ids of the page, each with the tests that it names."""
    named: dict[str, set[MarkedTest]] = {}
    for line in document.splitlines():
        cells = [cell.strip() for cell in line.split(" | ")]
        if len(cells) == 5 and re.match(r"\| [A-Z]+-", line):
            tests = {MarkedTest(path, name) for name, path in _LINK.findall(cells[3])}
            named[cells[0].removeprefix("| ")] = tests
    return named
