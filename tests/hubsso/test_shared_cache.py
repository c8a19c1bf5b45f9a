"""Throttles that several processes share, by a real Valkey: and what happens when it is away, hangs or is emptied."""

import logging
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hubsso import shared_cache, throttle
from hubsso.throttle import Limit
from tests.conftest import World, log_in
from tests.valkey import Valkey

NOW = timezone.now().replace(second=15, microsecond=0)
THREE = Limit("test.three", 3)
THREE_EACH = Limit("test.three_each", 3, of_process=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def valkey(server: Valkey, settings: Settings) -> Iterator[Valkey]:
    """Running and empty, and known to the portal."""
    backend = {"BACKEND": "hubsso.shared_cache.SharedCache", "LOCATION": [server.url], "KEY_PREFIX": "hubsso"}
    settings.CACHES = settings.CACHES | {"shared": backend}
    caches["shared"].clear()
    shared_cache.away.forget()
    yield server
    if not server.is_running:
        server.start()
    shared_cache.away.forget()


def another_process() -> None:
    """What is counted from here on is counted by a process that has counted nothing yet."""
    caches["throttle"].clear()


def over(limit: Limit = THREE, subject: str = "a") -> bool:
    return throttle.count(limit, subject, now=NOW) is not None


def test_processes_count_together_what_somebody_may_ask() -> None:
    assert [over(), over()] == [False, False]
    another_process()
    assert [over(), over()] == [False, True]
    another_process()
    assert throttle.is_used_up(THREE, "a", now=NOW)
    assert not throttle.is_used_up(THREE, "b", now=NOW)


def test_processes_count_for_themselves_what_each_can_bear() -> None:
    assert [over(THREE_EACH) for _ in range(3)] == [False] * 3
    another_process()
    assert not over(THREE_EACH)


def test_only_one_process_is_told_that_it_is_the_first_over_the_limit() -> None:
    firsts = []
    for _ in range(3):
        exceeded = [throttle.count(THREE, "a", now=NOW) for _ in range(4)]
        firsts += [found.is_first for found in exceeded if found]
        another_process()
    assert firsts.count(True) == 1


def test_who_is_over_the_limit_here_costs_the_server_nothing(valkey: Valkey) -> None:
    def commands() -> int:
        return int(valkey.client().info("stats")["total_commands_processed"])

    for _ in range(4):
        over()
    before = commands()
    idle = commands() - before  # what asking costs by itself
    for _ in range(50):
        assert over()
    assert commands() - before <= 3 * idle


def test_counts_are_numbers_that_are_forgotten(valkey: Valkey) -> None:
    over()
    client = valkey.client()
    (key,) = client.keys("*")
    assert client.get(key) == b"1"
    assert 0 < client.ttl(key) <= THREE.seconds


def test_server_that_is_away_leaves_each_process_its_own_count(
    valkey: Valkey, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    over()
    valkey.stop()
    with caplog.at_level(logging.WARNING, logger="hubsso.shared_cache"):
        assert [over() for _ in range(3)] == [False, False, True]
        assert throttle.is_used_up(THREE, "a", now=NOW)
        valkey.start()
        monkeypatch.setattr(shared_cache, "ASK_AGAIN_AFTER_SECONDS", 0.0)
        shared_cache.away.note(is_away=True)  # the seconds begin anew, and are over
        assert not over(subject="b")
    assert [record.message for record in caplog.records] == ["shared_cache.away", "shared_cache.back"]
    another_process()
    assert [over(subject="b") for _ in range(3)] == [False, False, True]  # counted together again


def test_server_that_comes_back_empty_gives_no_more_than_a_new_count(valkey: Valkey) -> None:
    assert [over() for _ in range(4)] == [False] * 3 + [True]
    valkey.stop()
    valkey.start()
    assert over()
    another_process()
    assert [over() for _ in range(4)] == [False] * 3 + [True]


def test_server_that_hangs_is_waited_for_once(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_cache, "ASK_AGAIN_AFTER_SECONDS", 3600.0)
    with valkey.hangs():
        assert not over()
        assert not shared_cache.away.may_ask()
        assert [over() for _ in range(3)] == [False, False, True]


def test_what_somebody_else_wrote_is_not_read(valkey: Valkey) -> None:
    over()
    client = valkey.client()
    (key,) = client.keys("*")
    client.set(key, b"cos\nsystem\n(S'true'\ntR.")  # a pickle that runs a command
    another_process()
    assert throttle.is_used_up(THREE, "a", now=NOW) is None
    shared_cache.away.forget()
    assert not over()


def test_logins_go_on_without_the_server(valkey: Valkey, world: World, client: Client) -> None:
    log_in(client, world.max.user)
    pages = (
        "/",
        "/orgs/acme/",
        "/orgs/acme/sso/",
        f"/sso/{world.acme_idp.uid}/oidc/callback/?state=x&code=y",
    )
    before = [client.get(page).status_code for page in pages]
    valkey.stop()
    assert [client.get(page).status_code for page in pages] == before
    assert 500 not in before


def test_guesses_are_not_counted_there(valkey: Valkey, world: World, client: Client) -> None:
    for _ in range(3):
        client.post("/accounts/login/", {"login": "max@acme.example", "password": "wrong"})
    assert valkey.client().keys("*") == []
