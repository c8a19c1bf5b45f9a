"""A revision's certificates, made ready for the page that shows them."""

from datetime import datetime

from sso.errors import SSOError
from sso.models import Revision
from sso.protocols import ShownCertificate
from sso.saml.certificates import known_certificates, read_pem


def shown_certificates(revision: Revision, *, now: datetime) -> list[ShownCertificate]:
    """Those that can be read; they were checked when they were saved."""
    shown = []
    for pem in known_certificates(revision):
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
