"""Children that end, hang or never answer."""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.demo import processes
from tests.demo.processes import Child, ChildDied, Children

SLEEPER = "import time; time.sleep(60)"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""
FAILS = "raise SystemExit('no bananas left')"


def child(folder: Path, title: str, code: str) -> Child:
    return Child(
        title,
        [sys.executable, "-c", code],
        environment=dict(os.environ),
        cwd=folder,
        log=folder / f"{title}.log",
    )


def test_child_that_ends_ends_the_others_and_is_named(tmp_path: Path) -> None:
    children = Children()
    sleeper = children.add(child(tmp_path, "sleeper", SLEEPER))
    children.add(child(tmp_path, "baker", FAILS))
    with children, pytest.raises(ChildDied, match="baker ended by itself") as caught:
        children.watch()
    assert "no bananas left" in str(caught.value)
    assert str(tmp_path / "baker.log") in str(caught.value)
    assert sleeper.process.poll() is not None


def test_child_that_ends_before_it_answers_is_named(tmp_path: Path) -> None:
    with Children() as children, pytest.raises(ChildDied, match="baker ended by itself"):
        children.add(child(tmp_path, "baker", FAILS)).wait_until_answering("http://127.0.0.1:1/")


def test_child_that_never_answers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.5)
    with Children() as children, pytest.raises(ChildDied, match="did not answer"):
        children.add(child(tmp_path, "sleeper", SLEEPER)).wait_until_answering("http://127.0.0.1:1/")


def test_child_that_will_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    with Children() as children:
        stubborn = children.add(child(tmp_path, "stubborn", STUBBORN))
        while "ready" not in stubborn.log.read_text():
            time.sleep(processes.POLL_SECONDS)
    assert stubborn.process.returncode is not None
