"""Reading an IdP's metadata again: takes in a certificate that it announces, and never takes one away by itself.

What else the metadata says has changed is for an admin to see and to put in a draft: nothing but a further
certificate of the same entity is ever taken over unseen, and it is announced to the admins.
"""

from datetime import datetime

from django.db import transaction

from orgs import audit
from sso import announcements
from sso.models import AnnouncedCertificate, MetadataCheck, Revision
from sso.saml.certificates import CertificateInfo, read_pem
from sso.saml.errors import SAMLError
from sso.saml.idp_metadata import described_idp, fetch_metadata
from sso.saml.limits import MAX_CERTIFICATES
from sso.saml.metadata_errors import MetadataMalformed


def refresh(revision: Revision, *, now: datetime) -> MetadataCheck | None:
    """Read the revision's metadata URL and note how it went; None for a revision without one."""
    if not revision.metadata_url:
        return None
    try:
        idp = described_idp(fetch_metadata(revision.metadata_url), entity_id=revision.issuer, now=now)
        _take_in(revision, [read_pem(pem) for pem in idp.certificates], now=now)
    except SAMLError as error:
        return _note(revision, now=now, code=error.code, admin_detail=error.admin_detail)
    return _note(revision, now=now, succeeded_at=now, code="", admin_detail="")


@transaction.atomic
def _take_in(revision: Revision, announced: list[CertificateInfo], *, now: datetime) -> None:
    """Raises MetadataMalformed where the certificates would become too many. Nothing for a revision deleted since."""
    if Revision.objects.select_for_update().filter(pk=revision.pk).first() is None:
        return
    known = {read_pem(str(pem)).fingerprint_sha256 for pem in revision.certificates}
    known |= set(revision.announced_certificates.values_list("fingerprint_sha256", flat=True))
    fresh = [info for info in announced if info.fingerprint_sha256 not in known]
    if len(known) + len(fresh) > MAX_CERTIFICATES:
        raise MetadataMalformed(
            f"With the metadata's, there would be more than {MAX_CERTIFICATES} certificates."
        )
    for info in fresh:
        AnnouncedCertificate.objects.create(
            org_id=revision.org_id,
            revision=revision,
            fingerprint_sha256=info.fingerprint_sha256,
            pem=info.pem,
            first_seen_at=now,
        )
        _announce(revision, info)


def _announce(revision: Revision, info: CertificateInfo) -> None:
    connection = revision.connection
    audit.record(
        "org.settings.sso.certificate",
        org=connection.org,
        actor=None,
        data={
            "connection": connection.name,
            "revision": revision.number,
            "certificate": info.subject,
            "fingerprint": info.fingerprint_sha256,
            "valid_until": info.not_after.isoformat(),
        },
    )
    announcements.certificate_announced(
        connection=connection, subject=info.subject, fingerprint=info.fingerprint_sha256
    )


def _note(revision: Revision, *, now: datetime, **fields: object) -> MetadataCheck | None:
    if not Revision.objects.filter(pk=revision.pk).exists():
        return None
    check, _ = MetadataCheck.objects.update_or_create(
        revision=revision, defaults={"org_id": revision.org_id, "checked_at": now, **fields}
    )
    return check
