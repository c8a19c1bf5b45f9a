"""The portal as a process: granian with the arguments that are shipped, on a free port of loopback."""

import json
import re
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from tests.check_deploy import ROOT, manage, production_environment
from tests.demo.processes import POLL_SECONDS, START_SECONDS, Child, Children


def shipped_command() -> list[str]:
    """The image's own, without where it listens."""
    match = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert match
    command: list[str] = json.loads(match[1])
    assert command[0] == "granian"

    for name in ("--host", "--port"):
        position = command.index(name)
        del command[position : position + 2]
    return command[1:]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_portal(folder: Path, **settings: str) -> Iterator[int]:
    """A portal in production's settings, on an empty SQLite unless `settings` say otherwise. Gives its port."""
    environment = (
        production_environment(folder) | {"HUBSSO_ALLOWED_HOSTS": "127.0.0.1,hub.example.org"} | settings
    )
    for arguments in (["migrate", "-v0"], ["createcachetable"], ["collectstatic", "--noinput", "-v0"]):
        result = manage(*arguments, environment=environment)
        assert result.returncode == 0, result.stderr
    port = free_port()
    with Children() as children:
        start_portal(children, folder, environment, port)
        yield port


def start_portal(children: Children, folder: Path, environment: Mapping[str, str], port: int) -> None:
    """The image's own server on loopback, up when this returns."""
    command = [
        *(sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port)),
        *shipped_command(),
    ]
    portal = children.add(
        Child("The portal", command, environment=environment, cwd=ROOT, log=folder / "portal.log")
    )
    wait_until_listening(portal, port)


def wait_until_listening(portal: Child, port: int) -> None:
    """Raises ChildDied if it ends first. Any answer will do: production sends plain http elsewhere."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        portal.check()
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/")
            connection.getresponse()
            return
        assert time.monotonic() < deadline, "the portal never answered"
        time.sleep(POLL_SECONDS)
