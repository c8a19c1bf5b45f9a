"""The demo as a process, for tests: `make run`'s command on free ports, in a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.demo.run import ROOT

READY = "Ctrl-C stops everything."
START_SECONDS = 90
STOP_SECONDS = 20


class RunningDemo:
    """A demo that was started. `output` is what it said so far."""

    def __init__(self, *, port: int, data_dir: Path) -> None:
        self.port = port
        self.data_dir = data_dir
        self.portal = f"http://localhost:{port}"
        self.idp = f"http://127.0.0.1:{port + 1}"
        self._lines: list[str] = []
        self._said_more = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            command(port=port, data_dir=data_dir),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait_until_ready(self) -> None:
        self.wait_for(re.escape(READY), seconds=START_SECONDS)

    def wait_for(self, pattern: str, *, seconds: float = 20) -> re.Match[str]:
        """The last place where the output matches, once it does: how a test reads its mails."""
        with self._said_more:
            self._said_more.wait_for(lambda: self._ended or re.search(pattern, self.output), seconds)
            matches = list(re.finditer(pattern, self.output))
        assert matches, f"nothing like {pattern!r} in:\n{self.output}"
        return matches[-1]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Send the signal; the exit code."""
        self.process.send_signal(number)
        return self.wait_until_ended()

    def wait_until_ended(self) -> int:
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return code

    def end(self) -> None:
        """Whatever state it is in: gone, with its children."""
        if self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.process.kill()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said_more:
                self._lines.append(line)
                self._said_more.notify_all()
        with self._said_more:
            self._ended = True
            self._said_more.notify_all()


def command(*, port: int, data_dir: Path) -> list[str]:
    return [sys.executable, "-m", "tests.demo.run", "--port", str(port), "--data-dir", str(data_dir)]


def environment() -> dict[str, str]:
    """Ours without the test run's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUBSSO_")}


@contextmanager
def running_demo(data_dir: Path, *, port: int | None = None) -> Iterator[RunningDemo]:
    demo = RunningDemo(port=port or free_port(), data_dir=data_dir)
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        demo.end()


def free_port() -> int:
    """A port that is free now, and so is the next one."""
    while True:
        with closing(socket.socket()) as first, closing(socket.socket()) as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port
