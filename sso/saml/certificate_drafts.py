"""Taking in an IdP's next certificate, and letting an old one go: each as a draft, to be tested and made live.

A certificate is trust, so it takes the way of every change: nobody is let in by a new one before an admin has signed
in through the draft that has it.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from accounts.models import User
from sso.connections import SAMLConfiguration, draft_stamp, editable_revision, save_draft
from sso.errors import SSOError
from sso.models import Connection, Revision
from sso.saml.certificates import CertificateInfo, known_certificates, read_pem
from sso.saml.limits import MAX_CERTIFICATES
from sso.settings_errors import (
    CertificateKnown,
    CertificateNotThere,
    LastCertificate,
    NothingEntered,
    TooManyCertificates,
)


def add_certificates(
    *, connection: Connection, certificates: Sequence[CertificateInfo], actor: User, now: datetime
) -> Revision:
    """Save a draft with the certificates of the one before it (or of what is live) and these.

    Raises NothingEntered, CertificateKnown, TooManyCertificates, or StaleForm where another admin saves just now.
    """
    base = _base(connection)
    kept = _unexpired(base, now=now)
    known = {info.fingerprint_sha256 for info in kept}
    fresh = [info for info in certificates if info.fingerprint_sha256 not in known]
    if not fresh:
        raise CertificateKnown(field="certificates")
    if len(kept) + len(fresh) > MAX_CERTIFICATES:
        raise TooManyCertificates(field="certificates")
    return _save(connection, base, [*kept, *fresh], actor=actor, now=now)


def drop_certificate(*, connection: Connection, fingerprint: str, actor: User, now: datetime) -> Revision:
    """Save a draft without the certificate.

    Raises NothingEntered, CertificateNotThere, LastCertificate, or StaleForm where another admin saves just now.
    """
    base = _base(connection)
    known = {read_pem(str(pem)).fingerprint_sha256 for pem in known_certificates(base)}
    if fingerprint not in known:
        raise CertificateNotThere
    kept = _kept_without(fingerprint, base, now=now)
    if not kept:
        raise LastCertificate
    return _save(connection, base, kept, actor=actor, now=now)


def is_last_certificate(*, connection: Connection, fingerprint: str, now: datetime) -> bool:
    """Would a draft without the certificate trust none?"""
    base = editable_revision(connection)
    return base is None or not _kept_without(fingerprint, base, now=now)


def _kept_without(fingerprint: str, base: Revision, *, now: datetime) -> list[CertificateInfo]:
    return [info for info in _unexpired(base, now=now) if info.fingerprint_sha256 != fingerprint]


def _base(connection: Connection) -> Revision:
    base = editable_revision(connection)
    if base is None:
        raise NothingEntered
    return base


def _unexpired(base: Revision, *, now: datetime) -> list[CertificateInfo]:
    """What may still be trusted of what the revision pins and its metadata announced. An expired one is no loss."""
    infos = []
    for pem in known_certificates(base):
        try:
            infos.append(read_pem(pem))
        except SSOError:
            continue  # unreadable: no login could be verified with it
    return [info for info in infos if now < info.not_after]


def _save(
    connection: Connection,
    base: Revision,
    certificates: Sequence[CertificateInfo],
    *,
    actor: User,
    now: datetime,
) -> Revision:
    values = {field.name: getattr(base, field.name) for field in fields(SAMLConfiguration)}
    configuration = SAMLConfiguration(**{**values, "certificates": [info.pem for info in certificates]})
    return save_draft(
        connection=connection,
        configuration=configuration,
        actor=actor,
        now=now,
        based_on=draft_stamp(base),
    )
