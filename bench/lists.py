"""Do lists stay quick when an organisation is large? `python -m bench.lists`

Two organisations, one of 100 and one of 100,000 members (linked, with sessions, logins and their last attributes).
Their admins open each list by turns; printed is the median time of both, and the ratio. Exit code 1 where it is more
than 2 for a page as it opens, sorted, turned or searched; a filter that hardly anybody meets makes the database look
through all members, and is printed apart. Then the preview of a role mapping over all 100,000, with the memory
that it took.

The database is PostgreSQL from the tests' wheel in a temporary folder, or SQLite with `--sqlite`; the pages are asked
of Django itself, without a server between. SQLite works in this process, so that its CPU time says it all; with
PostgreSQL the clock on the wall counts.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.plugins.postgres import start_private_server

SIZES = {"small": 100, "large": 100_000}
MAX_RATIO = 2.0
BATCH = 5000
GROUPS = ["all-staff", "engineering", "sales", "finance", "operations"]

# (what, path below the organisation, must keep the ratio)
PAGES = [
    ("members", "members/", True),
    ("members, next page", "members/?after={middle}", True),
    ("members, newest first", "members/?sort=-joined", True),
    ("members, last SSO first", "members/?sort=-sso", True),
    ("members, never first", "members/?sort=sso", True),
    ("members with role Read", "members/?role=read", True),
    ("members, linked", "members/?link=linked", True),
    ("members, search that finds many", "members/?q=member", True),
    ("one member", "members/{middle}/", True),
    ("activity", "settings/sso/activity/", True),
    ("activity, refused", "settings/sso/activity/?outcome=failed", True),
    ("SSO sessions", "settings/sso/sessions/", True),
    ("role mapping", "settings/sso/connections/{connection}/mapping/", True),
    ("the one admin", "members/?role=admin", True),
    ("collaborators (1%)", "members/?kind=collaborator", False),
    ("not linked (10%)", "members/?link=not_linked", False),
    ("with a live session (5%)", "members/?live=on", False),
    ("search that finds one", "members/?q=000042@", True),
    ("search that finds nobody", "members/?q=nobody-at-all", True),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--repeat", type=int, default=15, help="requests of each page")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bench.sqlite3'}" if arguments.sqlite else start_private_server(folder)
        prepare(folder, url)
        worst = measure_pages(
            arguments.repeat, clock=time.process_time if arguments.sqlite else time.perf_counter
        )
        measure_preview()
    return 0 if worst <= MAX_RATIO else 1


def prepare(folder: Path, database_url: str) -> None:
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "hubsso.settings",
            "HUBSSO_ENV": "dev",
            "HUBSSO_DATA_DIR": str(folder),
            "HUBSSO_LOG_LEVEL": "ERROR",
            "DATABASE_URL": database_url,
        }
    )
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    for slug, size in SIZES.items():
        fill(slug, size)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def fill(slug: str, size: int) -> None:
    """An organisation of this size, with an admin of its own."""
    from django.utils import timezone

    from orgs.roles import Role
    from sso.models import RoleRule
    from tests.builders import make_connection, make_member, make_org, make_user, set_policy

    org = make_org(slug)
    set_policy(org, "optional")  # type: ignore[arg-type]
    connection = make_connection(
        org,
        connection={"name": f"{slug} idp", "role_mapping_enabled": True, "role_attribute": "groups"},
    )
    RoleRule.objects.create(connection=connection, value="admins", role=Role.ADMIN)
    RoleRule.objects.create(connection=connection, value="engineering", role=Role.WRITE)
    make_member(org, make_user(f"admin@{slug}.example"), role=Role.ADMIN)
    now = timezone.now()
    for first in range(0, size, BATCH):
        numbers = range(first, min(first + BATCH, size))
        add_members(org, connection, numbers, now, is_large=size > BATCH)


def add_members(org: Any, connection: Any, numbers: range, now: Any, *, is_large: bool) -> None:
    """Of the few, half are of each kind, so that every list fills its first page as that of the many does."""
    from accounts.models import User
    from hubsso.days import hour_of
    from orgs.models import Membership
    from orgs.models.membership import listed_as
    from sso.models import LinkedIdentity, LoginCount, LoginRecord, SeenAttributes, SSOSession
    from tests.builders import live_revision

    chance = random.Random(numbers[0])
    unlinked, external, live, failed = (10, 100, 20, 9) if is_large else (2, 2, 2, 2)  # every so many
    users = User.objects.bulk_create(
        User(
            email=f"member-{number:06}@{org.slug}.example",
            name=f"{chance.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}. Member {number:06}",
            password="!",
        )
        for number in numbers
    )
    seen_at = [now - timedelta(minutes=chance.randrange(100_000)) for _ in users]
    Membership.objects.bulk_create(
        Membership(
            org=org,
            user=user,
            role=chance.choice(["read", "read", "write", "contributor"]),
            listed_as=listed_as(user),
            is_external_collaborator=number % external == 1,
            last_sso_at=at if number % unlinked else None,
        )
        for number, user, at in zip(numbers, users, seen_at, strict=True)
    )
    revision = live_revision(connection)
    linked = [
        (number, user, at)
        for number, user, at in zip(numbers, users, seen_at, strict=True)
        if number % unlinked
    ]
    identities = LinkedIdentity.objects.bulk_create(
        LinkedIdentity(
            org=org,
            connection=connection,
            user=user,
            issuer=revision.issuer,
            subject=f"00u{user.pk}",
            last_login_at=at,
        )
        for _number, user, at in linked
    )
    SSOSession.objects.bulk_create(
        SSOSession(
            org=org,
            user=user,
            browser_session=f"b{user.pk}",
            connection=connection,
            revision=revision,
            identity=identity,
            started_at=now,
            expires_at=now + timedelta(days=1),
            org_limit_at=now + timedelta(days=1),
            limit="org_timeout",
        )
        for (number, user, _at), identity in zip(linked, identities, strict=True)
        if number % live == 1
    )
    SeenAttributes.objects.bulk_create(seen_row(connection, user, chance, now) for _, user, _ in linked)
    LoginRecord.objects.bulk_create(
        LoginRecord(
            org=org,
            connection=connection,
            user=user,
            at=at,
            purpose="login",
            outcome="failed" if number % failed == 1 else "ok",
            code="email_missing" if number % failed == 1 else "",
        )
        for number, user, at in linked
    )
    hour = hour_of(now - timedelta(days=numbers[0] // BATCH))
    LoginCount.objects.create(
        org=org, connection=connection, hour=hour, purpose="login", outcome="ok", count=len(linked)
    )


def seen_row(connection: Any, user: Any, chance: random.Random, now: Any) -> Any:
    import json

    from hubsso.crypto import seal
    from sso.mapping import seen_attributes
    from sso.models import SeenAttributes

    attributes = {
        "sub": f"00u{user.pk}",
        "email": user.email,
        "name": user.name,
        "groups": chance.sample(GROUPS, 3),
    }
    context = seen_attributes._context(connection.org_id, connection.pk, user.pk)
    return SeenAttributes(
        org_id=connection.org_id,
        connection=connection,
        user=user,
        attributes_sealed=seal(json.dumps(attributes), context=context),
        seen_at=now,
        expires_at=now + seen_attributes.KEEP,
    )


def measure_pages(repeat: int, *, clock: Callable[[], float]) -> float:
    """Print each page's medians; the worst ratio of those that must keep it."""
    clients = {slug: signed_in(slug) for slug in SIZES}
    worst = 0.0
    print("| page | 100 members, ms | 100,000 members, ms | ratio |\n| --- | --- | --- | --- |")
    for what, path, must_keep in PAGES:
        medians = medians_of(clients, {slug: path_in(slug, path) for slug in SIZES}, repeat, clock)
        ratio = medians["large"] / medians["small"]
        if must_keep:
            worst = max(worst, ratio)
        note = "" if must_keep else " (looks through all)"
        print(f"| {what}{note} | {medians['small']:.1f} | {medians['large']:.1f} | {ratio:.2f} |", flush=True)
    return worst


def signed_in(slug: str) -> Any:
    from django.test import Client

    from accounts.models import User

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(email=f"admin@{slug}.example"))
    return client


def path_in(slug: str, path: str) -> str:
    from orgs.models import Membership, Organization

    org = Organization.objects.get(slug=slug)
    members = Membership.objects.filter(org=org).order_by("listed_as")
    middle = members.values_list("pk", flat=True)[SIZES[slug] // 2]
    connection = org.connections.get().uid
    return f"/orgs/{slug}/{path.format(middle=middle, connection=connection)}"


def medians_of(
    clients: dict[str, Any], paths: dict[str, str], repeat: int, clock: Callable[[], float]
) -> dict[str, float]:
    """By turns, so that what else the machine does meets both."""
    times: dict[str, list[float]] = {slug: [] for slug in paths}
    for number in range(repeat + 2):
        for slug, path in paths.items():
            began = clock()
            answer = clients[slug].get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
            if number >= 2:  # the first ones load what every process loads once
                times[slug].append((clock() - began) * 1000)
    return {slug: statistics.median(times[slug]) for slug in paths}


def measure_preview() -> None:
    from django.utils import timezone

    from orgs.models import Organization
    from sso import provisioning
    from sso.mapping.mapping_preview import Show, as_numbers, preview_roles

    connection = Organization.objects.get(slug="large").connections.get()
    mapping = provisioning.role_mapping_of(connection)
    arguments = {"connection": connection, "mapping": mapping, "now": timezone.now(), "show": Show.CHANGED}
    began, began_working = time.perf_counter(), time.process_time()
    found = preview_roles(**arguments)
    seconds, work = time.perf_counter() - began, time.process_time() - began_working
    with peak_memory() as peak:
        preview_roles(**arguments)
    print(
        f"\nPreview over {SIZES['large']:,} members: {seconds:.1f} s, of which this process worked {work:.1f} s, "
        f"in {peak[0] / 1e6:.1f} MB."
    )
    if found.summary is not None:
        print(as_numbers(found.summary))


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    peak = [0]
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak[0] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()


if __name__ == "__main__":
    sys.exit(main())
