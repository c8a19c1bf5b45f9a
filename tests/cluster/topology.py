"""Two servers and a worker behind nginx, on one PostgreSQL and one Valkey, with the demo's people and demo IdPs."""

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.cluster.nginx import start_nginx
from tests.cluster.postgresql import PostgreSQL
from tests.demo.processes import Child, Children
from tests.demo.run import ROOT, Demo, prepare, start_idp
from tests.portal_process import free_port, shipped_command
from tests.valkey import Valkey

NODES = 2


@dataclass(frozen=True, slots=True)
class ClusterDemo(Demo):
    """The demo of `make run`, on services that several servers share."""

    database_url: str = ""
    redis_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return super(ClusterDemo, self).environment | {
            "DATABASE_URL": self.database_url,
            "HUBSSO_REDIS_URL": self.redis_url,
            "HUBSSO_TASKS": "queue",
        }


@dataclass(slots=True)
class Node:
    """One server of the portal, on a port that it keeps. `environment` is read whenever it starts."""

    number: int
    environment: dict[str, str]
    log_folder: Path
    port: int = field(default_factory=free_port)
    child: Child | None = None

    def start(self) -> None:
        """Returns when it answers."""
        command = [*(sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(self.port))]
        arguments = shipped_command()
        arguments[arguments.index("--workers") + 1] = "1"
        log = self.log_folder / f"node-{self.number}.log"
        self.child = Child(
            f"Node {self.number}", [*command, *arguments], environment=self.environment, cwd=ROOT, log=log
        )
        self.child.wait_until_answering(f"http://127.0.0.1:{self.port}/healthz")

    def kill(self) -> None:
        """With all its processes, as if its machine lost power."""
        assert self.child is not None
        with suppress(ProcessLookupError):
            os.killpg(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait()

    def drain(self) -> None:
        """As an update does it: SIGTERM, and a while for what is under way."""
        assert self.child is not None
        self.child.ask_to_stop()
        self.child.process.wait(timeout=30)

    def stop(self) -> None:
        if self.child is not None:
            self.kill()


class Cluster:
    """`with Cluster(folder, port=8080) as cluster:`; everything it writes is in `folder`. All stops with it."""

    def __init__(self, folder: Path, *, port: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.postgresql = PostgreSQL(folder)
        self.valkey = Valkey(folder)
        self.demo = ClusterDemo(
            port=port, data_dir=folder / "data", database_url=self.postgresql.url, redis_url=self.valkey.url
        )
        self.nodes = [Node(number, self.demo.environment, folder) for number in range(1, NODES + 1)]
        self.children = Children()

    @property
    def url(self) -> str:
        return self.demo.portal_url

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.children.__exit__(None, None, None)
        for node in self.nodes:
            node.stop()
        if self.valkey.is_running:
            self.valkey.stop()
        self.postgresql.stop()

    def _start(self) -> None:
        prepare(self.demo)
        idp = self.children.add(start_idp(self.demo))
        for node in self.nodes:
            node.start()
        self.worker = self.children.add(self._start_worker())
        ports = [node.port for node in self.nodes]
        nginx = self.children.add(start_nginx(self.folder / "nginx", port=self.demo.port, server_ports=ports))
        idp.wait_until_answering(f"{self.demo.idp_url}/healthz")
        nginx.wait_until_answering(f"http://127.0.0.1:{self.demo.port}/healthz")

    def _start_worker(self) -> Child:
        return Child(
            "The worker",
            [sys.executable, "manage.py", "work"],
            environment=self.demo.environment,
            cwd=ROOT,
            log=self.folder / "worker.log",
        )
