"""Do one organisation's logins slow others down? `python -m bench.open_attempts`

Acme's IdP accepts connections and never answers. A thousand of its members start a login at the same moment, and
each again when told to come back, while 200,000 attempts are open. Meanwhile members of twenty other organisations
read gated pages and start logins of their own, at a steady pace. Printed is how long those took without the thousand
(half of it before, half after them) and with them, and the ratio of the 95th percentiles. Exit code 1 where that is
2 or more.

The server is granian with the image's arguments, the database PostgreSQL from the tests' wheel, in a temporary
folder. Clients, IdPs, database and server share the machine.
"""

import argparse
import asyncio
import os
import random
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.demo.processes import Children
from tests.plugins.postgres import start_private_server
from tests.portal_process import free_port, start_portal

OPEN_ATTEMPTS = 200_000
PARALLEL_STARTS = 1_000
ACME_MEMBERS = 10_000
OTHER_ORGS = 20
MEMBERS_EACH = 20
REQUESTS_PER_SECOND = 30
TIMEOUT_SECONDS = 60
CALM_SECONDS = 15  # until nobody is told to come back any more, and the IdP is asked again


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member's browser: its cookie, an address of its own on loopback, and what it asks for."""

    cookie: str
    address: str
    page: str
    start: str


@dataclass(slots=True)
class Timings:
    """Milliseconds of every answer, by what was asked, and how many had which status."""

    pages: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Timings") -> None:
        self.pages += other.pages
        self.starts += other.starts
        self.statuses += other.statuses

    def p95(self, kind: str) -> float:
        return statistics.quantiles(getattr(self, kind), n=20)[-1]


# --- IdPs ----------------------------------------------------------------------------------------------


@contextmanager
def silent_idp() -> Iterator[str]:
    """Accepts every connection and says nothing."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    kept: list[socket.socket] = []

    def accept() -> None:
        try:
            while True:
                kept.append(listener.accept()[0])
        except OSError:
            return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        for connection in kept:
            connection.close()


# --- The world -----------------------------------------------------------------------------------------


def prepare(
    environment: dict[str, str], *, silent_issuer: str, issuer: str
) -> tuple[list[Visitor], list[Visitor]]:
    """Everything in the database: (Acme's members, others')."""
    os.environ.clear()
    os.environ.update(environment)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from tests.builders import make_connection, make_org, make_page, set_policy

    acme = make_org("acme")
    set_policy(acme, "enforced")  # type: ignore[arg-type]
    make_connection(acme, issuer=silent_issuer)
    sufferers = make_visitors(acme, ACME_MEMBERS, network="127.1", page="/orgs/acme/")
    others = []
    for number in range(OTHER_ORGS):
        org = make_org(f"other-{number}")
        set_policy(org, "enforced")  # type: ignore[arg-type]
        make_connection(org, issuer=issuer, client_secret="secret")
        page = make_page(org, "Handbook", body="words " * 200).get_absolute_url()
        others += make_visitors(org, MEMBERS_EACH, network=f"127.{number + 2}", page=page, with_sso=True)
    return sufferers, others


def make_visitors(org: Any, number: int, *, network: str, page: str, with_sso: bool = False) -> list[Visitor]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from accounts.models import User
    from accounts.session_store import SessionStore
    from hubsso.crypto import random_token
    from orgs.models import Membership
    from sso.browser import _SESSION_KEY
    from tests.builders import make_sso_session

    users = User.objects.bulk_create(
        [User(email=f"{org.slug}-{index}@example.org", name="A", password="!") for index in range(number)]
    )
    memberships = Membership.objects.bulk_create(
        [Membership(org=org, user=user, role="read") for user in users]
    )
    visitors, sessions, store = [], [], SessionStore()
    for index, membership in enumerate(memberships):
        key, browser_session = f"s{random_token()}"[:32].lower(), random_token()
        content = {
            SESSION_KEY: str(membership.user_id),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: membership.user.get_session_auth_hash(),
            _SESSION_KEY: browser_session,
        }
        in_a_day = timezone.now() + timezone.timedelta(days=1)  # type: ignore[attr-defined]
        sessions.append(Session(session_key=key, session_data=store.encode(content), expire_date=in_a_day))
        if with_sso:
            make_sso_session(membership, browser_session=browser_session)
        address = f"{network}.{index // 250 + 1}.{index % 250 + 1}"
        visitors.append(
            Visitor(f"{settings.SESSION_COOKIE_NAME}={key}", address, page, f"/orgs/{org.slug}/sso/")
        )
    Session.objects.bulk_create(sessions)
    return visitors


def open_attempts() -> None:
    """Twenty for each of Acme's members, which is what one person may have."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sso_loginattempt (state, org_id, connection_id, revision_id, user_id, browser_session,
                purpose, is_silent, next_path, nonce, code_verifier, created_at, expires_at, is_recorded,
                parked_sealed)
            SELECT md5(m.id || '-' || n) || md5(n || '-' || m.id), m.org_id, r.connection_id, r.id, m.user_id, 'b',
                'login', false, '', md5(m.id::text), md5(n::text), now(), now() + interval '10 minutes',
                false, ''
            FROM orgs_membership m
            JOIN sso_revision r ON r.org_id = m.org_id
            JOIN orgs_organization o ON o.id = m.org_id AND o.slug = 'acme'
            CROSS JOIN generate_series(1, %s) n
            """,
            [OPEN_ATTEMPTS // ACME_MEMBERS],
        )
        if cursor.rowcount != OPEN_ATTEMPTS:
            raise SystemExit(f"{cursor.rowcount} attempts were made.")
        cursor.execute("ANALYZE")


# --- Clients -------------------------------------------------------------------------------------------


async def ask(port: int, path: str, visitor: Visitor) -> tuple[str, float, bytes]:
    """(status, milliseconds, head and body) of one request on a connection of its own."""
    answer = b""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(visitor.address, 0))
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {visitor.cookie}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.read()
            writer.close()
        status = answer[9:12].decode() or "none"
    except (OSError, TimeoutError) as error:
        status = type(error).__name__
    return status, (time.perf_counter() - began) * 1000, answer


async def measure(port: int, visitors: list[Visitor], *, seconds: float) -> Timings:
    """Pages and starts in turn, each begun when its time has come, whether the one before is answered or not."""
    timings, tasks = Timings(), []
    chance = random.Random(1)

    async def one(is_start: bool, visitor: Visitor) -> None:
        status, milliseconds, _ = await ask(port, visitor.start if is_start else visitor.page, visitor)
        (timings.starts if is_start else timings.pages).append(milliseconds)
        timings.statuses[f"{'start' if is_start else 'page'} {status}"] += 1

    for number in range(int(seconds * REQUESTS_PER_SECOND)):
        tasks.append(asyncio.create_task(one(bool(number % 2), chance.choice(visitors))))
        await asyncio.sleep(1 / REQUESTS_PER_SECOND)
    await asyncio.gather(*tasks)
    return timings


async def keep_starting(port: int, visitor: Visitor, statuses: Counter[str], *, is_impatient: bool) -> None:
    """One of the thousand: starts, is answered, comes back when told to (or a second later), until cancelled."""
    while True:
        status, _, head = await ask(port, visitor.start, visitor)
        statuses[status] += 1
        told = re.search(rb"retry-after: (\d+)", head, re.IGNORECASE)
        await asyncio.sleep(int(told[1]) if told and not is_impatient else 1)


async def flood(port: int, visitors: list[Visitor], statuses: Counter[str], *, is_impatient: bool) -> None:
    """A thousand starts at once, and each again."""
    chosen = random.Random(2).sample(visitors, PARALLEL_STARTS)
    await asyncio.gather(
        *(keep_starting(port, visitor, statuses, is_impatient=is_impatient) for visitor in chosen)
    )


async def measure_during_flood(
    port: int, sufferers: list[Visitor], others: list[Visitor], *, seconds: float, is_impatient: bool
) -> tuple[Timings, Counter[str]]:
    statuses: Counter[str] = Counter()
    flooding = asyncio.create_task(flood(port, sufferers, statuses, is_impatient=is_impatient))
    timings = await measure(port, others, seconds=seconds)
    flooding.cancel()
    await asyncio.gather(flooding, return_exceptions=True)
    return timings, statuses


# --- The command ---------------------------------------------------------------------------------------


def environment_of(folder: Path, database_url: str, port: int) -> dict[str, str]:
    """Development's settings allow an IdP on loopback; all that matters here is production's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUBSSO_")}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "hubsso.settings",
        "HUBSSO_ENV": "dev",
        "HUBSSO_BASE_URL": f"http://localhost:{port}",
        "HUBSSO_DATA_DIR": str(folder),
        "HUBSSO_LOG_LEVEL": "ERROR",
        "DATABASE_URL": database_url,
    }


def report(name: str, timings: Timings, before: Timings | None) -> list[float]:
    ratios = []
    for kind in ("pages", "starts"):
        p95 = timings.p95(kind)
        ratios.append(p95 / before.p95(kind) if before else 0.0)
        ratio = f"{ratios[-1]:.2f}" if before else ""
        median = statistics.median(getattr(timings, kind))
        worst = max(getattr(timings, kind))
        print(f"| {name} | {kind} | {median:.1f} | {p95:.1f} | {worst:.0f} | {ratio} |", flush=True)
    return ratios


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.open_attempts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument(
        "--pause", type=float, default=1, help="seconds between one wave of starts and the next"
    )
    parser.add_argument(
        "--impatient",
        action="store_true",
        help="the thousand come back after a second, whatever they are told",
    )
    arguments = parser.parse_args()
    from tests.sso.oidc.fake_op import FakeOP

    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as name, silent_idp() as silent, FakeOP() as op:
        folder, port = Path(name), free_port()
        environment = environment_of(folder, start_private_server(folder), port)
        sufferers, others = prepare(environment, silent_issuer=silent, issuer=op.issuer)
        with Children() as children:
            start_portal(children, folder, environment, port)
            asyncio.run(measure(port, others, seconds=5))  # everything is loaded and cached
            print(
                "| | what | median ms | p95 ms | worst ms | ratio of p95 |\n| --- | --- | --- | --- | --- | --- |"
            )
            half = arguments.seconds / 2
            report("no open attempts", asyncio.run(measure(port, others, seconds=arguments.seconds)), None)
            open_attempts()
            quiet = asyncio.run(measure(port, others, seconds=half))
            during, statuses = asyncio.run(
                measure_during_flood(
                    port,
                    sufferers,
                    others,
                    seconds=arguments.seconds,
                    is_impatient=arguments.impatient,
                )
            )
            time.sleep(CALM_SECONDS)
            quiet.add(asyncio.run(measure(port, others, seconds=half)))
            report("200,000 open attempts", quiet, None)
            ratios = report("and 1,000 members who start", during, quiet)
            print(f"\nAnswers to others: {dict(quiet.statuses)} without, {dict(during.statuses)} with.")
            print(f"Answers to Acme's members: {dict(statuses)}.")
    return 0 if max(ratios) < 2 else 1


if __name__ == "__main__":
    sys.exit(main())
