"""The pages under docs/security name tests that exist, and the ASVS page leaves nothing out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "SECURITY.md", *sorted((ROOT / "docs" / "security").glob("*.md"))]
REFERENCE = re.compile(r"`(tests/[\w/.-]+?)(?:::([\w:]+))?`")
# The requirements that concern an organisation portal with single sign-on.
ASVS = re.findall(
    r"[\d.]+",
    """
7.1.1 7.1.2 7.1.3 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.5 7.5.1 7.5.2 7.5.3 7.6.1
7.6.2 6.1.3 6.3.4 6.3.8 6.8.1 6.8.2 6.8.3 6.8.4 9.1.1 9.1.2 9.1.3 9.2.1 9.2.2 9.2.3 9.2.4 10.1.1 10.1.2
10.2.1 10.2.2 10.2.3 10.3.1 10.3.2 10.3.3 10.5.1 10.5.2 10.5.3 10.5.4 10.5.5 8.1.1 8.2.1 8.2.2 8.2.3
8.3.1 8.3.2 8.3.3 8.4.1 8.4.2 11.1.1 11.2.4 11.2.5 11.3.1 11.4.3 11.5.1 13.1.1 13.1.3 13.1.4 13.2.4
13.2.5 13.2.6 13.3.1 13.3.2 13.3.4 1.3.6 1.5.1 1.5.3 14.2.1 14.2.2 14.3.2 15.3.2 15.3.3 15.4.2 3.3.1
3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.4.7 3.4.8 3.5.1 3.5.2 3.5.3 3.7.2 4.1.3 16.1.1
16.2.1 16.2.2 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.5.1 16.5.2 16.5.3 16.5.4
""",
)
MET = {"yes", "in part", "no", "nothing to apply to"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    for path, name in REFERENCE.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path
        if name:
            function = name.rsplit("::", 1)[-1]
            assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def requirements() -> list[list[str]]:
    lines = (ROOT / "docs" / "security" / "asvs.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if re.fullmatch(r"[\d.]+", row[0])]


def test_every_requirement_has_one_row_with_level_answer_and_reason() -> None:
    rows = requirements()
    assert sorted(row[0] for row in rows) == sorted(ASVS)
    for identifier, level, requirement, met, how, _ in rows:
        assert level in {"1", "2", "3"}, identifier
        assert requirement, identifier
        assert met in MET, identifier
        assert how or met == "yes", f"{identifier}: say what is missing"


def test_what_is_met_is_shown_by_a_test() -> None:
    without_a_test = [row[0] for row in requirements() if row[3] == "yes" and not REFERENCE.search(row[5])]
    assert without_a_test == ["3.4.2"]  # the absence of CORS
