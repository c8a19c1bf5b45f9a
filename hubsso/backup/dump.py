"""Writing a backup: one read-only transaction that sees one moment, while everybody goes on writing."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from hubsso.backup.archive import FORMAT, Backup, Head, archive_into, new_archive
from hubsso.backup.tables import Table, TableSum, all_tables, line_of
from hubsso.crypto import sealed_with_each_key
from hubsso.version import VERSION


def dump(target: Path | BinaryIO, *, without: Collection[str], now: datetime) -> Backup:
    """Write every table but those with a label in `without`, to a new file or a stream. Raises BackupRefused."""
    tables = [table for label, table in all_tables().items() if label not in without]
    path = target if isinstance(target, Path) else Path("-")
    opened = new_archive(target) if isinstance(target, Path) else archive_into(target)
    with opened as archive, _one_moment():
        head = _head(tables, now)
        archive.add(line_of({"hubsso_backup": FORMAT, **asdict(head)}))
        sums: dict[str, TableSum] = {}
        for table in tables:
            archive.add(line_of({"table": table.label, "columns": table.columns}))
            sums[table.label] = TableSum()
            for line in table.lines():
                archive.add(line)
                sums[table.label].add(line)
        archive.end(sums)
    return Backup(path, head, sums)


def applied_migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _head(tables: list[Table], now: datetime) -> Head:
    return Head(
        version=VERSION,
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        base_url=settings.BASE_URL,
        database=connection.vendor,
        migrations=applied_migrations(),
        key_checks=sealed_with_each_key("hubsso backup"),
        tables=[table.label for table in tables],
    )


@contextmanager
def _one_moment() -> Iterator[None]:
    """What is read in it was all true at once. Nobody who writes waits for it."""
    with _reading_alone(), transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _reading_alone() -> Iterator[None]:
    """SQLite's transactions take the lock for writing at once (see settings): not this one."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    mode = connection.transaction_mode  # type: ignore[attr-defined]  # of the wrapper for SQLite
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]
