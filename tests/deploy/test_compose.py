"""`docker-compose.yml`, the image and nginx's configuration: what can be checked without an engine."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE = ROOT / "docker-compose.yml"
REQUIRED = {
    "HUBSSO_BASE_URL": "https://hub.example.org",
    "HUBSSO_TLS_DIR": "/tls",
    "HUBSSO_SECRET_KEY": "s" * 60,
    "HUBSSO_ENCRYPTION_KEYS": "k",
    "HUBSSO_SMTP_HOST": "smtp.example.org",
    "POSTGRES_PASSWORD": "p",
}
OTHERS = frozenset({"postgres"})  # starts as root and drops it, and writes where it likes


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded


def test_it_runs_two_servers_a_worker_and_all_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "valkey", "migrate", "web", "worker", "nginx", "keycloak"}
    assert services["web"]["deploy"]["replicas"] >= 2
    assert services["keycloak"]["profiles"] == ["idp"]
    assert services["worker"]["command"] == ["python", "manage.py", "work"]


def test_only_the_proxy_is_reachable_from_outside(compose: dict[str, Any]) -> None:
    published = {name for name, service in compose["services"].items() if "ports" in service}
    assert published == {"nginx", "keycloak"}
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["keycloak"]["ports"])


def test_our_containers_write_nothing_and_gain_no_rights(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name in OTHERS or "profiles" in service:
            continue
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_every_image_is_of_a_named_release(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["image"] == "hubsso" or re.search(r":\d", service["image"]), name


def test_what_an_operator_must_set_is_said_at_the_top() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    asked_for = set(re.findall(r"\$\{(\w+):\?", text))
    assert asked_for == set(REQUIRED)
    head = text[: text.index("x-hardened")]
    assert all(name in head for name in asked_for)


def test_variables_of_the_portal_are_those_of_the_readme(compose: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in compose["services"]["web"]["environment"]:
        assert name.startswith("SSL_") or f"`{name}`" in readme, name


def test_compose_itself_takes_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if (
        not docker
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("there is no docker compose here")
    for profile in ([], ["--profile", "idp"]):
        subprocess.run(
            [docker, "compose", "-f", str(COMPOSE), *profile, "config", "--quiet"], env=REQUIRED, check=True
        )


def test_the_image_is_not_root_and_holds_what_the_server_needs() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    _, build, final = re.split(r"^FROM ", dockerfile, flags=re.MULTILINE)
    assert "--require-hashes" in build
    assert re.search(r"^USER \d+$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    for part in ("manage.py", "hubsso", "accounts", "orgs", "sso", "templates", "locale"):
        assert re.search(rf"^COPY {part} ", build, re.MULTILINE), part


def test_the_proxy_says_who_asks_whatever_the_client_said() -> None:
    conf = (ROOT / "deploy/nginx/hubsso.conf").read_text(encoding="utf-8")
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in conf
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in conf
    for path in ("/metrics", "/readyz"):
        assert f"location = {path} {{ return 404; }}" in conf
    assert "$request_uri" not in conf.split("log_format")[1].split(";")[0]


def test_the_proxys_logs_hold_no_address_that_lets_somebody_in() -> None:
    conf = (ROOT / "deploy/nginx/hubsso.conf").read_text(encoding="utf-8")
    said = re.search(r'"~(\^.*\$)" "\$before...\$after";', conf)
    assert said is not None
    secret = re.compile(said[1].replace("(?<", "(?P<"))
    token = "abcdefghijklmnopqrstuvwxyz-0123456789"
    for path in (
        "/hand-over/",
        "/invitations/",
        "/accounts/confirm-email/",
        "/accounts/password/reset/key/1-",
    ):
        assert secret.match(f"{path}{token}/"), path
    assert not secret.match(
        "/orgs/acme/settings/sso/connections/9c858901-8a57-4791-81fe-4c455b099bc9/hand-over/"
    )
    assert '"path":"$logged_path"' in conf
    assert "error_log stderr crit;" in conf


def test_nginx_itself_takes_it(tmp_path: Path) -> None:
    """An nginx older than 1.27.3 knows neither `resolve` nor `http2 on`: it is given the rest."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    openssl = shutil.which("openssl")
    if not nginx or not openssl:
        pytest.skip("there is no nginx here")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    kind = (
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=hub",
    )
    made = [openssl, "req", *kind, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(made, check=True, capture_output=True)
    conf = (ROOT / "deploy/nginx/hubsso.conf").read_text(encoding="utf-8")
    conf = conf.replace("/etc/nginx/tls", str(tmp_path)).replace(
        "server web:8000 resolve", "server 127.0.0.1:8000"
    )
    conf = conf.replace("    http2 on;\n", "").replace("    resolver 127.0.0.11 valid=5s;\n", "")
    (tmp_path / "hubsso.conf").write_text(conf)
    main = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include {tmp_path}/hubsso.conf; }}"
    (tmp_path / "nginx.conf").write_text(main)
    said = subprocess.run(
        [nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
