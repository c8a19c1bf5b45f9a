"""TXT records, asked of a real DNS server over loopback."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from hubsso import net
from hubsso.net import dns, txt_records
from hubsso.net.errors import ConnectFailed, NotAsked, TimedOut, UrlNotAllowed
from hubsso.net.patience import MAX_LOOKUPS
from tests.dns_server import DnsServer, running_dns_server

NAME = "_hubsso-challenge.acme.example"


@pytest.fixture
def server(settings: object) -> Iterator[DnsServer]:
    with running_dns_server() as running:
        settings.DNS_SERVERS = [("127.0.0.1", running.port)]  # type: ignore[attr-defined]  # pytest-django's
        yield running


def test_texts_of_a_name(server: DnsServer) -> None:
    server.records[NAME] = ["v=spf1 -all", 'with "quotes" and \\ backslash', "", "l" * 600]
    assert sorted(txt_records(NAME)) == sorted(server.records[NAME])


@pytest.mark.parametrize("has_name", [True, False])
def test_no_record_and_no_such_name_are_nothing(server: DnsServer, has_name: bool) -> None:
    if has_name:
        server.records[NAME] = []
    assert txt_records(NAME) == []


def test_name_is_asked_as_it_stands(server: DnsServer) -> None:
    txt_records("intranet")
    txt_records(f"{NAME}.")
    assert server.asked == ["intranet", NAME]


def test_server_that_fails_is_told_from_a_name_without_records(server: DnsServer) -> None:
    server.failing.add(NAME)
    with pytest.raises(ConnectFailed, match=NAME):
        txt_records(NAME)


def test_silence_is_given_up(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns, "QUESTION_SECONDS", 0.1)
    monkeypatch.setattr(dns, "TOTAL_SECONDS", 0.2)
    server.silent.add(NAME)
    with pytest.raises(TimedOut):
        txt_records(NAME)


def test_time_limits_are_those_of_the_egress_rules() -> None:
    assert (dns.QUESTION_SECONDS, dns.TOTAL_SECONDS) == (3.0, 10.0)


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", ".".join(["abcdefgh"] * 40)])
def test_what_is_no_name_is_not_asked(server: DnsServer, name: str) -> None:
    with pytest.raises(UrlNotAllowed):
        txt_records(name)
    assert server.asked == []


def test_only_a_few_are_asked_at_once(server: DnsServer) -> None:
    with ExitStack() as others:
        for number in range(MAX_LOOKUPS):
            others.enter_context(net.lookups.asking("dns", f"{number}.example"))
        with pytest.raises(NotAsked):
            txt_records(NAME)
    assert server.asked == []
