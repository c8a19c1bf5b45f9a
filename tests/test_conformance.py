"""The catalogues of attacks and conformance modules, the tests that are about them, and the page that says so."""

import textwrap
from pathlib import Path

import pytest

from tests.catalogues import CATALOGUES, ROWS, marks
from tests.catalogues.marks import MarkedTest, MarkUnreadable, marked_tests
from tests.catalogues.report import DOCUMENT, case, named_tests, render, totals_of


def test_every_row_has_an_id_of_its_own() -> None:
    assert len(ROWS) == sum(len(catalogue.rows) for catalogue in CATALOGUES)


def test_marks_name_rows_that_exist() -> None:
    assert sorted(set(marked_tests()) - set(ROWS)) == []


def test_every_row_has_a_test_or_a_reason() -> None:
    tested = marked_tests()
    assert [row.id for row in ROWS.values() if row.id not in tested and not row.reason] == []


def test_row_with_a_test_gives_no_reason_for_having_none() -> None:
    assert [row_id for row_id in marked_tests() if row_id in ROWS and ROWS[row_id].reason] == []


def test_page_names_exactly_the_marked_tests() -> None:
    """If not: `make conformance`."""
    tested = marked_tests()
    assert named_tests(DOCUMENT.read_text(encoding="utf-8")) == {
        row_id: tested.get(row_id, set()) for row_id in ROWS
    }


def test_page_says_what_the_rows_say() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [row.id for row in ROWS.values() if f"| {row.id} | {row.title} | {row.must} |" not in text] == []


def test_page_knows_no_case_that_went_wrong() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    totals = [
        line for line in text.splitlines() if line.startswith(tuple(f"| {c.name} |" for c in CATALOGUES))
    ]
    assert len(totals) == len(CATALOGUES)
    assert [line for line in totals if not line.endswith("| 0 |")] == []


MARKED = """
    import pytest

    TABLE = [pytest.param(1, marks=pytest.mark.catalogue("B")), pytest.param(2, marks=pytest.mark.catalogue("C"))]

    @pytest.mark.catalogue("A", "B")
    def test_one(): ...

    @pytest.mark.parametrize("x", TABLE)
    def test_table(x): ...

    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.catalogue("D"))])
    def test_inline(x): ...

    @pytest.mark.catalogue("E")
    class TestClass:
        def test_in_it(self): ...
        def no_test(self): ...

    def test_of_nothing(): ...
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(marks, "ROOT", tmp_path)
    return tmp_path


def test_marks_are_found_wherever_pytest_takes_them(folder: Path) -> None:
    (folder / "test_x.py").write_text(textwrap.dedent(MARKED))
    assert {row_id: {test.name for test in tests} for row_id, tests in marked_tests(folder).items()} == {
        "A": {"test_one"},
        "B": {"test_one", "test_table"},
        "C": {"test_table"},
        "D": {"test_inline"},
        "E": {"TestClass::test_in_it"},
    }


def test_mark_of_a_whole_module_is_found(folder: Path) -> None:
    text = "import pytest\npytestmark = [pytest.mark.catalogue('A')]\ndef test_one(): ...\n"
    (folder / "test_x.py").write_text(text)
    assert marked_tests(folder) == {"A": {MarkedTest("test_x.py", "test_one")}}


def test_id_that_is_put_together_is_refused(folder: Path) -> None:
    text = "import pytest\n@pytest.mark.catalogue(f'A-{1}')\ndef test_one(): ...\n"
    (folder / "test_x.py").write_text(text)
    with pytest.raises(MarkUnreadable):
        marked_tests(folder)


def test_page_tells_of_every_case() -> None:
    saml = CATALOGUES[0]
    cases = [
        case("tests/test_x.py::test_a[1]", ["SAML-01"], "passed"),
        case("tests/test_x.py::test_a[2]", ["SAML-01", "SAML-02"], "failed"),
        case("tests/test_x.py::TestB::test_c", ["SAML-01"], "passed"),
    ]

    page = render(cases)

    assert named_tests(page)["SAML-01"] == {case.test for case in cases}
    assert named_tests(page)["SAML-02"] == {cases[0].test}
    assert named_tests(page)["SAML-03"] == set()
    assert totals_of(saml, cases).cases == 3
    assert totals_of(saml, cases).wrong == 1
    assert "| 2 of 3 |" in page
