"""Records what became of the tests that are marked with rows of the catalogues (loaded with `-p`).

`--conformance-results FILE` names the file that a list of `[node id, row ids, outcome]` is written to, as JSON.
The row ids travel with the report, so that it works with pytest-xdist's workers too.
"""

import json
from pathlib import Path

import pytest

PROPERTY = "catalogue"
OPTION = "--conformance-results"

_ids: dict[str, list[str]] = {}
_outcomes: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, type=Path, required=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the marked tests alone."""
    marked = [item for item in items if item.get_closest_marker("catalogue")]
    for item in marked:
        for mark in item.iter_markers("catalogue"):
            item.user_properties += [(PROPERTY, row_id) for row_id in mark.args]
    items[:] = marked


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test that fails before, in or after its call has failed."""
    _ids[report.nodeid] = [str(value) for name, value in report.user_properties if name == PROPERTY]
    if report.outcome == "failed" or report.when == "call" or report.skipped:
        failed_before = _outcomes.get(report.nodeid) == "failed"
        _outcomes[report.nodeid] = "failed" if failed_before else report.outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):  # a worker's reports arrive at the controller
        results = [[node_id, _ids[node_id], outcome] for node_id, outcome in sorted(_outcomes.items())]
        session.config.getoption(OPTION).write_text(json.dumps(results), encoding="utf-8")
