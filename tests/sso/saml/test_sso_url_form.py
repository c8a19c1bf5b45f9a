"""The SSO URL as an admin types it: one that every parser on the way to the IdP reads in one way."""

import pytest

from sso.saml.forms import SAMLDraftForm
from tests.sso.saml.exchange import ISSUER, key_pair


def errors_of(sso_url: str) -> list[str]:
    entered = {
        "issuer": ISSUER,
        "certificates": key_pair("globex").certificate_pem,
        "sso_url": sso_url,
        "sso_binding": "post",
    }
    form = SAMLDraftForm(entered, base=None)
    assert set(form.errors) <= {"sso_url"}
    return [error.code or "" for error in form.errors.as_data().get("sso_url", [])]


@pytest.mark.parametrize(
    "sso_url",
    [
        "https://idp.example",
        "https://idp.example:8443/saml/sso?tenant=globex",
        "https://idp.example/adfs/ls/;a=b,c",
        "https://[2606:4700::1111]/sso",
        "http://localhost:9000/sso",
    ],
)
def test_address_of_an_idp_is_taken(sso_url: str) -> None:
    assert errors_of(sso_url) == []


@pytest.mark.parametrize(
    "sso_url",
    [
        "https://evil.example;style-src/",
        "https://evil.example,idp.example/",
        "https://evil.example'unsafe-inline'/",
        'https://evil.example"/',
        "https://evil.example style-src/",
        "https://evil.example\\@idp.example/",
        "https://*.example/",
        "https://*/",
        "https://idp@evil.example/",
        "https://idp.example/#x",
        "http://idp.example/",
    ],
)
def test_address_that_parsers_read_in_several_ways_is_refused(sso_url: str) -> None:
    assert errors_of(sso_url) == ["address_invalid"]
