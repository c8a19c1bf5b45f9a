"""What an admin enters of a SAML IdP: where its metadata is, and what was probably meant by what is wrong."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from hubsso import net
from sso.errors import SSOError
from sso.models import Revision
from sso.revisions.corrections import Correction, Offer, better_address, use
from sso.saml.certificates import parse_certificates
from sso.saml.idp_metadata import DescribedIdP, described_idps, fetch_metadata
from sso.saml.limits import MAX_METADATA_LENGTH

_X509 = re.compile(r"<(?:\w{1,20}:)?X509Certificate>([A-Za-z0-9+/=\s]+)</")


def is_address(url: str) -> bool:
    """One that a browser, a header and we understand in one way: https, or http to this machine where development
    allows it.
    """
    try:
        net.check_url(url)
    except net.UrlNotAllowed:
        return False
    return True


def looks_like_entity_id(sso_url: str, issuer: str) -> bool:
    """Can members be sent to what stands for the issuer, and not to what stands for the SSO URL?

    A slip in an address is no such thing: it has the issuer's host, or begins with https.
    """
    if is_address(sso_url) or not is_address(issuer) or sso_url.lower().startswith("https:"):
        return False
    return not _has_same_host(better_address(sso_url), issuer)


def _has_same_host(one: str, other: str) -> bool:
    try:
        return urlsplit(one).netloc.lower() == urlsplit(other).netloc.lower() != ""
    except ValueError:
        return False


def offered_after(fields: Mapping[str, Any], *, revision: Revision) -> Offer | None:
    """The entity ID that a test's answer was signed with, where it was all that was wrong. `fields` are its refusal's.

    Not where the values come from a metadata address: it would go on to name the other.
    """
    signed = fields.get("signed_issuer")
    if not isinstance(signed, str) or signed == revision.issuer or revision.metadata_url:
        return None
    text = _(
        "A test's answer, signed with the certificate in this connection, names %(signed)s as its entity ID. If that "
        "is your identity provider, use it."
    ) % {"signed": signed}
    return Offer("issuer", text, use("issuer", signed))


def is_required(errors: list[ValidationError]) -> bool:
    return all(error.code == "required" for error in errors)


def new_sources(data: Mapping[str, Any], files: Mapping[str, Any]) -> list[str]:
    """The form's fields that hold metadata to read: an address counts once, when it is new."""
    url = data.get("metadata_url", "").strip()
    given = {
        "metadata_url": is_address(url) and url != data.get("metadata_read", ""),
        "metadata_file": bool(files.get("metadata_file")),
        "metadata_text": bool(data.get("metadata_text", "").strip()),
    }
    return [name for name, is_given in given.items() if is_given]


def read_source(name: str, data: Mapping[str, Any], files: Mapping[str, Any]) -> bytes:
    """The document itself. Raises MetadataUnreachable or MetadataTooLarge."""
    if name == "metadata_url":
        return fetch_metadata(data["metadata_url"].strip())
    if name == "metadata_file":
        xml: bytes = files["metadata_file"].read(MAX_METADATA_LENGTH + 1)
        return xml
    return str(data["metadata_text"]).encode()


def entered_by(idp: DescribedIdP) -> dict[str, str]:
    """What the form would hold if an admin had typed what the metadata says."""
    entered = {
        "issuer": idp.entity_id,
        "sso_url": idp.sso.url,
        "sso_binding": idp.sso.binding.value,
        "certificates": "\n".join(idp.certificates),
        "slo_url": idp.slo.url if idp.slo else "",
        "slo_response_url": idp.slo.response_url if idp.slo else "",
        "slo_binding": idp.slo.binding.value if idp.slo else "",
    }
    return {**entered, "sign_requests": "on"} if idp.wants_signed_requests else entered


def is_metadata(url: str, *, now: datetime) -> bool:
    """Does the address lead to metadata? Asked only where its words make one think so."""
    if "metadata" not in url.lower():
        return False
    try:
        return bool(described_idps(fetch_metadata(url), now=now))
    except SSOError:
        return False


def meant_certificates(text: str, *, now: datetime) -> Correction | None:
    """Certificates that were copied with what stood around them: line ends written out, XML, whole metadata."""
    if "EntityDescriptor" in text:
        return Correction(_("Read it as metadata"), {"metadata_text": text, "certificates": ""})
    found = "\n\n".join(body.strip() for body in _X509.findall(text))
    for better in (found, text.replace("\\r", "").replace("\\n", "\n").strip("\"' \r\n,")):
        try:
            infos = parse_certificates(better, now=now) if better else []
        except SSOError:
            continue
        if infos:
            return Correction(
                _("Use the certificate in it"), {"certificates": "\n".join(info.pem for info in infos)}
            )
    return None
