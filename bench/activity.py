"""Do the activity page and the audit log cost more as they grow? `python -m bench.activity [--database sqlite]`

One organisation with 100 logins and 100 audit entries, one with 100,000 of each; their admins open the same pages,
filtered and not, in this process, by turns. Printed are the median milliseconds, the queries, and the ratio. Exit code
1 where a page takes more than twice as long. PostgreSQL is that of the tests' wheel, in a temporary folder.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

FEW, MANY = 100, 100_000
ROUNDS = 15
MAX_RATIO = 2.0
ACTIVITY, AUDIT = "settings/sso/activity/", "settings/audit/"
PAGES = {
    "activity": ACTIVITY,
    "activity, refused": f"{ACTIVITY}?outcome=failed",
    "activity, one code": f"{ACTIVITY}?reason=audience_mismatch",
    "activity, tests": f"{ACTIVITY}?purpose=test",
    "activity, one person": f"{ACTIVITY}?person=member-7@",
    "activity, nobody": f"{ACTIVITY}?person=nobody",
    "activity, from the middle": f"{ACTIVITY}?before={{middle}}",
    "audit log": AUDIT,
    "audit log, one event": f"{AUDIT}?event=org.update",
    "audit log, a group": f"{AUDIT}?event=group:settings",
    "audit log, one person": f"{AUDIT}?actor=member-7@",
    "audit log, some days": f"{AUDIT}?since={{week_ago}}&until={{day_ago}}",
}


@dataclass(frozen=True, slots=True)
class Site:
    """An organisation and its admin's browser. `words` fill in what the addresses leave open."""

    slug: str
    browser: Any
    words: dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as folder:
        set_up(Path(folder), parser.parse_args().database)
        few, many = make_site("few", FEW), make_site("many", MANY)
        analyze()
        return measure(few, many)


def set_up(folder: Path, database: str) -> None:
    from tests.plugins.postgres import start_private_server

    os.environ["HUBSSO_ENV"] = "test"
    os.environ["HUBSSO_DATA_DIR"] = str(folder)
    os.environ["DATABASE_URL"] = (
        start_private_server(folder) if database == "postgresql" else f"sqlite:///{folder}/db.sqlite3"
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsso.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)


def make_site(slug: str, number: int) -> Site:
    from django.test import Client
    from django.utils import timezone

    from orgs.roles import Role
    from sso.models import LoginRecord
    from tests.builders import make_connection, make_member, make_org, make_user, set_policy
    from tests.conftest import log_in_with_sso

    org = make_org(slug)
    set_policy(org, "enforced")  # type: ignore[arg-type]
    connection = make_connection(org)
    admin = make_member(org, make_user(f"admin@{slug}.example"), role=Role.ADMIN)
    people = [make_member(org, make_user(f"member-{index}@{slug}.example")).user for index in range(20)]
    write_logins(connection, people, number)
    write_audit(org, people, number)
    browser = Client()
    log_in_with_sso(browser, admin)
    newest = LoginRecord.objects.filter(org=org).order_by("-pk").values_list("pk", flat=True)
    now = timezone.now()
    words = {
        "middle": str(newest[number // 2]),
        "week_ago": f"{now - timedelta(days=7):%Y-%m-%d}",
        "day_ago": f"{now - timedelta(days=1):%Y-%m-%d}",
    }
    return Site(slug, browser, words)


def write_logins(connection: Any, people: list[Any], number: int) -> None:
    """Over 80 days; one in ten refused, one in fifty a test, one in a hundred by the code that is asked for."""
    from django.utils import timezone

    from sso.models import LoginRecord
    from sso.watching import activity

    now = timezone.now()
    for start in range(0, number, 5000):
        rows = []
        for index in range(start, min(start + 5000, number)):
            code = "audience_mismatch" if index % 100 == 0 else "login_cancelled" if index % 10 == 0 else ""
            row = LoginRecord(
                org_id=connection.org_id,
                connection=connection,
                user=people[index % len(people)],
                at=now - timedelta(days=80) * (1 - index / number),
                purpose="test" if index % 50 == 1 else "login",
                outcome="failed" if code else "ok",
                code=code,
            )
            rows.append(row)
        LoginRecord.objects.bulk_create(rows)
        activity._count(rows)


def write_audit(org: Any, people: list[Any], number: int) -> None:
    from django.utils import timezone

    from orgs.models import AuditCounter, AuditEvent

    now = timezone.now()
    names = ["org.sso_login"] * 47 + ["org.update", "org.settings.sso.draft", "org.leave"]
    for start in range(0, number, 5000):
        AuditEvent.objects.bulk_create(
            AuditEvent(
                org=org,
                seq=index + 1,
                event=names[index % len(names)],
                actor=people[index % len(people)],
                actor_label="A member",
                at=now - timedelta(days=80) * (1 - index / number),
                data={"connection": "IdP", "revision": 3},
            )
            for index in range(start, min(start + 5000, number))
        )
    AuditCounter.objects.create(org=org, last_seq=number)


def analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure(few: Site, many: Site) -> int:
    print("| page | 100 rows, ms | 100,000 rows, ms | queries | ratio |\n| --- | --- | --- | --- | --- |")
    worst = 0.0
    for name, path in PAGES.items():
        times: dict[str, list[float]] = {few.slug: [], many.slug: []}
        queries: dict[str, int] = {}
        for _ in range(ROUNDS):
            for site in (few, many):
                milliseconds, queries[site.slug] = look(site, path)
                times[site.slug].append(milliseconds)
        medians = [statistics.median(times[site.slug]) for site in (few, many)]
        ratio = medians[1] / medians[0]
        worst = max(worst, ratio)
        counted = " → ".join(dict.fromkeys(str(count) for count in queries.values()))
        print(f"| {name} | {medians[0]:.1f} | {medians[1]:.1f} | {counted} | {ratio:.2f} |")
    return int(worst > MAX_RATIO)


def look(site: Site, path: str) -> tuple[float, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    address = f"/orgs/{site.slug}/{path.format_map(site.words)}"
    with CaptureQueriesContext(connection) as captured:
        began = time.perf_counter()
        answer = site.browser.get(address)
        milliseconds = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return milliseconds, len(captured)


if __name__ == "__main__":
    sys.exit(main())
