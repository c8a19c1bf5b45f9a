"""Our SP's own key pairs: made for one connection, sealed at rest, used to sign AuthnRequests."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sso.errors import ConfigurationUnreadable
from sso.models import Connection, SPKeyPair

_KEY_BITS = 3072
_LIFETIME = timedelta(days=3650)
_CLOCK_LEEWAY = timedelta(hours=1)  # the IdP's clock may be behind ours


def generate_key_pair(connection: Connection, *, now: datetime) -> SPKeyPair:
    """Make and store a key pair: RSA with 3072 bits and a self-signed certificate for ten years.

    The newest pair of a connection signs.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    pair = SPKeyPair(
        org_id=connection.org_id, connection=connection, certificate=_self_signed(key, connection, now=now)
    )
    pair.seal_private_key(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )
    pair.save()
    return pair


def signing_key_pair(connection: Connection) -> SPKeyPair:
    """The pair that signs now. Raises ConfigurationUnreadable where the connection has none."""
    pair = connection.sp_key_pairs.order_by("-id").first()
    if pair is None:
        raise ConfigurationUnreadable("Requests are to be signed, but the connection has no key pair.")
    return pair


def _self_signed(key: rsa.RSAPrivateKey, connection: Connection, *, now: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"HubSSO {connection.uid}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_LEEWAY)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
