"""The AuthnRequest that is sent: its words, its two bindings and its signatures."""

import base64
import zlib
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils import timezone
from lxml import etree

from sso.errors import ConfigurationUnreadable
from sso.key_pairs import ensure_key_pair
from sso.models import Connection, KeyPair, Revision
from sso.protocols import BrowserRequest, adapter_for
from sso.saml.sp import service_provider
from tests.builders import make_connection, make_org
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_signing import verify_root
from tests.sso.saml.exchange import NOW, SSO_URL, Exchange, make_exchange

ADAPTER = adapter_for("saml")


def parameters(request: BrowserRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def document(request: BrowserRequest) -> etree._Element:
    if request.fields:
        return etree.fromstring(base64.b64decode(request.fields["SAMLRequest"]))
    return etree.fromstring(zlib.decompress(base64.b64decode(parameters(request)["SAMLRequest"]), wbits=-15))


@pytest.fixture(params=["redirect", "post"])
def either(request: pytest.FixtureRequest) -> Exchange:
    return make_exchange(sso_binding=request.param)


def test_request_says_who_asks_and_where_to_answer(either: Exchange) -> None:
    request = ADAPTER.begin(either.attempt, either.revision)

    root = document(request)
    sp = service_provider(either.attempt.connection.uid)
    assert root.tag == tag("samlp:AuthnRequest")
    assert root.get("Destination") == SSO_URL
    assert root.get("AssertionConsumerServiceURL") == sp.acs_url
    assert root.get("IssueInstant") == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert root.findtext(tag("saml:Issuer")) == sp.entity_id
    assert root.get("IsPassive") is None
    assert root.find(tag("samlp:RequestedAuthnContext")) is None


def test_attempt_remembers_an_id_that_nobody_can_guess(either: Exchange) -> None:
    ids = set()
    for _ in range(2):
        root = document(ADAPTER.begin(either.attempt, either.revision))
        assert root.get("ID") == either.attempt.request_id
        ids.add(root.get("ID"))
    assert all(request_id and request_id.startswith("_") and len(request_id) > 40 for request_id in ids)
    assert len(ids) == 2


def test_silent_attempt_is_passive(either: Exchange) -> None:
    either.attempt.is_silent = True
    assert document(ADAPTER.begin(either.attempt, either.revision)).get("IsPassive") == "true"


def test_redirect_keeps_the_query_of_the_sso_url() -> None:
    exchange = make_exchange()
    request = ADAPTER.begin(exchange.attempt, exchange.revision)

    assert request.url.startswith(f"{SSO_URL}&")
    assert parameters(request)["tenant"] == "globex"
    assert parameters(request)["RelayState"] == exchange.attempt.state
    assert "Signature" not in parameters(request)


def test_post_has_two_fields() -> None:
    exchange = make_exchange(sso_binding="post")
    request = ADAPTER.begin(exchange.attempt, exchange.revision)

    assert request.url == SSO_URL
    assert set(request.fields) == {"SAMLRequest", "RelayState"}
    assert request.fields["RelayState"] == exchange.attempt.state


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://a.example/#x",
        "http://a.example/",
        "https://a.example;style-src/",
        "https://a.example,b.example/",
        "https://a.example'/",
        "https://a.example /",
        "https://a.example\\@b.example/",
        "https://max@a.example/",
        "https://*/",
    ],
)
def test_sso_url_that_is_no_web_address_is_not_used(url: str) -> None:
    exchange = make_exchange(sso_url=url)
    with pytest.raises(ConfigurationUnreadable):
        ADAPTER.begin(exchange.attempt, exchange.revision)


# --- Signed ------------------------------------------------------------------------------------------------


@pytest.fixture
def connection(db: None) -> Connection:
    return make_connection(make_org("globex"))


def signing_exchange(connection: Connection, binding: str) -> Exchange:
    exchange = make_exchange(sign_requests=True, sso_binding=binding)
    exchange.attempt.connection = exchange.revision.connection = connection
    return exchange


def test_signature_covers_the_query_as_it_is_sent(connection: Connection) -> None:
    pair = ensure_key_pair(connection, now=NOW)
    exchange = signing_exchange(connection, "redirect")

    request = ADAPTER.begin(exchange.attempt, exchange.revision)

    query = urlsplit(request.url).query
    start, end = query.index("SAMLRequest="), query.index("&Signature=")
    key = x509.load_pem_x509_certificate(pair.certificate.encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(parameters(request)["Signature"])
    key.verify(signature, query[start:end].encode(), padding.PKCS1v15(), hashes.SHA256())
    assert [part.partition("=")[0] for part in query[start:].split("&")] == [
        "SAMLRequest",
        "RelayState",
        "SigAlg",
        "Signature",
    ]


def test_signature_is_in_the_posted_document(connection: Connection) -> None:
    pair = ensure_key_pair(connection, now=timezone.now())
    exchange = signing_exchange(connection, "post")

    request = ADAPTER.begin(exchange.attempt, exchange.revision)

    root = verify_root(base64.b64decode(request.fields["SAMLRequest"]), pair.certificate)
    assert root.get("ID") == exchange.attempt.request_id


def test_private_key_that_does_not_open_is_named(connection: Connection) -> None:
    pair = ensure_key_pair(connection, now=NOW)
    KeyPair.objects.filter(pk=pair.pk).update(private_key_sealed="damaged")
    exchange = signing_exchange(connection, "post")

    with pytest.raises(ConfigurationUnreadable):
        ADAPTER.begin(exchange.attempt, exchange.revision)


def test_key_pair_is_strong_sealed_and_lasts_ten_years(connection: Connection) -> None:
    pair = ensure_key_pair(connection, now=datetime(2030, 1, 1, tzinfo=UTC))

    certificate = x509.load_pem_x509_certificate(pair.certificate.encode())
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 3072
    assert certificate.not_valid_after_utc.year == 2039
    assert "PRIVATE KEY" not in pair.private_key_sealed
    assert "BEGIN PRIVATE KEY" in KeyPair.objects.get().private_key


# --- For the IdP's admin -----------------------------------------------------------------------------------


def test_values_for_the_idp_are_the_sps_addresses() -> None:
    uid = "0b2f7a0e-6d0a-4e56-8d5e-0a5b8a3f1c11"
    values = [copy.value for copy in ADAPTER.values_for_idp(uid)]

    assert values == [
        f"http://testserver/sso/{uid}/saml/acs/",
        f"http://testserver/sso/{uid}/saml/metadata/",
        f"http://testserver/sso/{uid}/saml/slo/",
    ]
    assert values[0] == service_provider(UUID(uid)).acs_url
    assert Revision.Binding.values == ["redirect", "post"]
