"""Signing keys and certificates: made when absent, kept in a folder if one is given."""

import base64
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from joserfc import jwk

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
KEY_TYPES: dict[str, type[jwk.RSAKey | jwk.ECKey | jwk.OKPKey]] = {
    "RS256": jwk.RSAKey,
    "PS256": jwk.RSAKey,
    "ES256": jwk.ECKey,
    "EdDSA": jwk.OKPKey,
}


@dataclass(frozen=True)
class OIDCKey:
    """A key that signs ID tokens with one algorithm. Its `kid` follows from the key itself."""

    algorithm: str
    private_key: PrivateKey

    @functools.cached_property
    def kid(self) -> str:
        public = self.private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(public).hexdigest()[:16]

    def as_joserfc_key(self) -> jwk.RSAKey | jwk.ECKey | jwk.OKPKey:
        """The private key in the form that joserfc signs with."""
        return KEY_TYPES[self.algorithm].import_key(private_key_pem(self.private_key))

    def as_public_jwk(self) -> dict[str, Any]:
        """The entry for the JWKS document."""
        public = dict(self.as_joserfc_key().as_dict(private=False))
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


@dataclass(frozen=True)
class SamlKeyPair:
    """A key that signs SAML messages, and the certificate an SP is given for it."""

    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def certificate_base64(self) -> str:
        """The certificate on one line, as it stands in metadata and KeyInfo."""
        return "".join(self.certificate_pem.splitlines()[1:-1])


def pem_of_base64(certificate: str) -> str:
    """A certificate in PEM, from the one line that stands in metadata."""
    der = base64.b64decode("".join(certificate.split()))
    return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM).decode()


def private_key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def make_certificate(
    key: rsa.RSAPrivateKey,
    *,
    common_name: str = "demo IdP",
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> x509.Certificate:
    """Make a self-signed certificate: by default valid since yesterday and for ten years."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now - timedelta(days=1))
        .not_valid_after(not_after or now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )


def make_saml_key_pair(common_name: str = "demo IdP") -> SamlKeyPair:
    """A new key pair, known to nobody."""
    key = _make_rsa_key()
    return SamlKeyPair(private_key=key, certificate=make_certificate(key, common_name=common_name))


def make_oidc_key(algorithm: str = "RS256") -> OIDCKey:
    """A new key, known to nobody."""
    return OIDCKey(algorithm, _KEY_MAKERS[algorithm]())


def _make_rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


_KEY_MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "RS256": _make_rsa_key,
    "PS256": _make_rsa_key,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class KeyStore:
    """Keys by name. With a folder they survive a restart; without one they live as long as the process."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def oidc_key(self, name: str, algorithm: str) -> OIDCKey:
        if self.folder is None:
            return _process_oidc_key(name, algorithm)
        path = self.folder / f"{name}-{algorithm.lower()}.key.pem"
        if not path.exists():
            _write_private(path, private_key_pem(make_oidc_key(algorithm).private_key))
        return load_oidc_key(path, algorithm)

    def saml_key_pair(self, name: str) -> SamlKeyPair:
        if self.folder is None:
            return _process_saml_key_pair(name)
        key_path = self.folder / f"{name}.key.pem"
        certificate_path = self.folder / f"{name}.crt.pem"
        if not (key_path.exists() and certificate_path.exists()):
            pair = make_saml_key_pair(f"demo IdP {name}")
            _write_private(key_path, private_key_pem(pair.private_key))
            certificate_path.write_text(pair.certificate_pem)
        return load_saml_key_pair(key_path, certificate_path)


# RSA keys take a while to make: one process makes each named one once.
@functools.cache
def _process_oidc_key(name: str, algorithm: str) -> OIDCKey:
    return make_oidc_key(algorithm)


@functools.cache
def _process_saml_key_pair(name: str) -> SamlKeyPair:
    return make_saml_key_pair(f"demo IdP {name}")


def load_oidc_key(path: Path, algorithm: str) -> OIDCKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    return OIDCKey(algorithm, cast("PrivateKey", key))


def load_saml_key_pair(key_path: Path, certificate_path: Path) -> SamlKeyPair:
    key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{key_path}: SAML needs an RSA key")
    return SamlKeyPair(key, x509.load_pem_x509_certificate(certificate_path.read_bytes()))


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
