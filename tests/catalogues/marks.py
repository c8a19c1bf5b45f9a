"""Finds the tests that are marked with rows of the catalogues, in the source: nothing is imported or run.

The ids of a mark are literals, so that whoever searches for one finds it. It may stand at a function, a class or a
module (`pytestmark`), in a `pytest.param` of a function's own decorator, or in one of a table at module level
that the decorator names.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, order=True)
class MarkedTest:
    """`path` is relative to the repository; `name` is the function's, after its class's and `::` if it has one."""

    path: str
    name: str

    @property
    def node_id(self) -> str:
        return f"{self.path}::{self.name}"


class MarkUnreadable(ValueError):
    """A mark whose ids are not literals."""


def marked_tests(folder: Path = ROOT / "tests") -> dict[str, set[MarkedTest]]:
    """Row ids, each with the tests that are about it. Raises MarkUnreadable."""
    found: dict[str, set[MarkedTest]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.catalogue(" in text:
            for row_id, test in _marks_of_module(ast.parse(text), str(path.relative_to(ROOT))):
                found.setdefault(row_id, set()).add(test)
    return found


def _marks_of_module(module: ast.Module, path: str) -> Iterator[tuple[str, MarkedTest]]:
    tables = dict(_assignments(module))
    everywhere = _ids(tables["pytestmark"]) if "pytestmark" in tables else set()
    for name, function, decorators in _test_functions(module):
        ids = set(everywhere)
        for decorator in [*decorators, *function.decorator_list]:
            ids |= _ids(decorator)
            for used in ast.walk(decorator):
                if isinstance(used, ast.Name) and used.id in tables:
                    ids |= _ids(tables[used.id])
        yield from ((row_id, MarkedTest(path, name)) for row_id in ids)


def _assignments(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in module.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _test_functions(module: ast.Module) -> Iterator[tuple[str, _Function, list[ast.expr]]]:
    """Each with the decorators of its class."""
    for node in module.body:
        if isinstance(node, _Function) and node.name.startswith("test_"):
            yield node.name, node, []
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, _Function) and method.name.startswith("test_"):
                    yield f"{node.name}::{method.name}", method, node.decorator_list


def _ids(expression: ast.expr) -> set[str]:
    """The ids of all marks in an expression."""
    ids = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.catalogue"):
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise MarkUnreadable(f"line {node.lineno}: an id is no literal: {ast.unparse(node)}")
                ids.add(argument.value)
    return ids
