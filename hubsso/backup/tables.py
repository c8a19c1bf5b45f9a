"""Tables as lines: which there are, how a row is written and read again, and what a table's checksum is.

A row is the same line whichever database it comes from: times are UTC to the microsecond, keys of JSON are sorted. A
table's checksum does not depend on the order of its rows, which databases sort in ways of their own.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

CHUNK_ROWS = 100
_MODULUS = 2**256


@dataclass(slots=True)
class TableSum:
    """How many rows a table has, and their checksum: the sum of the SHA-256 of every line."""

    rows: int = 0
    total: int = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        digest = hashlib.sha256(line).digest()
        self.total = (self.total + int.from_bytes(digest)) % _MODULUS

    @property
    def checksum(self) -> str:
        return f"{self.total:064x}"


@dataclass(frozen=True, slots=True)
class Table:
    """A model's own columns. `label` names it in a backup."""

    model: type[models.Model]

    @property
    def label(self) -> str:
        return self.model._meta.label

    @property
    def fields(self) -> "Sequence[models.Field[Any, Any]]":
        return [field for field in self.model._meta.local_concrete_fields if not field.generated]

    @property
    def columns(self) -> list[str]:
        return [field.attname for field in self.fields]

    def is_empty(self) -> bool:
        return not self.model._base_manager.exists()

    def lines(self) -> Iterator[bytes]:
        """Every row as a line, a chunk at a time."""
        rows = self.model._base_manager.order_by("pk").values_list(*self.columns)
        for row in rows.iterator(chunk_size=CHUNK_ROWS):
            yield line_of([_plain(value) for value in row])

    def clear(self) -> None:
        """Delete every row, also where code may not."""
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {_quoted(self.model._meta.db_table)}")  # noqa: S608 - our own name

    def insert(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows as they were read, keys, times and all. Raises DatabaseError, ValidationError or ValueError."""
        names = ", ".join(_quoted(str(field.column)) for field in self.fields)
        places = ", ".join(["%s"] * len(self.fields))
        table = _quoted(self.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - our own names
                [self._prepared(row) for row in rows],
            )

    def sum(self) -> TableSum:
        """Of what is in the database now."""
        found = TableSum()
        for line in self.lines():
            found.add(line)
        return found

    def _prepared(self, row: Sequence[Any]) -> list[Any]:
        return [
            field.get_db_prep_save(_python(field, value), connection)
            for field, value in zip(self.fields, row, strict=True)
        ]


def all_tables() -> dict[str, Table]:
    """Every table of ours by its label, those between many and many among them."""
    found = apps.get_models(include_auto_created=True)
    tables = [Table(model) for model in found if model._meta.managed and not model._meta.proxy]
    return {table.label: table for table in sorted(tables, key=lambda table: table.label)}


def line_of(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    """As JSON has it. Raises TypeError in `line_of` for what no column of ours holds."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _python(field: "models.Field[Any, Any]", value: Any) -> Any:
    return value if isinstance(field, models.JSONField) else field.to_python(value)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
