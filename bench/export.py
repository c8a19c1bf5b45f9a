"""Does the audit log's export need more memory for more entries? `python -m bench.export [--database sqlite]`

An admin of an organisation with 1,000,000 entries takes the whole log out, as CSV and as JSON, piece by piece as a
server would send it. Printed is how far the process's memory rose above what an export of 10,000 entries left behind.
Exit code 1 where that is 30 MB or more.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.common import peak_memory, start_portal

FEW, MANY = 10_000, 1_000_000
MAX_ADDED_MB = 30

# The same on both databases; an entry is about as long as one about a login.
ENTRIES = """
INSERT INTO orgs_auditevent (org_id, seq, event, actor_id, actor_label, at, ip, request_id, data)
WITH RECURSIVE numbers(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM numbers WHERE seq < %s)
SELECT %s, seq, 'org.sso_login', %s, 'Olivia Example (olivia@acme.example)', %s, '192.0.2.7', 'a1b2c3d4e5f6a7b8',
       '{"connection": "Acme IdP", "protocol": "oidc", "issuer": "https://idp.acme.example", "revision": 3}'
FROM numbers
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    database = parser.parse_args().database
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as folder:
        start_portal(Path(folder), database)
        browsers = {number: make_log(f"log-{number}", number) for number in (FEW, MANY)}
        return measure(database, browsers)


def make_log(slug: str, number: int) -> Any:
    """An organisation with that many entries; its admin's browser."""
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from orgs.models import AuditCounter
    from orgs.roles import Role
    from tests.builders import make_member, make_org, make_user

    org = make_org(slug)
    admin = make_member(org, make_user(f"admin@{slug}.example"), role=Role.ADMIN).user
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orgs_auditevent WHERE org_id = %s", [org.pk])
        cursor.execute(ENTRIES, [number, org.pk, admin.pk, timezone.now()])
        cursor.execute("ANALYZE")
    AuditCounter.objects.update_or_create(org=org, defaults={"last_seq": number})
    browser = Client()
    browser.force_login(admin)
    return browser


def measure(database: str, browsers: dict[int, Any]) -> int:
    print("| database | file | entries | size, MB | seconds of CPU | memory added, MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    worst = 0.0
    for export_format in ("csv", "json"):
        take_out(browsers[FEW], FEW, export_format)
        with peak_memory() as peak:
            began = time.process_time()
            size, entries = take_out(browsers[MANY], MANY, export_format)
            seconds = time.process_time() - began
        worst = max(worst, peak.added_mb)
        print(
            f"| {database} | {export_format.upper()} | {entries:,} | {size / 1e6:.0f} | {seconds:.0f} "
            f"| {peak.added_mb:.1f} |",
            flush=True,
        )
    return int(worst >= MAX_ADDED_MB)


def take_out(browser: Any, number: int, export_format: str) -> tuple[int, int]:
    """(bytes, entries) of the file, of which nothing is kept."""
    answer = browser.post(f"/orgs/log-{number}/settings/audit/export/", {"format": export_format})
    if answer.status_code != 200:
        raise SystemExit(f"The export answered {answer.status_code}.")
    size = lines = 0
    for piece in answer.streaming_content:
        size += len(piece)
        lines += piece.count(b"org.sso_login")
    if lines < number:
        raise SystemExit(f"Of {number} entries {lines} came out.")
    return size, lines


if __name__ == "__main__":
    sys.exit(main())
