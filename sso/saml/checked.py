"""A check-up of a SAML IdP, for operators. No login asks its metadata, so what is wrong there often only warns."""

from collections.abc import Iterator
from datetime import datetime

from hubsso import net
from sso.models import Revision
from sso.operating.findings import Finding, fail, warn, well
from sso.saml.certificates import read_pem, trusted_certificates
from sso.saml.errors import SAMLError
from sso.saml.idp_metadata import DescribedIdP, described_idp, fetch_metadata
from sso.saml.metadata_errors import MetadataWithoutIdP


def checked(revision: Revision, *, now: datetime) -> Iterator[Finding]:
    """Addresses, metadata and issuer, and whether any certificate can still verify a login."""
    yield from _addresses(revision)
    if revision.metadata_url:
        yield from _metadata(revision, now)
    else:
        yield well("Metadata", "Entered by hand: there is no address to read again.")
    count = len(trusted_certificates(revision, now=now))
    if count:
        yield well("Certificates", f"{count} can verify a login now.")
    else:
        yield fail("Certificates", "None is valid now: every login is refused.")


def _addresses(revision: Revision) -> Iterator[Finding]:
    addresses = {
        "SSO URL": revision.sso_url,
        "Single logout URL": revision.slo_url,
        "Single logout response URL": revision.slo_response_url,
    }
    for title, url in addresses.items():
        if not url:
            continue
        try:
            net.check_url(url)
        except net.UrlNotAllowed as error:
            yield fail(title, f"{url}: {error.detail}")
        else:
            yield well(title, url)


def _metadata(revision: Revision, now: datetime) -> Iterator[Finding]:
    try:
        xml = fetch_metadata(revision.metadata_url)
        idp = described_idp(xml, entity_id=revision.issuer, now=now)
    except MetadataWithoutIdP as error:
        yield fail("Entity ID", f"{error.code}: {error.admin_detail}")
    except SAMLError as error:
        yield warn("Metadata", f"{error.code}: {error.admin_detail}")
    else:
        yield well("Metadata", f"{revision.metadata_url} answers.")
        yield well("Entity ID", f"It describes {idp.entity_id}, as entered.")
        yield from _differences(revision, idp, now)


def _differences(revision: Revision, idp: DescribedIdP, now: datetime) -> Iterator[Finding]:
    if idp.sso.url != revision.sso_url:
        yield warn("SSO URL", f"The metadata says {idp.sso.url}, entered is {revision.sso_url}.")
    trusted = {info.fingerprint_sha256 for info in trusted_certificates(revision, now=now)}
    unknown = [pem for pem in idp.certificates if read_pem(pem).fingerprint_sha256 not in trusted]
    if unknown:
        yield warn("Certificates", f"The metadata announces {len(unknown)} more; run refresh_metadata.")
