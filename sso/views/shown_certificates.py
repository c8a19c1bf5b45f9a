"""A revision's certificates, made ready for the page that shows them."""

from dataclasses import dataclass
from datetime import datetime

from sso.errors import SSOError
from sso.models import Revision
from sso.saml.certificates import read_pem


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    subject: str
    fingerprint: str
    key: str
    not_after: datetime
    is_expired: bool


def shown_certificates(revision: Revision | None, *, now: datetime) -> list[ShownCertificate]:
    """Those that can be read; they were checked when they were saved."""
    shown = []
    for pem in revision.certificates if revision else []:
        try:
            info = read_pem(pem)
        except SSOError:
            continue
        shown.append(
            ShownCertificate(
                info.subject,
                info.fingerprint_sha256,
                info.key,
                info.not_after,
                is_expired=now >= info.not_after,
            )
        )
    return shown
