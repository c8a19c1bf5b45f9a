"""The audit log as a file: CSV or JSON, made while it is sent, however long the log is.

Both hold the same: the entry as it was recorded, times in UTC (ISO 8601), event names as docs/audit-events.md lists
them. A spreadsheet runs what begins like a formula, and entries hold what people typed: such cells get an apostrophe.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from enum import StrEnum

from accounts.models import User
from hubsso.spreadsheets import harmless
from orgs import audit
from orgs.audit_reading import AuditFilter, entries, in_chunks
from orgs.models import AuditEvent, Organization

COLUMNS = ("seq", "at", "event", "actor", "ip", "request_id", "data")
_LINES_AT_ONCE = 200


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


CONTENT_TYPES = {ExportFormat.CSV: "text/csv; charset=utf-8", ExportFormat.JSON: "application/json"}


def export(
    *, org: Organization, chosen: AuditFilter, export_format: ExportFormat, actor: User
) -> Iterator[str]:
    """Record that it was asked for, and give the pieces of the file. They hold what there was up to now."""
    data = {"format": export_format.value, **chosen.as_data()}
    audit.record("org.audit.export", org=org, actor=actor, data=data)
    lines = _csv_lines if export_format is ExportFormat.CSV else _json_lines
    return _joined(lines(in_chunks(entries(org, chosen))))


def _csv_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    yield _csv_line(COLUMNS)
    for event in events:
        row = _row(event)
        yield _csv_line(
            [str(row[name]) for name in COLUMNS[:-1]] + [json.dumps(event.data, ensure_ascii=False)]
        )


def _json_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """One array, an entry a line, so that it can be read line by line as well."""
    yield "["
    separator = "\n"
    for event in events:
        yield separator + json.dumps(_row(event) | {"data": event.data}, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


def _row(event: AuditEvent) -> dict[str, object]:
    return {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "event": event.event,
        "actor": event.actor_label,
        "ip": event.ip or "",
        "request_id": event.request_id,
    }


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([harmless(cell) for cell in cells])
    return line.getvalue()


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Pieces worth sending."""
    piece: list[str] = []
    for line in lines:
        piece.append(line)
        if len(piece) == _LINES_AT_ONCE:
            yield "".join(piece)
            piece.clear()
    yield "".join(piece)
