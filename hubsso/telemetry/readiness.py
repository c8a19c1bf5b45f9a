"""`/readyz`: can this process serve? For whoever sends it requests. `hubsso.health` answers whether to restart it.

It can while the database answers and takes writes, has every migration that this release knows, and holds secrets that
our encryption keys open. A newer schema is fine: the release before goes on beside it during an upgrade. What was well
is asked again after a minute, but for the database, which is asked each time. What is wrong stands in the log alone.
"""

import logging
import time
from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse

from hubsso.crypto import opens, sealed_columns

logger = logging.getLogger(__name__)

PATH = "/readyz"
WELL_FOR_SECONDS = 60.0


class NotReady(Exception):
    """What is wrong, for the log."""


def _check_database() -> None:
    """It answers, and takes writes: a login can't do without, and a standby that was not promoted takes none."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT 1")
            return
        cursor.execute("SELECT current_setting('transaction_read_only')")
        if cursor.fetchone() != ("off",):
            raise NotReady("The database takes no writes.")


def _check_migrations() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"{len(missing)} migrations are missing, the first is {missing[0][0]}.")


def _check_keys() -> None:
    """The newest secret of each kind."""
    for model, field in sealed_columns():
        newest = model._default_manager.exclude(**{field: ""}).order_by("-pk").values_list(field, flat=True)
        sealed = newest.exclude(**{f"{field}__isnull": True}).first()
        if sealed and not opens(sealed):
            raise NotReady(f"No encryption key opens {model._meta.label}.{field}.")


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "migrations": _check_migrations,
    "keys": _check_keys,
}
_well_until: dict[str, float] = {}


def answer() -> JsonResponse:
    """200 or 503, and of each check whether it is well. After the first that is not, the others are not made."""
    found: dict[str, str] = {}
    for name, check in CHECKS.items():
        is_well = _is_well(name, check)
        found[name] = "ok" if is_well else "failed"
        if not is_well:
            break
    status = 503 if "failed" in found.values() else 200
    return JsonResponse(found, status=status, headers={"Cache-Control": "no-store"})


def forget() -> None:
    """What was well a moment ago is asked anew."""
    _well_until.clear()


def _is_well(name: str, check: Callable[[], None]) -> bool:
    if time.monotonic() < _well_until.get(name, 0.0):
        return True
    try:
        check()
    except (Error, NotReady) as error:
        _well_until.pop(name, None)
        logger.warning("hubsso.not_ready", extra={"check": name, "detail": str(error)})
        return False
    if name != "database":
        _well_until[name] = time.monotonic() + WELL_FOR_SECONDS
    return True
