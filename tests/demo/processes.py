"""Child processes of the demo: each logs to a file of its own, all are stopped together, none outlives us."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

START_SECONDS = 60
STOP_SECONDS = 5
POLL_SECONDS = 0.2
TAIL_LINES = 15
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_open = build_opener(ProxyHandler({})).open  # loopback: whatever proxy the environment names


class ChildDied(Exception):
    """A child ended by itself, or never answered. The message says which, and what it said last."""


class Child:
    """One running process. What it writes goes to `log`; with `shows_output`, standard output to ours."""

    def __init__(
        self,
        title: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        cwd: Path,
        log: Path,
        shows_output: bool = False,
    ) -> None:
        self.title = title
        self.log = log
        with log.open("wb") as file:
            # A session of its own: Ctrl-C reaches us alone, and we stop the children in order.
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=None if shows_output else file,
                stderr=file,
                start_new_session=True,
            )

    def wait_until_answering(self, url: str) -> None:
        """Raises ChildDied if it ends first, or is silent for too long."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            with suppress(URLError, OSError), _open(url, timeout=5):
                return
            time.sleep(POLL_SECONDS)
        raise ChildDied(f"{self.title} did not answer within {START_SECONDS} seconds.{self._last_words()}")

    def check(self) -> None:
        """Raises ChildDied if it has ended."""
        code = self.process.poll()
        if code is not None:
            raise ChildDied(f"{self.title} ended by itself (exit code {code}).{self._last_words()}")

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def make_sure_it_stopped(self, *, until: float) -> None:
        """Wait for it until then (monotonic seconds), and kill it with all it started if it is still there."""
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "".join(f"\n    {line}" for line in lines) + f"\n  All of it is in {self.log}"


class Children:
    """Processes that live and die together: `with Children() as children: children.add(Child(...))`."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def add(self, child: Child) -> Child:
        self._children.append(child)
        return child

    def watch(self) -> None:
        """Wait for ever. Raises ChildDied when one of them ends."""
        while True:
            for child in self._children:
                child.check()
            time.sleep(POLL_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _signals_ignored():
            self._stop()

    def _stop(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.make_sure_it_stopped(until=until)


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """While children are stopped: a second Ctrl-C must not leave one behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
