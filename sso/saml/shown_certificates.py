"""A revision's certificates, made ready for the page that shows them."""

from datetime import datetime

from sso.errors import SSOError
from sso.models import Revision
from sso.revisions.understood import ShownCertificate
from sso.saml.certificates import announced_certificates, read_pem


def shown_certificates(revision: Revision, *, now: datetime) -> list[ShownCertificate]:
    """Those that can be read; they were checked when they were saved."""
    pinned: list[tuple[str, datetime | None]] = [(str(pem), None) for pem in revision.certificates]
    announced = [(row.pem, row.first_seen_at) for row in announced_certificates(revision)]
    shown = (shown_certificate(pem, announced_at, now) for pem, announced_at in (*pinned, *announced))
    return [certificate for certificate in shown if certificate is not None]


def shown_certificate(pem: str, announced_at: datetime | None, now: datetime) -> ShownCertificate | None:
    """None for one that can't be read. `announced_at`: when metadata announced it, where it did."""
    try:
        info = read_pem(pem)
    except SSOError:
        return None
    return ShownCertificate(
        subject=info.subject,
        fingerprint=info.fingerprint_sha256,
        key=info.key,
        not_before=info.not_before,
        not_after=info.not_after,
        is_expired=now >= info.not_after,
        announced_at=announced_at,
    )
