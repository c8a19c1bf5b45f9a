"""What an admin may paste as the IdP's certificate, and which of a revision's certificates are trusted."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sso.errors import SSOError
from sso.models import Revision
from sso.saml.certificates import parse_certificates, trusted_certificates
from sso.saml.errors import CertificateExpired, CertificateKeyWeak, CertificateUnreadable
from sso.types import SSOProtocol
from tests.builders import live_revision, make_connection, make_org
from tests.demo_idp.keys import private_key_pem
from tests.sso.saml.exchange import key_pair

BEGINS_AT = datetime(2030, 1, 1, tzinfo=UTC)
ENDS_AT = datetime(2031, 1, 1, tzinfo=UTC)
NOW = datetime(2030, 6, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def certificate(key: Key, *, name: str = "idp.globex.example", ends_at: datetime = ENDS_AT) -> str:
    """A self-signed certificate in PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(BEGINS_AT)
        .not_valid_after(ends_at)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )


KEY = key_pair("globex").private_key
FIRST = certificate(KEY, name="first")
SECOND_ONE = certificate(KEY, name="second")


def without_armour(pem: str) -> str:
    return "\n".join(line for line in pem.splitlines() if "-----" not in line)


@pytest.mark.parametrize(
    "pasted",
    [
        FIRST,
        f"\n\n  {FIRST}  \n",
        FIRST.replace("\n", "\r\n"),
        f"Bag Attributes: none\nsubject=CN=first\n{FIRST}",
        without_armour(FIRST),
        without_armour(FIRST).replace("\n", ""),
        without_armour(FIRST).replace("\n", "\n   "),
        FIRST + FIRST,
    ],
)
def test_one_certificate_is_read_however_it_was_pasted(pasted: str) -> None:
    (info,) = parse_certificates(pasted, now=NOW)

    assert info.subject == "CN=first"
    assert info.pem == FIRST
    assert info.not_before == BEGINS_AT
    assert info.not_after == ENDS_AT
    assert info.key == "RSA, 2048 bits"
    assert (
        info.fingerprint_sha256
        == x509.load_pem_x509_certificate(FIRST.encode()).fingerprint(hashes.SHA256()).hex(":").upper()
    )


@pytest.mark.parametrize(
    "pasted", [FIRST + SECOND_ONE, f"{without_armour(FIRST)}\n\n{without_armour(SECOND_ONE)}"]
)
def test_several_certificates_are_read_in_order(pasted: str) -> None:
    assert [info.subject for info in parse_certificates(pasted, now=NOW)] == ["CN=first", "CN=second"]


@pytest.mark.parametrize(
    ("pasted", "refusal", "said"),
    [
        ("", CertificateUnreadable, "no certificate"),
        ("  \n ", CertificateUnreadable, "no certificate"),
        ("hello", CertificateUnreadable, "not a certificate"),
        ("AA:BB:CC:DD", CertificateUnreadable, "not a certificate"),
        ("<EntityDescriptor/>", CertificateUnreadable, "not a certificate"),
        ("aGVsbG8=", CertificateUnreadable, "damaged"),
        (without_armour(FIRST)[:-40], CertificateUnreadable, "certificate"),
        (FIRST.replace("-----END CERTIFICATE-----", ""), CertificateUnreadable, "not a certificate"),
        (private_key_pem(KEY).decode(), CertificateUnreadable, "private key"),
        (private_key_pem(KEY).decode() + FIRST, CertificateUnreadable, "private key"),
        ("A" * 70_000, CertificateUnreadable, "too long"),
        (
            FIRST + "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----",
            CertificateUnreadable,
            "",
        ),
        (
            certificate(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505
            CertificateKeyWeak,
            "1024 bits",
        ),
        (certificate(ec.generate_private_key(ec.SECP192R1())), CertificateKeyWeak, "curves"),
        (certificate(ed25519.Ed25519PrivateKey.generate()), CertificateKeyWeak, "RSA"),
    ],
)
def test_what_is_no_usable_certificate_is_refused_with_a_reason(
    pasted: str, refusal: type[SSOError], said: str
) -> None:
    with pytest.raises(refusal) as caught:
        parse_certificates(pasted, now=NOW)
    assert said in caught.value.admin_detail


def test_elliptic_curves_are_taken() -> None:
    (info,) = parse_certificates(certificate(ec.generate_private_key(ec.SECP256R1())), now=NOW)
    assert info.key == "EC, secp256r1"


def test_certificate_ends_to_the_second() -> None:
    parse_certificates(FIRST, now=ENDS_AT - SECOND)
    with pytest.raises(CertificateExpired) as caught:
        parse_certificates(FIRST, now=ENDS_AT)
    assert "01 January 2031" in caught.value.admin_detail


def test_certificate_for_later_may_be_entered_before() -> None:
    parse_certificates(FIRST, now=BEGINS_AT - timedelta(days=30))


def revision_with(*certificates: str) -> Revision:
    connection = make_connection(make_org(), SSOProtocol.SAML, certificates=list(certificates))
    return live_revision(connection)


@pytest.mark.django_db
def test_expired_certificate_of_a_revision_is_not_trusted_any_longer() -> None:
    later = certificate(KEY, name="later", ends_at=ENDS_AT + timedelta(days=1))
    revision = revision_with(FIRST, later)

    assert len(trusted_certificates(revision, now=ENDS_AT - SECOND)) == 2
    assert [info.subject for info in trusted_certificates(revision, now=ENDS_AT)] == ["CN=later"]
    with pytest.raises(CertificateExpired):
        trusted_certificates(revision, now=ENDS_AT + timedelta(days=1))


@pytest.mark.django_db
def test_revision_without_a_certificate_trusts_nobody() -> None:
    with pytest.raises(CertificateUnreadable):
        trusted_certificates(revision_with(), now=NOW)


# --- What only one of two readers reads ----------------------------------------------------------------


def test_certificate_that_xmlsec_can_not_load_is_refused_when_it_is_entered() -> None:
    """The issuer's name is typed as a number, and `cryptography` does not look at it."""
    pem = certificate(rsa.generate_private_key(65537, 2048), name="abcdefg")
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    typed = der.index(b"\x0c\x07abcdefg")
    damaged = der[:typed] + b"\x02" + der[typed + 1 :]
    text = x509.load_der_x509_certificate(damaged).public_bytes(Encoding.PEM).decode()
    with pytest.raises(CertificateUnreadable):
        parse_certificates(text, now=NOW)


def test_subject_is_shown_on_one_line_and_cut() -> None:
    pem = certificate(rsa.generate_private_key(65537, 2048), name="a\nb" + "c" * 60)
    (info,) = parse_certificates(pem, now=NOW)
    assert info.subject.startswith("CN=a b")
    assert len(info.subject) <= 200


@pytest.mark.parametrize("text", ["-----BEGIN A-----" * 3000, "-----BEGIN CERTIFICATE-----\n" * 2000])
def test_beginnings_without_ends_are_no_certificates(text: str) -> None:
    """How long that takes is held by `tests/fuzz/findings`."""
    with pytest.raises(CertificateUnreadable):
        parse_certificates(text, now=NOW)
