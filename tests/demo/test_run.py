"""`make run` for real: its own processes, on free ports, in a temporary folder."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.demo.launcher import RunningDemo, command, environment, free_port, running_demo
from tests.demo.people import HANA, MAIN_CAST, MAX, OLIVIA, PASSWORD, ZOE
from tests.demo.run import ROOT
from tests.demo.walker import Walker

ACME_PUBLIC, ACME_PRIVATE = "/orgs/acme/r/working-at-acme/", "/orgs/acme/r/incident-runbook/"
THEIRS = "theirs.sqlite3"
GLOBEX_PUBLIC = "/orgs/globex/r/press-kit/"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """Started by somebody who has a database of their own."""
    folder = tmp_path_factory.mktemp("demo")
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DATABASE_URL", f"sqlite:///{folder / THEIRS}")
            running = stack.enter_context(running_demo(folder / "ours"))
        yield running


def refused(port: int, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """What a start says that is not meant to succeed."""
    return subprocess.run(
        command(port=port, data_dir=folder),
        cwd=ROOT,
        env=environment() | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_terminal_says_where_to_go_and_who_to_be(demo: RunningDemo) -> None:
    assert f"{demo.portal}/" in demo.output
    assert f"{demo.idp}/" in demo.output
    assert PASSWORD in demo.output
    for account in MAIN_CAST:
        assert account.emails[0] in demo.output


def test_member_of_acme_is_let_in_by_oidc(demo: RunningDemo) -> None:
    walker = Walker(demo.portal)
    walker.sign_in(MAX)
    blocked = walker.open(ACME_PUBLIC)
    assert (blocked.status_code, "How hiring goes" in blocked.text) == (403, False)

    arrived = walker.press_authenticate(blocked, "max")

    assert (arrived.status_code, arrived.url) == (200, f"{demo.portal}{ACME_PUBLIC}")
    assert "How hiring goes" in arrived.text
    assert "You are authenticated for Acme until" in arrived.text


def test_member_of_globex_is_let_in_by_saml(demo: RunningDemo) -> None:
    walker = Walker(demo.portal)
    walker.sign_in(ZOE)
    blocked = walker.open(GLOBEX_PUBLIC)
    assert (blocked.status_code, "Rotterdam" in blocked.text) == (403, False)

    arrived = walker.press_authenticate(blocked, "zoe")

    assert (arrived.status_code, arrived.url) == (200, f"{demo.portal}{GLOBEX_PUBLIC}")
    assert "Rotterdam" in arrived.text
    assert "You are authenticated for Globex until" in arrived.text


def test_admin_opens_sso_settings_after_her_own_login(demo: RunningDemo) -> None:
    walker = Walker(demo.portal)
    walker.sign_in(OLIVIA)
    blocked = walker.open("/orgs/acme/settings/sso/")
    assert blocked.status_code == 403

    arrived = walker.press_authenticate(blocked, "olivia")

    assert arrived.status_code == 200
    assert "Let your own identity provider decide" in arrived.text


def test_outsiders_read_what_is_public_and_nothing_else(demo: RunningDemo) -> None:
    zoe, stranger = Walker(demo.portal), Walker(demo.portal)
    zoe.sign_in(ZOE)
    for walker in (zoe, stranger):
        assert "How hiring goes" in walker.open(ACME_PUBLIC).text
        assert walker.open(ACME_PRIVATE).status_code == 404


def test_optional_and_absent_sso_let_members_in(demo: RunningDemo) -> None:
    walker = Walker(demo.portal)
    walker.sign_in(HANA)
    optional = walker.open("/orgs/initech/r/cover-sheets/")
    assert (optional.status_code, "Not now" in optional.text) == (200, True)
    assert walker.open("/orgs/hooli/r/roadmap/").status_code == 200


def test_stops_cleanly_and_a_second_run_elsewhere_finds_everybody_again(tmp_path: Path) -> None:
    with running_demo(tmp_path) as first:
        log_in_at_both(first)
        assert first.stop(signal.SIGINT) == 0
        assert first.output.endswith("Stopped.\n")
        assert "Traceback" not in first.output
        assert_nothing_listens(first)
    with running_demo(tmp_path) as second:  # on other ports: the IdPs' addresses change
        log_in_at_both(second)
        assert second.stop(signal.SIGTERM) == 0
        assert_nothing_listens(second)


def log_in_at_both(demo: RunningDemo) -> None:
    walker = Walker(demo.portal)
    walker.sign_in(MAX)
    for path in (ACME_PUBLIC, GLOBEX_PUBLIC):
        assert walker.press_authenticate(walker.open(path), "max").url == f"{demo.portal}{path}"


def assert_nothing_listens(demo: RunningDemo) -> None:
    for port in (demo.port, demo.port + 1):
        with closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is still served"


@pytest.mark.parametrize("offset", [0, 1], ids=["portal", "idp"])
def test_taken_port_is_named_with_a_way_out(offset: int, tmp_path: Path) -> None:
    port = free_port()
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", port + offset))
        other.listen()

        result = refused(port, tmp_path)

    assert result.returncode == 1
    (message,) = result.stderr.strip().splitlines()
    assert f"Port {port + offset}" in message
    assert f"make run PORT={port + 10}" in message
    assert not list(tmp_path.iterdir())


def test_production_refuses_the_demo(tmp_path: Path) -> None:
    result = refused(free_port(), tmp_path, HUBSSO_ENV="prod")
    assert result.returncode == 1
    assert "production" in result.stderr
    assert not list(tmp_path.iterdir())


def test_database_of_the_caller_is_left_alone(demo: RunningDemo) -> None:
    assert not (demo.data_dir.parent / THEIRS).exists()
