"""Remembers when a certificate of an IdP last verified a login, to the hour: admins see which one is in use."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sso.models import CertificateUse

RESOLUTION = timedelta(hours=1)


def record(fingerprints: Iterable[str], *, connection_id: int, now: datetime) -> None:
    """Note that these certificates verified a login now. One query, and one more at most once an hour."""
    used = set(fingerprints)
    noted = CertificateUse.objects.filter(
        connection_id=connection_id, fingerprint__in=used, last_used_at__gt=now - RESOLUTION
    )
    fresh = used - set(noted.values_list("fingerprint", flat=True))
    if fresh:
        CertificateUse.objects.bulk_create(
            [
                CertificateUse(connection_id=connection_id, fingerprint=fingerprint, last_used_at=now)
                for fingerprint in sorted(fresh)
            ],
            update_conflicts=True,
            unique_fields=["connection", "fingerprint"],
            update_fields=["last_used_at"],
        )
