"""An IdP that others wrote, as a process of its own on loopback, for the length of a test or a module."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 5
POLL_SECONDS = 0.1


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def idp_process(command: list[str], *, port: int, cwd: Path | None = None) -> Iterator[None]:
    """Start `command`, wait until it listens on the port, and stop it at the end.

    Raises AssertionError with the end of its output if it does not come up in 30 seconds.
    """
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            _wait_until_listening(process, port)
            yield
        finally:
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_listening(process: "subprocess.Popen[str]", port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not _is_listening(port):
        if process.poll() is not None or time.monotonic() > give_up_at:
            process.kill()
            output = process.communicate()[0]
            raise AssertionError(f"the IdP did not start:\n{output[-2000:]}")
        time.sleep(POLL_SECONDS)


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(POLL_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) == 0
