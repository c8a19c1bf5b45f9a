"""The catalogue of refusals: every code is tested somewhere, is raised somewhere, and means one thing."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = (
    "sso.errors",
    "sso.oidc.errors",
    "sso.oidc.logout_errors",
    "sso.saml.errors",
    "sso.saml.metadata_errors",
    "sso.saml.logout_errors",
    "sso.settings_errors",
    "orgs.errors",
)
CODE = re.compile(r"[a-z][a-z0-9_]*")


def leaves() -> Iterator[type[Exception]]:
    """Every class of the catalogues that no other class refines: those that are raised."""
    for name in CATALOGUES:
        for _, found in inspect.getmembers(import_module(name), inspect.isclass):
            if found.__module__ == name and issubclass(found, Exception) and not found.__subclasses__():
                yield found


LEAVES = sorted(leaves(), key=lambda error: (error.__module__, error.__name__))


def text_of(folder: str) -> str:
    paths = (path for path in sorted((ROOT / folder).rglob("*.py")) if path != Path(__file__))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.fixture(scope="module")
def tested() -> frozenset[str]:
    """The words of the tests, and the codes in their quotes."""
    text = text_of("tests")
    return frozenset(re.findall(r"\w+", text)) | frozenset(re.findall(rf'"{CODE.pattern}"', text))


@pytest.fixture(scope="module")
def used() -> frozenset[str]:
    """The words of the product, but not where a class is made."""
    return frozenset(re.findall(r"\w+", re.sub(r"class \w+\(", "", text_of("sso") + text_of("orgs"))))


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: f"{error.__module__}.{error.__name__}")
def test_every_refusal_is_raised_and_tested(
    error: type[Exception], tested: frozenset[str], used: frozenset[str]
) -> None:
    name, code = error.__name__, error.code  # type: ignore[attr-defined]
    assert CODE.fullmatch(code)
    assert name in used, "nothing raises it"
    assert name in tested or f'"{code}"' in tested, "no test is about it"


def test_every_refusal_tells_people_something() -> None:
    for error in LEAVES:
        message = getattr(error, "user_message", "") or getattr(error, "message", "")
        assert re.fullmatch(r"[A-Z].*\.", message), error


def test_codes_of_one_catalogue_are_its_own() -> None:
    """Both protocols may refuse for the same reason; within one module a code names one class."""
    for name in CATALOGUES:
        codes = [error.code for error in LEAVES if error.__module__ == name]  # type: ignore[attr-defined]
        assert len(codes) == len(set(codes)), name
