"""Production starts with what it needs, and not without."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.check_deploy import ROOT, manage, production_environment

UNSET = None
OK = "started"
SHOW_HSTS = "settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD"
GOOD_KEY = "dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtLTAwMDE="


def start(environment: dict[str, str], show: str = repr(OK)) -> subprocess.CompletedProcess[str]:
    """Load the settings as every entry point does first, and print the expressions `show`."""
    return subprocess.run(
        [sys.executable, "-c", f"from hubsso import settings; print({show})"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(environment: dict[str, str]) -> str:
    """The message production refuses to start with."""
    result = start(environment)
    assert result.returncode == 1
    assert OK not in result.stdout
    kind, _, message = result.stderr.strip().splitlines()[-1].partition(": ")
    assert kind == "django.core.exceptions.ImproperlyConfigured"
    return message


def test_production_starts_with_a_complete_environment(tmp_path: Path) -> None:
    assert start(production_environment(tmp_path)).stdout.strip() == OK


def test_environment_that_says_nothing_gets_production(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    del environment["HUBSSO_ENV"]
    environment["HUBSSO_SECRET_KEY"] = "short"
    assert refusal(environment).startswith("HUBSSO_SECRET_KEY ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUBSSO_ENV", "staging"),
        ("HUBSSO_BASE_URL", UNSET),
        ("HUBSSO_BASE_URL", "http://hub.example.org"),
        ("HUBSSO_BASE_URL", "hub.example.org"),
        ("HUBSSO_BASE_URL", "https://hub.example.org/portal"),
        ("HUBSSO_BASE_URL", "https://admin:unsafe-value@hub.example.org"),
        ("HUBSSO_BASE_URL", "https://hub.example.org#unsafe-value"),
        ("HUBSSO_BASE_URL", "https://hub.example.org:port"),
        ("HUBSSO_SECRET_KEY", UNSET),
        ("HUBSSO_SECRET_KEY", ""),
        ("HUBSSO_SECRET_KEY", "unsafe-value"),
        ("HUBSSO_SECRET_KEY", "x" * 64),
        ("HUBSSO_SECRET_KEY_FILE", "/nonexistent/unsafe-value"),
        ("HUBSSO_ENCRYPTION_KEYS", UNSET),
        ("HUBSSO_ENCRYPTION_KEYS", ","),
        ("HUBSSO_ENCRYPTION_KEYS", "unsafe-value"),
        ("HUBSSO_ENCRYPTION_KEYS", GOOD_KEY + ",unsafe-value"),
        ("HUBSSO_ALLOWED_HOSTS", "*"),
        ("HUBSSO_ALLOWED_HOSTS", "hub.example.org, *"),
        ("HUBSSO_DEMO", "true"),
        ("HUBSSO_DEMO", "maybe"),
        ("HUBSSO_SMTP_HOST", UNSET),
        ("HUBSSO_SMTP_PORT", "smtp"),
        ("HUBSSO_SMTP_PORT", "0"),
        ("HUBSSO_HSTS_SECONDS", "0"),
        ("HUBSSO_HSTS_SUBDOMAINS", "perhaps"),
        ("HUBSSO_SSL_REDIRECT", "perhaps"),
        ("HUBSSO_TRUST_PROXY", "perhaps"),
        ("HUBSSO_LOG_LEVEL", "LOUD"),
        ("HUBSSO_TASKS", "sometimes"),
        ("HUBSSO_REDIS_URL", "unsafe-value"),
        ("HUBSSO_REDIS_URL", "http://unsafe-value@localhost"),
        ("HUBSSO_REDIS_URL", "redis://:unsafe-value@localhost:port"),
        ("HUBSSO_REDIS_URL", "unix://"),
        ("HUBSSO_EGRESS_ALLOWED_NETWORKS", "10.0.0.1/8"),
        ("HUBSSO_EGRESS_ALLOWED_NETWORKS", "intranet"),
        ("DATABASE_URL", "unsafe-value"),
        ("DATABASE_URL", "nosuchdb://hub:unsafe-value@localhost/hub"),
        ("DATABASE_URL", "postgres://hub:unsafe-value@localhost:port/hub"),
    ],
)
def test_production_refuses_to_start_and_names_the_variable(
    tmp_path: Path, name: str, value: str | None
) -> None:
    environment = production_environment(tmp_path)
    environment.pop(name.removesuffix("_FILE"), None)
    if value is not None:
        environment[name] = value
    message = refusal(environment)
    assert message.startswith((f"{name} ", f"{name}: "))
    assert "unsafe-value" not in message


def test_production_refuses_zero_proxies_where_proxies_are_trusted(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    environment |= {"HUBSSO_TRUST_PROXY": "true", "HUBSSO_PROXY_COUNT": "0"}
    assert refusal(environment).startswith("HUBSSO_PROXY_COUNT ")


def test_production_refuses_to_send_a_mail_password_in_the_clear(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    environment |= {"HUBSSO_SMTP_PASSWORD": "unsafe-value", "HUBSSO_SMTP_TLS": "false"}
    message = refusal(environment)
    assert message.startswith("HUBSSO_SMTP_TLS ")
    assert "unsafe-value" not in message


def test_secrets_can_come_from_files(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    for name in ("HUBSSO_SECRET_KEY", "HUBSSO_ENCRYPTION_KEYS"):
        path = tmp_path / name
        path.write_text(environment.pop(name) + "\n", encoding="utf-8")
        environment[f"{name}_FILE"] = str(path)
    environment["DATABASE_URL_FILE"] = str(tmp_path / "database")
    (tmp_path / "database").write_text("postgres://hub:pw@localhost/hub\n", encoding="utf-8")
    assert start(environment).stdout.strip() == OK


@pytest.mark.parametrize("subdomains", [UNSET, "true"])
def test_deployment_checks_find_nothing_in_a_complete_environment(
    tmp_path: Path, subdomains: str | None
) -> None:
    environment = production_environment(tmp_path)
    if subdomains is not None:
        environment["HUBSSO_HSTS_SUBDOMAINS"] = subdomains
    result = manage("check", "--deploy", "--fail-level", "WARNING", environment=environment)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(("subdomains", "expected"), [(UNSET, "False False"), ("true", "True True")])
def test_subdomains_are_bound_to_https_only_where_the_operator_says_so(
    tmp_path: Path, subdomains: str | None, expected: str
) -> None:
    environment = production_environment(tmp_path)
    if subdomains is not None:
        environment["HUBSSO_HSTS_SUBDOMAINS"] = subdomains
    assert start(environment, SHOW_HSTS).stdout.strip() == expected


@pytest.mark.parametrize(
    ("database", "tasks", "backend"),
    [
        (UNSET, UNSET, "InlineBackend"),
        ("postgres://hub:pw@localhost/hub", UNSET, "DatabaseBackend"),
        ("postgres://hub:pw@localhost/hub", "inline", "InlineBackend"),
        (UNSET, "queue", "DatabaseBackend"),
    ],
)
def test_jobs_wait_in_a_queue_where_there_is_a_server_for_it(
    tmp_path: Path, database: str | None, tasks: str | None, backend: str
) -> None:
    environment = production_environment(tmp_path)
    chosen = {"DATABASE_URL": database, "HUBSSO_TASKS": tasks}
    environment |= {name: value for name, value in chosen.items() if value is not None}
    shown = start(environment, "settings.TASKS['default']['BACKEND']").stdout.strip()
    assert shown.endswith(f".{backend}")


def test_redis_may_have_a_comma_in_its_password(tmp_path: Path) -> None:
    environment = production_environment(tmp_path) | {
        "HUBSSO_REDIS_URL": "redis://:pass,word@localhost:6379/0"
    }
    shown = start(environment, "settings.CACHES['shared']['LOCATION']").stdout.strip()
    assert shown == "['redis://:pass,word@localhost:6379/0']"


def test_commands_refuse_to_start_too(tmp_path: Path) -> None:
    environment = production_environment(tmp_path)
    del environment["HUBSSO_SECRET_KEY"]
    result = manage("migrate", "--check", environment=environment)
    assert result.returncode != 0
    assert "HUBSSO_SECRET_KEY must be set" in result.stderr
