"""Environment of a test run, set before pytest-django reads the settings (loaded with `-p`, not conftest.py).

`HUBSSO_TEST_DATABASE` picks the database: `sqlite` (default), `postgresql` (a private server is started and
stopped), or the URL of a server that is there already. pytest-xdist's workers inherit what the first
process set up, and only that process cleans it up.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.plugins.postgres import start_private_server

OWNED = "HUBSSO_TEST_DIR"
KEPT = frozenset({"HUBSSO_TEST_DATABASE", OWNED})


def prepare() -> None:
    """Make the environment the same everywhere: nothing of the developer's own settings reaches a test."""
    if OWNED in os.environ:
        return
    for name in [name for name in os.environ if name.startswith("HUBSSO_") and name not in KEPT]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="hubsso-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[OWNED] = str(folder)
    os.environ["HUBSSO_ENV"] = "test"
    os.environ["HUBSSO_DATA_DIR"] = str(folder / "data")
    (folder / "data").mkdir()
    _choose_database(folder)


def _choose_database(folder: Path) -> None:
    os.environ.pop("DATABASE_URL", None)
    database = os.environ.get("HUBSSO_TEST_DATABASE", "sqlite")
    if database == "postgresql":
        os.environ["DATABASE_URL"] = start_private_server(folder)
    elif "://" in database:
        os.environ["DATABASE_URL"] = database
    elif database != "sqlite":
        raise SystemExit("HUBSSO_TEST_DATABASE must be sqlite, postgresql or a database URL.")


prepare()
