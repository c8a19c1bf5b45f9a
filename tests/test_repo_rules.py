"""Rules of this repository that no linter knows: layers, sizes, one decision, one catalogue, honest locks."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubsso.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("hubsso", "accounts", "orgs", "sso")
MAX_FILE_LINES = 450  # about 400; a test file of one subject may be a little longer
MAX_FUNCTION_LINES = 60
PROTOCOL_LIBRARIES = frozenset({"onelogin", "mozilla_django_oidc", "jwt", "xmlsec", "lxml"})
LAYERS = ("accounts", "orgs", "sso", "hubsso")  # each may import those before it
# Modules of hubsso that know no app and that every app may use.
FOUNDATION = frozenset(
    {
        "hubsso.backup",
        "hubsso.charts",
        "hubsso.days",
        "hubsso.env",
        "hubsso.heavy",
        "hubsso.jobs",
        "hubsso.net",
        "hubsso.crypto",
        "hubsso.key_rotation",
        "hubsso.mail",
        "hubsso.navigation",
        "hubsso.request_context",
        "hubsso.request_sizes",
        "hubsso.shared_cache",
        "hubsso.spreadsheets",
        "hubsso.domain_names",
        "hubsso.negotiation",
        "hubsso.dev_keys",
        "hubsso.telemetry",
        "hubsso.text",
        "hubsso.throttle",
        "hubsso.version",
    }
)


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[str]:
    """Every module a file imports, with `from a import b` as both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("app", ["accounts", "orgs", "sso"])
def test_imports_run_one_way(app: str) -> None:
    allowed = LAYERS[: LAYERS.index(app) + 1]
    for path in modules(app):
        for imported in imports_of(path):
            top = imported.split(".")[0]
            if top == "hubsso":
                assert any(imported == name or imported.startswith(f"{name}.") for name in FOUNDATION) or (
                    imported == "hubsso"
                ), f"{name_of(path)} imports {imported}"
            elif top in PRODUCT:
                assert top in allowed, f"{name_of(path)} imports {imported}"
            assert top != "tests", f"{name_of(path)} imports {imported}"


def test_the_foundation_knows_no_app() -> None:
    for path in modules("hubsso"):
        if any(name_of(path).startswith(name) for name in FOUNDATION):
            assert not {imported.split(".")[0] for imported in imports_of(path)} & {"accounts", "orgs", "sso"}


def test_protocol_libraries_stay_in_their_folders() -> None:
    for path in modules(*PRODUCT):
        used = {imported.split(".")[0] for imported in imports_of(path)} & PROTOCOL_LIBRARIES
        assert not used or name_of(path).startswith(("sso.oidc", "sso.saml")), f"{name_of(path)} uses {used}"


def test_one_protocol_does_not_know_the_other() -> None:
    for path in modules("sso/oidc"):
        assert not [imported for imported in imports_of(path) if imported.startswith("sso.saml")]
    for path in modules("sso/saml"):
        assert not [imported for imported in imports_of(path) if imported.startswith("sso.oidc")]


# The seam, the URLs, and what an admin enters and is shown of an IdP: its issuer and its certificates.
KNOW_A_PROTOCOL = frozenset({"sso.protocols", "sso.urls"})


def test_logins_know_no_protocol_but_by_the_seam() -> None:
    for path in modules(*PRODUCT):
        if not name_of(path).startswith(("sso.oidc", "sso.saml")) and name_of(path) not in KNOW_A_PROTOCOL:
            assert not [found for found in imports_of(path) if found.startswith(("sso.oidc", "sso.saml"))], (
                path
            )


PURE = ("sso.policy", "sso.mapping.role_mapping", "sso.types", "sso.errors", "orgs.viewer")


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_touch_no_database_and_no_request(module: str) -> None:
    path = ROOT / (module.replace(".", "/") + ".py")
    for imported in imports_of(path):
        assert not imported.startswith(("django.http", "django.db", "sso.models", "django.utils.timezone")), (
            imported
        )


# Who may name a mode of enforcement beside `policy`: the table, the settings that change it, and what they show.
MAY_NAME_ENFORCEMENT = frozenset(
    {
        "sso.policy",
        "sso.explaining.decision_steps",  # says it in words; held against the policy for every combination
        "sso.types",
        "sso.models.policy",
        "sso.enforcing.enforcement",
        "sso.connections",
        "sso.enforcing.progress",
        "sso.enforcing.rollout",
    }
)


def test_only_the_policy_draws_conclusions_from_enforcement() -> None:
    """A mode named elsewhere (`Enforcement.ENFORCED`) would be a second decision; `OFF` may stand for "no row"."""
    for path in modules("sso", "orgs", "accounts"):
        named = set(
            re.findall(r"Enforcement\.(OPTIONAL|REPORT_ONLY|ENFORCED)", path.read_text(encoding="utf-8"))
        )
        assert not named or name_of(path) in MAY_NAME_ENFORCEMENT, f"{name_of(path)} names {named}"


def test_only_the_policy_makes_decisions() -> None:
    for path in modules("sso", "orgs", "accounts"):
        makes_one = re.search(r"\bDecision\(", path.read_text(encoding="utf-8"))
        assert not makes_one or name_of(path) in ("sso.policy", "sso.types"), name_of(path)


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_picture_is_shown_somewhere() -> None:
    gallery = (ROOT / "docs/screens/README.md").read_text(encoding="utf-8")
    pictures = {path.name for path in (ROOT / "docs/screens").glob("*.webp")}
    assert pictures == set(re.findall(r"\((\S+\.webp)\)", gallery))


@pytest.mark.parametrize("path", list(modules(*PRODUCT, "tests")), ids=name_of)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


def test_product_modules_say_what_they_own() -> None:
    silent = [
        name_of(path)
        for path in modules(*PRODUCT)
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        and path.read_text(encoding="utf-8").strip()
        and path.name not in ("apps.py",)
        and "management" not in path.parts
    ]
    assert silent == []


def test_the_version_is_said_once() -> None:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert said == VERSION


def test_lock_files_name_no_host_but_the_public_ones() -> None:
    hosts = set(re.findall(r"https?://([^/\"\s]+)", (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
    for lock in (ROOT / "requirements").glob("*.lock"):
        assert not re.search(r"^[^#\n]*https?://", lock.read_text(encoding="utf-8"), re.MULTILINE), lock.name
    for lock in ROOT.glob("tests/**/package-lock.json"):
        if "node_modules" not in lock.parts:
            resolved = re.findall(r'"resolved": "https?://([^/"]+)', lock.read_text(encoding="utf-8"))
            assert set(resolved) <= {"registry.npmjs.org"}, lock


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    """Mails aside: they have no policy to keep, and no file beside them to be styled from."""
    pages = [path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail"]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\b(src=|type=\"application/json\"))[^>]*>", text), path
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), path


def test_settings_and_readme_name_the_same_variables() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pattern = re.compile(r"\b(?:HUBSSO_[A-Z_]+|DATABASE_URL)\b")
    read = set()
    for path in [*modules("hubsso/settings")]:
        read |= {
            node.args[0].value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
            and pattern.fullmatch(node.args[0].value)
        }
    table = {name for line in readme.splitlines() if line.startswith("| `") for name in pattern.findall(line)}
    assert table >= read | {"HUBSSO_ENV"}
    assert table - read <= {"HUBSSO_ENV", "DATABASE_URL"}
