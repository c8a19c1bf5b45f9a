"""Addresses that may and may not be connected to."""

import ipaddress

import pytest

from hubsso.net import AddressNotAllowed, ConnectFailed, EgressClient, EgressPolicy
from hubsso.net.addresses import system_resolver
from tests.hubsso.net.conftest import FakeDNS

SPECIAL = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to listen on
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize("address", SPECIAL)
def test_special_address_is_refused(address: str) -> None:
    assert EgressPolicy().refusal(ipaddress.ip_address(address)) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert EgressPolicy().refusal(ipaddress.ip_address(address)) is None


@pytest.mark.catalogue("WEB-SSRF")
def test_operator_can_open_one_private_network_and_no_more() -> None:
    policy = EgressPolicy(allowed_networks=(ipaddress.ip_network("10.1.0.0/16"),))
    assert policy.refusal(ipaddress.ip_address("10.1.2.3")) is None
    assert policy.refusal(ipaddress.ip_address("10.2.0.1")) is not None
    assert policy.refusal(ipaddress.ip_address("::ffff:10.1.2.3")) is not None


def test_development_opens_loopback_and_no_more() -> None:
    policy = EgressPolicy(allow_http_loopback=True)
    assert policy.refusal(ipaddress.ip_address("127.0.0.1")) is None
    assert policy.refusal(ipaddress.ip_address("::1")) is None
    assert policy.refusal(ipaddress.ip_address("10.0.0.1")) is not None


def test_plain_http_reaches_loopback_only() -> None:
    policy = EgressPolicy(allow_http_loopback=True, allowed_networks=(ipaddress.ip_network("10.0.0.0/8"),))
    assert policy.refusal(ipaddress.ip_address("127.0.0.1"), only_loopback=True) is None
    assert policy.refusal(ipaddress.ip_address("10.0.0.1"), only_loopback=True) is not None
    assert policy.refusal(ipaddress.ip_address("8.8.8.8"), only_loopback=True) is not None


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize("address", SPECIAL)
def test_host_that_leads_to_a_special_address_is_refused(address: str) -> None:
    client = EgressClient(EgressPolicy(), resolver=FakeDNS([address]))
    with pytest.raises(AddressNotAllowed) as refusal:
        client.fetch("GET", "https://idp.example.com/")
    assert refusal.value.code == "address_not_allowed"
    assert address not in refusal.value.detail


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:a9fe:a9fe]/"]
)
def test_literal_special_address_is_refused(url: str) -> None:
    with pytest.raises(AddressNotAllowed):
        EgressClient(EgressPolicy()).fetch("GET", url)


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "017700000001", "127.1", "localhost"])
def test_loopback_in_another_notation_is_refused(host: str) -> None:
    client = EgressClient(EgressPolicy(), resolver=system_resolver)
    with pytest.raises((AddressNotAllowed, ConnectFailed)):
        client.fetch("GET", f"https://{host}/")


def test_name_that_does_not_resolve_is_reported() -> None:
    def no_such_name(host: str, port: int) -> list[ipaddress.IPv4Address]:
        raise OSError("no such name")

    client = EgressClient(EgressPolicy(), resolver=no_such_name)
    with pytest.raises(ConnectFailed, match=r"idp\.example\.com"):
        client.fetch("GET", "https://idp.example.com/")
