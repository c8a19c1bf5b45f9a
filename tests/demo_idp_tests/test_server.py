"""Pages, configuration, keys and the process."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.demo_idp import (
    DemoIdP,
    Tenant,
)
from tests.demo_idp.config import ConfigError, load_config, save_config
from tests.demo_idp.keys import KeyStore
from tests.demo_idp.server import PortTaken
from tests.demo_idp_tests.support import ACME, CLIENT, authorization_url


def test_pages_have_a_strict_csp_and_no_inline_code(acme: Tenant) -> None:
    pages = [
        requests.get(f"{acme.url}/", timeout=5),
        requests.get(authorization_url(acme), timeout=5),
        requests.get(f"{acme.url}/nowhere", timeout=5),
    ]
    for response in pages:
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "style=" not in response.text
        assert "anyone may sign in as anyone" in response.text
    assert "form-action 'self' http://portal.example" in pages[1].headers["Content-Security-Policy"]
    assert "Max Member" in pages[1].text


def test_tenant_serves_only_its_protocols(idp: DemoIdP) -> None:
    globex = idp.tenant("globex")
    assert requests.get(f"{globex.issuer}/.well-known/openid-configuration", timeout=5).status_code == 404
    assert requests.get(globex.saml_entity_id, timeout=5).status_code == 200


def test_config_survives_writing_and_reading(tmp_path: Path) -> None:
    save_config([ACME], tmp_path / "idp.json")
    assert load_config(tmp_path / "idp.json") == [ACME]


@pytest.mark.parametrize(
    ("tenant", "message"),
    [
        ({"slug": "acme", "colour": "red"}, "colour"),
        ({"slug": "acme", "people": [{"subject": "max"}]}, "name"),
        ({"slug": "acme", "oidc_algorithm": "HS256"}, "HS256"),
        ({"slug": "static"}, "static"),
    ],
)
def test_bad_config_is_refused_by_name(tmp_path: Path, tenant: dict[str, Any], message: str) -> None:
    path = tmp_path / "idp.json"
    path.write_text(json.dumps({"tenants": [tenant]}))
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_keys_survive_a_restart_when_there_is_a_folder(tmp_path: Path) -> None:
    first, second = KeyStore(tmp_path), KeyStore(tmp_path)
    assert first.oidc_key("a", "ES256").kid == second.oidc_key("a", "ES256").kid
    assert first.saml_key_pair("a").certificate_pem == second.saml_key_pair("a").certificate_pem
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key.pem")} == {0o600}


def test_taken_port_is_named() -> None:
    with DemoIdP() as server, pytest.raises(PortTaken, match=str(server.port)):
        DemoIdP(port=server.port)


def test_only_loopback_is_served() -> None:
    with pytest.raises(ValueError, match="loopback"):
        DemoIdP(host="192.0.2.1")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_process_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    save_config([ACME], tmp_path / "idp.json")
    command = [sys.executable, "-m", "tests.demo_idp", "--port", "0", "--config", str(tmp_path / "idp.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        assert requests.get(f"{url}healthz", timeout=5).text == "ok\n"
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


def test_process_says_that_the_port_is_taken(tmp_path: Path) -> None:
    save_config([ACME], tmp_path / "idp.json")
    with DemoIdP() as server:
        command = [sys.executable, "-m", "tests.demo_idp", "--config", str(tmp_path / "idp.json")]
        result = subprocess.run(
            [*command, "--port", str(server.port)], capture_output=True, text=True, timeout=30, check=False
        )
    assert result.returncode == 1
    assert f"Port {server.port} is taken" in result.stderr


def test_too_large_a_form_is_refused(idp: DemoIdP, acme: Tenant) -> None:
    response = requests.post(f"{acme.url}/token", data={"code": "x" * 2_000_000}, timeout=5)
    assert response.status_code == 413
    assert idp.requests.to("token")[-1].form == {}


def test_missing_key_file_is_named_by_the_process(tmp_path: Path) -> None:
    save_config([replace(ACME, oidc_key_file=str(tmp_path / "nowhere.pem"))], tmp_path / "idp.json")
    command = [sys.executable, "-m", "tests.demo_idp", "--port", "0", "--config", str(tmp_path / "idp.json")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 1
    assert "nowhere.pem" in result.stderr
    assert "Traceback" not in result.stderr


def test_tenant_page_links_to_where_logins_begin(acme: Tenant) -> None:
    acme.add_client(replace(CLIENT, initiate_login_uri="http://portal.example/sso/c1/oidc/initiate/"))
    text = requests.get(f"{acme.url}/", timeout=5).text
    assert f"/sso/c1/oidc/initiate/?iss={acme.issuer.replace(':', '%3A')}" in text
    assert f"{acme.url}/saml/launch?sp=" in text
