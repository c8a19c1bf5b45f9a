"""The IdP's signing certificates: read from what an admin pasted, and those of a revision that may be trusted now.

A certificate is a container for a key that the admin trusts: who issued it, and what for, does not matter. When it
ends does: an expired one is neither taken from an admin nor trusted any longer.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import xmlsec as untyped_xmlsec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.utils.translation import gettext_noop

from sso.models import AnnouncedCertificate, Revision
from sso.saml.errors import CertificateExpired, CertificateKeyWeak, CertificateUnreadable
from sso.saml.limits import MAX_CERTIFICATES, MAX_CERTIFICATES_LENGTH, MAX_SUBJECT_LENGTH, MIN_RSA_BITS

# No body crosses a dash, so that a text of beginnings without ends is given up at each at once.
_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----")
xmlsec: Any = untyped_xmlsec  # the type stubs it ships lack most of its constants

_CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateInfo:
    """One certificate, as people compare it and as libraries read it (`pem`). Times are aware, in UTC."""

    subject: str
    fingerprint_sha256: str
    not_before: datetime
    not_after: datetime
    key: str
    pem: str


def parse_certificates(text: str, *, now: datetime) -> list[CertificateInfo]:
    """Read pasted certificates: PEM with or without armour, several at once; the same one twice counts once.

    Raises CertificateUnreadable, CertificateKeyWeak or CertificateExpired; `admin_detail` is fit to stand beside
    the form's field.
    """
    if len(text) > MAX_CERTIFICATES_LENGTH:
        raise CertificateUnreadable(gettext_noop("This is too long to be a few certificates."))
    found = {info.fingerprint_sha256: info for info in map(_read_der, _blocks(text))}
    if not found:
        raise CertificateUnreadable(gettext_noop("There is no certificate here."))
    if len(found) > MAX_CERTIFICATES:
        raise CertificateUnreadable(f"At most {MAX_CERTIFICATES} certificates are taken.")
    for info in found.values():
        _check_not_expired(info, now=now)
    return list(found.values())


def trusted_certificates(revision: Revision, *, now: datetime) -> list[CertificateInfo]:
    """The revision's certificates, and those announced since, that have not expired.

    Raises CertificateExpired where none is left.
    """
    infos = [read_pem(str(pem)) for pem in known_certificates(revision)]
    if not infos:
        raise CertificateUnreadable("The configuration has no certificate of the IdP.")
    trusted = [info for info in infos if now < info.not_after]
    if not trusted:
        _check_not_expired(max(infos, key=lambda info: info.not_after), now=now)
    return trusted


def known_certificates(revision: Revision) -> list[str]:
    """PEM: what the admin saved, then what the metadata announced since (`metadata_refresh`)."""
    return [*revision.certificates, *(row.pem for row in announced_certificates(revision))]


def announced_certificates(revision: Revision) -> list[AnnouncedCertificate]:
    """What the metadata announced since the revision was saved, the first one first. None without a metadata URL."""
    if not revision.metadata_url:
        return []
    return sorted(revision.announced_certificates.all(), key=lambda row: row.pk)


@lru_cache(maxsize=1024)
def read_pem(pem: str) -> CertificateInfo:
    """Read one certificate that `parse_certificates` has accepted before; kept, as logins come back to it."""
    (der,) = _blocks(pem)
    return _read_der(der)


def _blocks(text: str) -> list[bytes]:
    """The DER of each certificate in the text."""
    armoured = _PEM_BLOCK.findall(text)
    if not armoured:
        # Without armour an empty line parts one certificate from the next.
        return [_decode(block) for block in re.split(r"\n\s*\n", text) if block.strip()]
    for label, _ in armoured:
        if label not in _CERTIFICATE_LABELS:
            raise CertificateUnreadable(f"This is a {label.lower()}, not a certificate.")
    return [_decode(body) for _, body in armoured]


def _decode(block: str) -> bytes:
    try:
        return base64.b64decode("".join(block.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise CertificateUnreadable(
            gettext_noop(
                "This is not a certificate. Paste the certificate that your IdP signs with, in PEM format."
            )
        ) from error


def _read_der(der: bytes) -> CertificateInfo:
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject = certificate.subject.rfc4514_string()
        key = _describe_key(certificate)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        xmlsec.Key.from_memory(
            pem, xmlsec.KeyFormat.CERT_PEM, None
        )  # what verifies with it must read it, too
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm, xmlsec.Error) as error:
        raise CertificateUnreadable(
            gettext_noop("This is not a certificate, or it is damaged. Copy it from your IdP again.")
        ) from error
    return CertificateInfo(
        subject=_one_line(subject),
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=key,
        pem=pem.decode(),
    )


def _one_line(subject: str) -> str:
    """Pages, mails and the audit log show it, and whoever made the certificate wrote it."""
    printable = "".join(character if character.isprintable() else " " for character in subject)
    return printable[:MAX_SUBJECT_LENGTH]


def _describe_key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise CertificateKeyWeak(
                f"The certificate's RSA key has {key.key_size} bits; {MIN_RSA_BITS} are needed at least."
            )
        return f"RSA, {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES):
        return f"EC, {key.curve.name}"
    raise CertificateKeyWeak(
        gettext_noop("The certificate's key is neither RSA nor of the curves P-256, P-384 and P-521.")
    )


def _check_not_expired(info: CertificateInfo, *, now: datetime) -> None:
    if now >= info.not_after:
        raise CertificateExpired(
            f"The certificate {info.subject} expired on {info.not_after:%d %B %Y}. "
            "Copy the one that your IdP signs with now.",
            fingerprint=info.fingerprint_sha256,
        )
