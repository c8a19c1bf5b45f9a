"""Taking a backup in: into an empty database of the same migrations, all of it or nothing."""

from collections.abc import Collection, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction

from hubsso.backup.archive import Backup, BackupRefused, rows_of
from hubsso.backup.dump import applied_migrations
from hubsso.backup.tables import Table, all_tables
from hubsso.crypto import opens

BATCH_ROWS = 500
BATCH_VALUES = 4_000_000  # characters: pages may be long
# What `migrate` fills itself. The backup's rows take their place, as others refer to them by key.
FILLED_BY_MIGRATE = frozenset({"contenttypes.ContentType", "auth.Permission"})


def refuse_foreign(backup: Backup) -> None:
    """Raise BackupRefused unless this portal could open the backup's secrets and has the same tables."""
    head = backup.head
    closed = [check for check in head.key_checks if not opens(check)]
    if closed:
        raise BackupRefused(
            f"The portal of the backup had {len(head.key_checks)} encryption keys, of which {len(closed)} "
            "are not in HUBSSO_ENCRYPTION_KEYS here: its secrets would not open."
        )
    here, there = set(applied_migrations()), set(head.migrations)
    if not here:
        raise BackupRefused("The database has no tables yet: run migrate first.")
    if here != there:
        raise BackupRefused(
            f"The backup was made by version {head.version} with other migrations: {_some(there - here)} only "
            f"there, {_some(here - there)} only here. Restore it with that version, then update."
        )
    if unknown := set(head.tables) - all_tables().keys():
        raise BackupRefused(f"There is no table {_some(unknown)} here.")


def restore(backup: Backup, *, ignoring: Collection[str] = ()) -> None:
    """Take the backup in, and hold the database against its checksums before committing.

    The database must be empty; tables with a label in `ignoring` need not be. Raises BackupRefused.
    """
    refuse_foreign(backup)
    tables = all_tables()
    with transaction.atomic(durable=True):
        _refuse_full(tables, ignoring)
        for label in FILLED_BY_MIGRATE & backup.sums.keys():
            tables[label].clear()
        _insert(backup, tables)
        _check(backup, tables)
        _reset_sequences([tables[label] for label in backup.sums])


def _refuse_full(tables: dict[str, Table], ignoring: Collection[str]) -> None:
    for label, table in tables.items():
        if label not in FILLED_BY_MIGRATE and label not in ignoring and not table.is_empty():
            raise BackupRefused(f"The database is not empty: {label} has rows. Restore into a new one.")


def _insert(backup: Backup, tables: dict[str, Table]) -> None:
    for label, columns, rows in _batches(backup):
        if columns != tables[label].columns:
            raise BackupRefused(f"{label} has other columns here.")
        try:
            tables[label].insert(rows)
        except (DatabaseError, ValidationError, ValueError) as error:
            # Its text may quote what is in the row.
            raise BackupRefused(f"{label}: the database refuses a row ({type(error).__name__}).") from None


def _batches(backup: Backup) -> Iterator[tuple[str, list[str], list[Any]]]:
    """Rows of one table, as many as are held in memory at once."""
    held: list[Any] = []
    held_label, held_columns, length = "", [""], 0
    for label, columns, row in rows_of(backup):
        if held and (label != held_label or len(held) >= BATCH_ROWS or length >= BATCH_VALUES):
            yield held_label, held_columns, held
            held, length = [], 0
        held_label, held_columns = label, columns
        held.append(row)
        length += sum(len(value) for value in row if isinstance(value, str))
    if held:
        yield held_label, held_columns, held


def _check(backup: Backup, tables: dict[str, Table]) -> None:
    try:
        connection.check_constraints()
    except DatabaseError as error:
        raise BackupRefused(f"Rows refer to rows that are not there ({type(error).__name__}).") from None
    for label, expected in backup.sums.items():
        if tables[label].sum() != expected:
            raise BackupRefused(f"{label} is not what the backup has: nothing was kept.")


def _reset_sequences(tables: list[Table]) -> None:
    """New rows get keys after those that were restored."""
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in tables])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _some(names: Collection[str]) -> str:
    first = sorted(names)[:3]
    return (", ".join(first) or "none") + (" and others" if len(names) > len(first) else "")
