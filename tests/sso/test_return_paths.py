import pytest

from sso.return_paths import safe_path, with_next

pytestmark = pytest.mark.catalogue("WEB-OPEN-REDIRECT")


@pytest.mark.parametrize(
    "path",
    ["/", "/orgs/acme/", "/orgs/acme/r/a-page/?tab=2&x=%2F", "/search/?q=a+b", "/orgs/acme/#part", "/ünï/"],
)
def test_a_path_of_this_site_is_kept(path: str) -> None:
    assert safe_path(path, fallback="/home/") == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "orgs/acme/",
        "//evil.example/",
        "///evil.example/",
        "//",
        "//?@evil.example",
        "/\\evil.example/",
        "\\\\evil.example",
        "/orgs\\..\\x",
        "https://evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example/",
        "/orgs/\r\nSet-Cookie: a=b",
        "/orgs/\x00",
        "/orgs/\x7f",
        " /orgs/",
        "@evil.example/",
        "/" + "a" * 2000,
    ],
)
def test_anything_else_gives_the_fallback(path: str | None) -> None:
    assert safe_path(path, fallback="/home/") == "/home/"


def test_the_path_travels_encoded() -> None:
    assert with_next("/sso/", "/a/?b=c&d=//e") == "/sso/?next=%2Fa%2F%3Fb%3Dc%26d%3D%2F%2Fe"
    assert with_next("/sso/", "") == "/sso/"
