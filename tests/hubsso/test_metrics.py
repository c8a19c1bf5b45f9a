"""`/metrics`: who may read it, and what is counted there by real requests and logins."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from hubsso.telemetry.queue_metrics import QUEUE
from sso.watching import metrics
from tests.counted import value

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = {"Authorization": "Bearer t0ken"}


@pytest.fixture(autouse=True)
def _with_a_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "t0ken"
    settings.ALLOWED_HOSTS = ["hub.example.org"]


def test_they_are_read_by_the_token_alone(client: Client, settings: Settings) -> None:
    host = {"Host": "10.0.0.7:8000"}
    answer = client.get("/metrics", headers=TOKEN | host)
    assert answer.status_code == 200
    assert "# TYPE hubsso_http_requests_total counter" in answer.text
    assert 'hubsso_jobs{state="waiting"} 0.0' in answer.text
    assert answer["Cache-Control"] == "no-store"
    wrong: list[dict[str, str]] = [{}, {"Authorization": "Bearer t0ke"}, {"Authorization": "Bearer "}]
    for headers in wrong:
        assert client.get("/metrics", headers=headers | host).status_code == 404
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "} | host).status_code == 404


@pytest.mark.django_db
def test_nobody_makes_routes_or_methods_of_their_own(client: Client) -> None:
    before = value("hubsso_http_requests_total", method="other", route="none", status="404")
    for path in ("/none/such/", "/other/such/"):
        answer = client.generic("BREW", path, headers={"Host": "hub.example.org"})
        assert answer.status_code == 404
    assert value("hubsso_http_requests_total", method="other", route="none", status="404") == before + 2
    exposed = client.get("/metrics", headers=TOKEN).text
    assert "such" not in exposed
    assert "BREW" not in exposed


def test_organisations_beyond_a_bound_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_orgs", {901})
    monkeypatch.setattr(metrics, "MAX_ORGS", 2)
    for org_id in (901, 902, 903, 904):
        metrics.count_login(org_id=org_id, protocol="oidc", purpose="login", result="ok")
    counted = {
        labels: value("hubsso_logins_total", org_id=labels, protocol="oidc", purpose="login", result="ok")
        for labels in ("901", "902", "903", "other")
    }
    assert counted == {"901": 1, "902": 1, "903": 0, "other": 2}


def test_processes_of_a_node_count_together(tmp_path: Path) -> None:
    script = (
        "import django; django.setup()\n"
        "from sso.watching import metrics\n"
        "from hubsso.telemetry.metrics import exposition\n"
        "metrics.count_login(org_id=7, protocol='saml', purpose='login', result='ok')\n"
        "print([line for line in exposition().decode().splitlines() if line.startswith('hubsso_logins_total')])"
    )
    environment = os.environ | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "HUBSSO_ENV": "test",
        "DJANGO_SETTINGS_MODULE": "hubsso.settings",
    }
    said = ""
    for _ in range(2):
        said = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    assert said.rstrip("']\n").endswith(" 2.0")


@pytest.mark.parametrize("path", ["deploy/grafana/hubsso.json", "deploy/prometheus/alerts.yml"])
def test_dashboard_and_alerts_ask_for_metrics_that_exist(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".json"):
        json.loads(text)
    families = [family for registry in (REGISTRY, QUEUE) for family in registry.collect()]
    exposed = {f"{family.name}{end}" for family in families for end in ("", "_total", "_bucket", "_count")}
    asked = set(re.findall(r"\bhubsso_\w+", text))
    assert asked
    assert asked <= exposed
