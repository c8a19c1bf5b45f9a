"""Which announced issuer is offered in place of the one that was entered."""

import pytest

from sso.oidc.errors import MAX_ISSUER_LENGTH, DiscoveryIssuerMismatch
from sso.oidc.issuer_entered import offered_after

ENTERED = "https://a.example/tenant"


@pytest.mark.parametrize(
    ("announced", "words"),
    [
        ("https://b.example", "The document at a.example says its issuer is https://b.example."),
        ("https://xn--bcher-kva.example/x", "its issuer is https://xn--bcher-kva.example/x."),
        ("https://a.example/tenant/", "at a.example says its issuer is https://a.example/tenant/."),
        ("https://A.EXAMPLE/Tenant", "says its issuer is https://A.EXAMPLE/Tenant."),
        ("https://a.example:8443", "The document at a.example says"),
    ],
    ids=["another host", "punycode", "slash", "case", "another port"],
)
def test_plain_issuer_is_offered(announced: str, words: str) -> None:
    offer = offered_after(DiscoveryIssuerMismatch("", announced=announced).log_fields, entered=ENTERED)
    assert offer is not None
    assert words in offer.text
    assert offer.correction.values == {"issuer": announced}


@pytest.mark.parametrize(
    "announced",
    [
        "http://b.example",
        "javascript:alert(1)",
        "https://admin@b.example",
        "https://a.example@b.example",
        "https://b.example/?x",
        "https://b.example/#x",
        "https://bücher.example",
        "https://b.example/\u202e",
        "https://b.example/a b",
        "https://b.example/\n",
        "https://b.example/\x00",
        "https://b.example/<b>",
        "https://b.example\\a",
        "https://login.example/{tenantid}/v2.0",
        "https://",
        "",
        f"https://b.example/{'x' * MAX_ISSUER_LENGTH}",
        ENTERED,
    ],
)
def test_anything_else_is_not_offered(announced: str) -> None:
    fields = DiscoveryIssuerMismatch("", announced=announced).log_fields
    assert offered_after(fields, entered=ENTERED) is None
    assert offered_after({"announced_issuer": announced}, entered=ENTERED) is None


@pytest.mark.parametrize(
    "fields", [{}, {"announced_issuer": None}, {"announced_issuer": ["https://b.example"]}]
)
def test_test_that_learned_nothing_offers_nothing(fields: dict[str, object]) -> None:
    assert offered_after(fields, entered=ENTERED) is None
