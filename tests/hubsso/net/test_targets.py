"""URLs that are refused as written."""

import pytest

from hubsso.net import UrlNotAllowed, check_url, origin_of
from hubsso.net.targets import Target, parse_target


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "idp.example.com",
        "//idp.example.com/",
        "http://idp.example.com/",
        "ftp://idp.example.com/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
        "https:///path",
        "https://",
        "https://user@idp.example.com/",
        "https://user:password@idp.example.com/",
        "https://@idp.example.com/",
        "https://idp.example.com/#fragment",
        "https://idp.example.com/#",
        "https://idp.example.com\\@evil.example/",
        "https://idp.example.com/a b",
        "https://idp.example.com/\r\nHost: evil.example",
        "https://idp.example.com/\t",
        "https://idp.example.com/\x00",
        "https://idp.exämple.com/",
        "https://idp\u3002example.com/",
        "https://idp..example.com/",
        "https://-idp.example.com/",
        "https://idp.example.com:0/",
        "https://idp.example.com:65536/",
        "https://idp.example.com:port/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://%31%32%37.0.0.1/",
        "https://idp.example.com/" + "a" * 2048,
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://2130706433/",
    ],
)
def test_url_is_refused_as_written(url: str) -> None:
    with pytest.raises(UrlNotAllowed) as refusal:
        parse_target(url, allow_http_loopback=True)
    assert refusal.value.code == "url_not_allowed"
    assert "password" not in refusal.value.detail or "must not" in refusal.value.detail


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://idp.example.com", Target("https", "idp.example.com", 443, "/")),
        ("HTTPS://IDP.Example.com:8443/a/B?c=D", Target("https", "idp.example.com", 8443, "/a/B?c=D")),
        ("https://[2606:4700::1111]/", Target("https", "2606:4700::1111", 443, "/")),
        ("https://keycloak/realms/acme", Target("https", "keycloak", 443, "/realms/acme")),
        ("http://localhost:9000/x", Target("http", "localhost", 9000, "/x")),
        ("http://127.0.0.1/", Target("http", "127.0.0.1", 80, "/")),
        ("http://[::1]:9000/", Target("http", "::1", 9000, "/")),
    ],
)
def test_url_is_taken_apart_once(url: str, target: Target) -> None:
    assert parse_target(url, allow_http_loopback=True) == target


@pytest.mark.catalogue("WEB-SSRF")
@pytest.mark.parametrize("url", ["http://localhost/", "http://127.0.0.1/", "http://[::1]/"])
def test_plain_http_is_refused_on_loopback_too_outside_development(url: str) -> None:
    with pytest.raises(UrlNotAllowed, match="https"):
        parse_target(url, allow_http_loopback=False)


def test_forms_ask_under_the_settings_policy() -> None:
    check_url("http://localhost:9000/")
    with pytest.raises(UrlNotAllowed):
        check_url("http://idp.example.com/")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://idp.example.com", "https://idp.example.com"),
        ("https://IDP.example.com:443/sso?a=b", "https://idp.example.com"),
        ("https://idp.example.com:8443/sso", "https://idp.example.com:8443"),
        ("https://idp.example.com?;style-src", "https://idp.example.com"),
        ("https://idp.example.com/;style-src", "https://idp.example.com"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443"),
        ("http://localhost:9000/x", "http://localhost:9000"),
    ],
)
def test_origin_is_scheme_and_host_and_nothing_of_the_rest(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "https://idp.example.com;style-src",
        "https://idp.example.com,evil.example/",
        "https://idp.example.com'/",
        'https://idp.example.com"/',
        "https://idp.example.com style-src/",
        "https://*/",
        "https://*.example.com/",
        "https://user@idp.example.com/",
        "http://idp.example.com/",
        "data:text/html,x",
    ],
)
def test_url_whose_host_is_no_host_has_no_origin(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        origin_of(url)
