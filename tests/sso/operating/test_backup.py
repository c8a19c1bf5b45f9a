"""`backup` and `restore`: what comes back is what was there, secrets still open, and a damaged file is refused."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from hubsso.backup.tables import Table, TableSum, all_tables, line_of
from orgs import audit
from orgs.models import AuditEvent, Organization
from sso.models import Revision, SSOSession
from sso.operating.backups import NEVER, SESSIONS
from tests.builders import live_revision, make_connection, make_org, make_user
from tests.conftest import World, log_in_with_sso

SECRET = "client-secret-marker"


def run(command: str, *arguments: object) -> str:
    output = StringIO()
    call_command(command, *map(str, arguments), stdout=output, stderr=output)
    return output.getvalue()


def empty_the_database() -> None:
    call_command("flush", interactive=False, verbosity=0)


def sums() -> dict[str, TableSum]:
    return {label: table.sum() for label, table in all_tables().items()}


@pytest.fixture
def full(transactional_db: None, request: pytest.FixtureRequest) -> World:
    """Something in many tables: JSON, times, sealed secrets, many to many, a foreign key to itself."""
    world: World = request.getfixturevalue("world")
    connection_of_globex = make_connection(world.globex, client_secret=SECRET, signing_algorithms=["RS256"])
    revision = live_revision(connection_of_globex)
    revision.replaced = revision
    revision.save()
    audit.record("org.update", org=world.acme, actor=world.olivia.user, data={"ß": ["ä", 1.5, None]})
    world.max.user.groups.add(Group.objects.create(name="staff"))
    log_in_with_sso(request.getfixturevalue("client"), world.max)
    return world


def test_round_trip(full: World, tmp_path: Path) -> None:
    file = tmp_path / "portal.backup"
    before = sums()
    written = run("backup", file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "can be restored here" in run("backup", "--verify", file)
    empty_the_database()

    assert "rows restored" in run("restore", file)

    after = sums()
    assert {label for label in before if before[label] != after[label]} <= SESSIONS | NEVER
    assert after["orgs.AuditEvent"].rows == AuditEvent.objects.count() > 0
    assert not SSOSession.objects.exists()
    assert Revision.objects.exclude(client_secret_sealed="").get().client_secret == SECRET
    assert User.objects.get(email="max@acme.example").groups.get().name == "staff"
    assert SECRET not in written + gzip.decompress(file.read_bytes()).decode()
    # New rows get keys of their own.
    make_org()
    make_user()
    audit.record("org.update", org=full.acme, actor=None)
    ContentType.objects.clear_cache()


def test_sessions_come_along_where_they_are_asked_for(full: World, tmp_path: Path) -> None:
    run("backup", "--with-sessions", tmp_path / "b")
    empty_the_database()
    run("restore", tmp_path / "b")
    ContentType.objects.clear_cache()
    assert SSOSession.objects.get().user == full.max.user


def test_a_backup_can_go_to_standard_output(full: World, tmp_path: Path) -> None:
    """As from a container that can write no file."""
    with (tmp_path / "b").open("w", encoding="utf-8") as file:
        call_command("backup", "-", stdout=file, stderr=StringIO())
    assert "whole" in run("backup", "--verify", tmp_path / "b")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="tests' SQLite is in memory, where readers lock")
def test_a_backup_sees_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user()
    lines = Table.lines

    def meanwhile_somebody_signs_up(table: Table) -> Iterator[bytes]:
        if table.model is User:
            in_another_connection(make_user)
        return lines(table)

    monkeypatch.setattr(Table, "lines", meanwhile_somebody_signs_up)
    assert "accounts.User: 1 rows" in run("backup", tmp_path / "b")
    assert User.objects.count() == 2


def in_another_connection(work: Callable[[], object]) -> None:
    def run_and_close() -> None:
        work()
        connection.close()

    thread = Thread(target=run_and_close)
    thread.start()
    thread.join()


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def drop_a_row(content: bytes) -> bytes:
    return change_lines(content, lambda lines: [line for line in lines if b'"Public-marker"' not in line])


def rename_a_row(content: bytes) -> bytes:
    return change_lines(content, lambda lines: [line.replace(b"Public-marker", b"Other") for line in lines])


def drop_the_end(content: bytes) -> bytes:
    return change_lines(content, lambda lines: lines[:-1])


def change_lines(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return gzip.compress(b"".join(change(gzip.decompress(content).splitlines(keepends=True))))


def no_backup(content: bytes) -> bytes:
    return gzip.compress(b'{"something": "else"}\n')


def not_a_table(content: bytes) -> bytes:
    return change_lines(content, lambda lines: [lines[0], b"7\n", *lines[1:]])


def no_gzip(content: bytes) -> bytes:
    return b"hello"


@pytest.mark.django_db(transaction=True)
def test_damaged_files_are_refused_and_write_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("world")
    run("backup", tmp_path / "whole")
    content = (tmp_path / "whole").read_bytes()
    empty_the_database()
    for damage in (cut, flip, drop_a_row, rename_a_row, drop_the_end, not_a_table, no_backup, no_gzip):
        (tmp_path / "damaged").write_bytes(damage(content))
        for command in (("backup", "--verify"), ("restore",)):
            with pytest.raises(CommandError, match=r"damaged|no backup"):
                run(*command, tmp_path / "damaged")
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_backup_goes_only_where_it_can_be_used(tmp_path: Path, settings: Settings) -> None:
    org = make_org("acme")
    run("backup", tmp_path / "b")
    with pytest.raises(CommandError, match=r"not empty: orgs\.Organization has rows"):
        run("restore", tmp_path / "b")
    with pytest.raises(CommandError, match="is there already"):
        run("backup", tmp_path / "b")
    org.delete()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    for command in (("restore",), ("backup", "--verify")):
        with pytest.raises(CommandError, match="1 are not in HUBSSO_ENCRYPTION_KEYS"):
            run(*command, tmp_path / "b")
    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_other_migrations_is_refused(tmp_path: Path) -> None:
    run("backup", tmp_path / "b")
    content = (tmp_path / "b").read_bytes()
    older = gzip.decompress(content).replace(b'"orgs.0001_initial"', b'"orgs.0000_before"')
    *lines, _end = older.splitlines(keepends=True)
    (tmp_path / "b").write_bytes(resealed(lines))
    with pytest.raises(CommandError, match=r"orgs\.0000_before only there, orgs\.0001_initial only here"):
        run("restore", tmp_path / "b")


def resealed(lines: list[bytes]) -> bytes:
    return gzip.compress(b"".join([*lines, line_of({"sha256": sha256(b"".join(lines)).hexdigest()})]))


@pytest.mark.django_db
def test_a_row_is_the_same_line_in_every_database() -> None:
    """What makes a backup portable, and its checksums comparable."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    Organization.objects.create(id=7, uid=UUID(int=1), slug="acme", name="Acme ß")
    Organization.objects.update(created_at=moment)
    assert list(Table(Organization).lines()) == [
        b'[7,"00000000-0000-0000-0000-000000000001","acme","Acme \\u00df","","read",null,'
        b'"2026-01-02T03:04:05.000678+00:00"]\n'
    ]
    AuditEvent.objects.create(
        org_id=7, seq=1, event="e", at=moment, ip="2001:db8::1", data={"b": 1.5, "a": [None]}
    )
    (line,) = Table(AuditEvent).lines()
    assert b'"2001:db8::1","",{"a":[null],"b":1.5}]' in line
    make_connection(Organization.objects.get(), client_secret_expires_on=date(2026, 3, 4))
    (line,) = Table(Revision).lines()
    assert b'"2026-03-04"' in line


def test_every_table_left_out_is_known() -> None:
    assert all_tables().keys() >= SESSIONS | NEVER
