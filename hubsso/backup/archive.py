"""The file of a backup: written once, and read through to its end before anything in it is believed."""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hubsso.backup.tables import TableSum, line_of

FORMAT = 1


class BackupRefused(Exception):
    """The file can't be written, is no backup, is damaged, or can't be taken in here. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What made the backup, and what it takes to use it. `key_checks` are one for each encryption key."""

    version: str
    made_at: str
    base_url: str
    database: str
    migrations: list[str]
    key_checks: list[str]
    tables: list[str]


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was read through and is whole."""

    path: Path
    head: Head
    sums: dict[str, TableSum]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.sums.values())


class Writer:
    """Adds line after line, and at last the end that vouches for them."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def add(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)

    def end(self, sums: dict[str, TableSum]) -> None:
        tables = {label: {"rows": table.rows, "sum": table.checksum} for label, table in sums.items()}
        self.add(line_of({"tables": tables}))
        self._file.write(line_of({"sha256": self._digest.hexdigest()}))


@contextmanager
def new_archive(path: Path) -> Iterator[Writer]:
    """A new file, readable by its owner alone; it is there once it is whole. Raises BackupRefused."""
    if path.exists():
        raise BackupRefused(f"{path} is there already.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupRefused(f"{path} can't be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as raw:
            with archive_into(raw) as writer:
                yield writer
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(path)
    except OSError as error:
        raise BackupRefused(f"{path} can't be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def archive_into(raw: BinaryIO) -> Iterator[Writer]:
    """Where it can't be taken back: whoever reads it notices at its end whether it is whole."""
    with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6) as file:
        yield Writer(file)


def read_backup(path: Path) -> Backup:
    """Read the whole file and hold it against its own checksums. Raises BackupRefused."""
    lines = _Lines(path)
    head = lines.head()
    sums: dict[str, TableSum] = {}
    for label, line in lines.rows():
        table = sums.setdefault(label, TableSum())
        if line is not None:
            table.add(line)
    if lines.said_sums != {label: (table.rows, table.checksum) for label, table in sums.items()}:
        raise BackupRefused(f"{path} is damaged: its tables do not have the checksums that it says.")
    return Backup(path, head, sums)


def rows_of(backup: Backup) -> Iterator[tuple[str, list[str], list[Any]]]:
    """Each row: its table's label and columns, its values. Raises BackupRefused where the file changed since."""
    lines = _Lines(backup.path)
    lines.head()
    for label, line in lines.rows():
        if line is not None:
            yield label, lines.columns, json.loads(line)


class _Lines:
    """The file from its first line to its last. `columns` are those of the table that is being read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._all = self._checked()
        self.columns: list[str] = []
        self.said_sums: dict[str, tuple[int, str]] = {}

    def head(self) -> Head:
        content = self._parsed(next(self._all, b"null"))
        if not isinstance(content, dict) or content.pop("hubsso_backup", None) != FORMAT:
            raise BackupRefused(f"{self._path} is no backup that this version can read.")
        try:
            return Head(**content)
        except TypeError:
            raise self._damaged() from None

    def rows(self) -> Iterator[tuple[str, bytes | None]]:
        """Each row's line with its table's label, and once per table None."""
        label = ""
        for line in self._all:
            if line.startswith(b"["):
                yield label, line
                continue
            content = self._parsed(line)
            try:
                if "tables" in content:
                    tables = content["tables"].items()
                    self.said_sums = {name: (table["rows"], table["sum"]) for name, table in tables}
                    return self._finish()
                label, self.columns = content["table"], content["columns"]
            except (TypeError, KeyError, AttributeError):
                raise self._damaged() from None
            yield label, None
        raise self._damaged("it has no end")

    def _finish(self) -> None:
        expected = self._digest.hexdigest()
        if self._parsed(next(self._all, b"{}")) != {"sha256": expected} or next(self._all, None):
            raise self._damaged("its checksum is another")

    def _checked(self) -> Iterator[bytes]:
        """Raises BackupRefused for what is no whole gzip."""
        try:
            with gzip.open(self._path, "rb") as file:
                for line in file:
                    self._digest.update(line)
                    yield line
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise self._damaged() from None
        except OSError as error:
            raise BackupRefused(f"{self._path} can't be read: {error.strerror}.") from error

    def _parsed(self, line: bytes) -> Any:
        try:
            return json.loads(line)
        except ValueError:
            raise self._damaged() from None

    def _damaged(self, why: str = "it can't be read to its end") -> BackupRefused:
        return BackupRefused(f"{self._path} is damaged or no backup: {why}.")
