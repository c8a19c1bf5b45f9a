"""The place beside a session: from the operator's own database, in the reader's language, else the address."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils.translation import override
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # what the writer takes; it has no stubs

from accounts.checks import check_place_database
from accounts.places import place_of
from tests.conftest import World, log_in_with_sso

LYON = {
    "city": {"names": {"en": "Lyon", "fr": "Lyon"}},
    "country": {"names": {"en": "France", "fr": "France", "de": "Frankreich"}},
}
GENEVA = {
    "city": {"names": {"en": "Geneva", "fr": "Genève"}},
    "country": {"names": {"en": "Switzerland", "fr": "Suisse"}},
}
JUST_A_COUNTRY = {"country": {"names": {"en": "Norway"}}}
ODD = {"city": {"names": "<b>no names</b>"}, "country": ["x"]}
RECORDS: dict[str, dict[str, Any]] = {
    "198.51.100.0/24": LYON,
    "203.0.113.0/24": GENEVA,
    "192.0.2.0/25": JUST_A_COUNTRY,
    "192.0.2.128/25": ODD,
    "2001:db8:1::/48": GENEVA,
}


def write(path: Path, records: dict[str, dict[str, Any]] = RECORDS) -> str:
    writer = MMDBWriter(6, ipv4_compatible=True)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return str(path)


@pytest.fixture
def database(tmp_path: Path, settings: Any) -> Path:
    settings.GEOIP_DATABASE = write(tmp_path / "places.mmdb")
    return tmp_path / "places.mmdb"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("ip", "language", "place"),
    [
        ("198.51.100.7", "en", "Lyon, France"),
        ("203.0.113.9", "en", "Geneva, Switzerland"),
        ("203.0.113.9", "fr", "Genève, Suisse"),
        ("::ffff:203.0.113.9", "fr", "Genève, Suisse"),
        ("2001:db8:1:2::3", "en", "Geneva, Switzerland"),
        ("192.0.2.1", "fr", "Norway"),  # English where the database has no French
        ("192.0.2.200", "en", "192.0.2.200"),
        ("10.0.0.1", "en", "10.0.0.1"),
        ("2001:db8:ffff:2:a:b:c:d", "en", "2001:db8:ffff:2::/64"),
        ("not an address", "en", "not an address"),
        ("", "en", ""),
        (None, "en", ""),
    ],
)
def test_a_place_is_said_in_the_readers_language_else_the_address(
    ip: str | None, language: str, place: str
) -> None:
    with override(language):
        assert place_of(ip) == place


def test_without_a_database_addresses_are_shown_and_nothing_is_amiss(settings: Any) -> None:
    settings.GEOIP_DATABASE = ""
    assert (place_of("203.0.113.9"), check_place_database()) == ("203.0.113.9", [])


def nothing(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 50)


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[-300:])


@pytest.mark.parametrize("spoil", [nothing, folder, garbage, cut_short])
def test_a_database_that_cannot_be_read_is_warned_of_and_fails_nothing(
    database: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(database)
    assert place_of("203.0.113.9") == "203.0.113.9"
    (warning,) = check_place_database()
    assert warning.id == "accounts.W001"


def test_a_newer_file_is_read_without_a_restart(database: Path) -> None:
    assert place_of("203.0.113.9") == "Geneva, Switzerland"
    newer = write(database.with_name("newer.mmdb"), {"203.0.113.0/24": LYON})
    os.utime(newer, ns=(1, database.stat().st_mtime_ns + 1))
    os.replace(newer, database)
    assert place_of("203.0.113.9") == "Lyon, France"


@pytest.mark.usefixtures("database")
def test_every_list_of_sessions_says_the_place(world: World) -> None:
    client = Client()
    log_in_with_sso(client, world.olivia)
    UserSession.objects.create(
        user=world.olivia.user,
        session_key=client.session.session_key,
        ip="198.51.100.7",
        user_agent="curl/8",
        data={},
    )
    paths = [
        "/accounts/sessions/",
        "/accounts/sso-sessions/",
        f"/orgs/acme/members/{world.olivia.pk}/",
    ]
    for path in paths:
        assert "Lyon, France" in client.get(path).text, path
