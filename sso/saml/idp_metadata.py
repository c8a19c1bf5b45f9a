"""An IdP's metadata (SAML Metadata 2.3 and 2.4), read for an admin who looks at what was understood before saving it.

One `EntityDescriptor`, or an aggregate of several, of which the admin chooses. What is past its `validUntil` is not
read. What we could not use (an address that is not https, an expired certificate) is left out, and said.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop
from lxml import etree

from hubsso import net
from sso.models import Revision
from sso.saml import document, names
from sso.saml.certificates import parse_certificates
from sso.saml.errors import CertificateError, ResponseTooLarge, SAMLError, shown
from sso.saml.limits import (
    MAX_CERTIFICATES,
    MAX_ENTITY_ID_LENGTH,
    MAX_METADATA_LENGTH,
    MAX_OFFERED_IDPS,
    METADATA_LIMITS,
)
from sso.saml.metadata_errors import (
    MetadataExpired,
    MetadataMalformed,
    MetadataTooLarge,
    MetadataUnreachable,
    MetadataWithoutIdP,
)
from sso.saml.names import tag
from sso.saml.times import parse_instant
from sso.watching import metrics

MAX_NAME_LENGTH = 100
_ACCEPTED = "application/samlmetadata+xml, application/xml"
_BINDINGS = {names.HTTP_REDIRECT: Revision.Binding.REDIRECT, names.HTTP_POST: Revision.Binding.POST}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the browser goes, and how. `response_url` is "" where answers go to `url` too."""

    url: str
    binding: Revision.Binding
    response_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedIdP:
    """What we use of one IdP's description. `notes` say what was left out, for the admin."""

    entity_id: str
    name: str
    sso: Endpoint
    slo: Endpoint | None
    certificates: tuple[str, ...]  # PEM
    wants_signed_requests: bool
    offered_bindings: tuple[
        str, ...
    ] = ()  # for the SSO URL, by their short names, also those that we don't use
    notes: tuple[str, ...] = ()


def fetch_metadata(url: str) -> bytes:
    """The document at an address that an admin gave. Raises MetadataUnreachable, -TooLarge or -Malformed."""
    try:
        with metrics.idp_request("saml_metadata"), net.lookups.asking(url, url):
            response = net.fetch("GET", url, headers={"Accept": _ACCEPTED})
    except net.TooLarge as error:
        raise MetadataTooLarge(f"The metadata at {url} is too large.") from error
    except net.EgressError as error:
        raise MetadataUnreachable(
            f"The metadata can't be fetched: {error.detail}", reason=error.code
        ) from error
    if response.status != 200:
        raise MetadataUnreachable(
            f"{url} was answered with status {response.status}.", status=response.status
        )
    if is_web_page(response.body):
        raise MetadataMalformed(gettext_noop("This address shows a web page (HTML), not metadata."))
    return response.body


def is_web_page(body: bytes) -> bool:
    return body.removeprefix(codecs.BOM_UTF8).lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))


def described_idps(xml: bytes, *, now: datetime) -> list[DescribedIdP]:
    """Every IdP of the document that can be used, in its order; at least one.

    Raises MetadataTooLarge, MetadataMalformed, MetadataExpired or MetadataWithoutIdP; of a document about one IdP
    the error says what is wrong with it.
    """
    found: list[DescribedIdP] = []
    problems: list[SAMLError] = []
    for entity in _entities(_parse(xml), now=now):
        try:
            found.append(_described(entity, now=now))
        except SAMLError as error:
            problems.append(error)
        if len(found) > MAX_OFFERED_IDPS:
            raise MetadataTooLarge(f"The metadata describes more than {MAX_OFFERED_IDPS} identity providers.")
    if not found:
        raise _why_none(problems)
    _check_distinct(found)
    return found


def described_idp(xml: bytes, *, entity_id: str, now: datetime) -> DescribedIdP:
    """The one with this entity ID. Raises as `described_idps`."""
    for idp in described_idps(xml, now=now):
        if idp.entity_id == entity_id:
            return idp
    raise MetadataWithoutIdP(f"The metadata does not describe {shown(entity_id)}.")


# --- The document --------------------------------------------------------------------------------------


def _parse(xml: bytes) -> etree._Element:
    if len(xml) > MAX_METADATA_LENGTH:
        raise MetadataTooLarge(f"The metadata has more than {MAX_METADATA_LENGTH // 1024} KiB.")
    try:
        root = document.parse(xml.strip(), limits=METADATA_LIMITS, drops_comments=True)
    except ResponseTooLarge as error:
        raise MetadataTooLarge(error.admin_detail) from error
    except SAMLError as error:
        raise MetadataMalformed(error.admin_detail) from error
    if root.tag not in (tag("md:EntityDescriptor"), tag("md:EntitiesDescriptor")):
        raise MetadataMalformed(f"The document is {shown(root.tag)}, not SAML 2.0 metadata.")
    return root


def _entities(element: etree._Element, *, now: datetime) -> Iterator[etree._Element]:
    """The entities in it that are still valid. Raises MetadataExpired for a whole that is not."""
    _check_valid(element, now=now)
    if element.tag == tag("md:EntityDescriptor"):
        yield element
        return
    for child in element:
        if child.tag in (tag("md:EntityDescriptor"), tag("md:EntitiesDescriptor")):
            try:
                yield from _entities(child, now=now)
            except MetadataExpired:
                continue


def _check_valid(element: etree._Element, *, now: datetime) -> None:
    valid_until = element.get("validUntil")
    if valid_until is None:
        return
    try:
        ends_at = parse_instant(valid_until)
    except SAMLError as error:
        raise MetadataMalformed(f"validUntil is {shown(valid_until)}, which is no time.") from error
    if now >= ends_at:
        raise MetadataExpired(f"The metadata was valid until {ends_at:%d %B %Y, %H:%M} UTC.")


def _why_none(problems: list[SAMLError]) -> SAMLError:
    if len(problems) == 1:
        return problems[0]
    if problems:
        return MetadataWithoutIdP(
            f"None of the {len(problems)} entities in the metadata is an identity provider that can be used. "
            f"The first: {problems[0].admin_detail}"
        )
    return MetadataExpired(gettext_noop("Nothing in the metadata is valid any more, or it is empty."))


def _check_distinct(found: list[DescribedIdP]) -> None:
    entity_ids = [idp.entity_id for idp in found]
    for entity_id in entity_ids:
        if entity_ids.count(entity_id) > 1:
            raise MetadataMalformed(f"The metadata describes {shown(entity_id)} twice.")


# --- One IdP -------------------------------------------------------------------------------------------


def _described(entity: etree._Element, *, now: datetime) -> DescribedIdP:
    entity_id = entity.get("entityID", "")
    if not entity_id or len(entity_id) > MAX_ENTITY_ID_LENGTH:
        raise MetadataMalformed(gettext_noop("An entity has no entityID, or one that is too long."))
    role = _idp_role(entity, entity_id)
    _check_valid(role, now=now)
    notes: list[str] = []
    return DescribedIdP(
        entity_id=entity_id,
        name=_name(entity, role) or entity_id,
        sso=_sso_endpoint(role, entity_id),
        slo=_slo_endpoint(role, notes),
        certificates=_certificates(role, entity_id, notes, now=now),
        wants_signed_requests=role.get("WantAuthnRequestsSigned", "") in ("true", "1"),
        offered_bindings=_offered_bindings(role),
        notes=tuple(notes),
    )


def _idp_role(entity: etree._Element, entity_id: str) -> etree._Element:
    for role in entity.findall(tag("md:IDPSSODescriptor")):
        if names.SAMLP in role.get("protocolSupportEnumeration", "").split():
            return role
    raise MetadataWithoutIdP(
        f"{shown(entity_id)} is not described as a SAML 2.0 identity provider (it has no IDPSSODescriptor). "
        "Is this the metadata of an application?"
    )


def _name(entity: etree._Element, role: etree._Element) -> str:
    """What its people call it: `mdui:DisplayName`, else the organisation's; English where there is a choice."""
    candidates = [*role.iter(tag("mdui:DisplayName")), *entity.iter(tag("md:OrganizationDisplayName"))]
    english = [name for name in candidates if name.get(f"{{{names.XML}}}lang", "").startswith("en")]
    for name in [*english, *candidates]:
        if text := " ".join((name.text or "").split()):
            return text[:MAX_NAME_LENGTH]
    return ""


def _sso_endpoint(role: etree._Element, entity_id: str) -> Endpoint:
    endpoints, refused = _endpoints(role, "md:SingleSignOnService")
    if endpoints:
        return endpoints[0]
    raise MetadataWithoutIdP(
        f"{shown(entity_id)} has no SSO URL that we can use"
        + (f": {refused[0]}" if refused else " by HTTP-Redirect or HTTP-POST.")
    )


def _offered_bindings(role: etree._Element) -> tuple[str, ...]:
    services = role.findall(tag("md:SingleSignOnService"))
    found = [element.get("Binding", "").rpartition(":")[2][:MAX_NAME_LENGTH] for element in services]
    return tuple(dict.fromkeys(name for name in found if name))


def _slo_endpoint(role: etree._Element, notes: list[str]) -> Endpoint | None:
    endpoints, refused = _endpoints(role, "md:SingleLogoutService")
    if refused and not endpoints:
        notes.append(f"Its address for single logout was left out: {refused[0]}")
    return endpoints[0] if endpoints else None


def _endpoints(role: etree._Element, name: str) -> tuple[list[Endpoint], list[str]]:
    """Those we can use, by HTTP-Redirect first, and what is wrong with the others."""
    usable, refused = [], []
    for element in role.findall(tag(name)):
        binding = _BINDINGS.get(element.get("Binding", ""))
        if binding is None:
            continue
        url, response_url = element.get("Location", ""), element.get("ResponseLocation", "")
        try:
            for address in (url, response_url or url):
                net.check_url(address)
        except net.UrlNotAllowed as error:
            refused.append(f"{shown(url)}: {error.detail}")
            continue
        usable.append(Endpoint(url=url, binding=binding, response_url=response_url))
    return sorted(usable, key=lambda found: found.binding != Revision.Binding.REDIRECT), refused


def _certificates(
    role: etree._Element, entity_id: str, notes: list[str], *, now: datetime
) -> tuple[str, ...]:
    """Of the keys that sign: `use="signing"`, or no `use` at all (Metadata 2.4.1.1)."""
    found: dict[str, None] = {}
    problem = "it names none."
    for certificate in _signing_certificates(role, entity_id):
        try:
            for info in parse_certificates(certificate.text or "", now=now):
                found[info.pem] = None
        except CertificateError as error:
            problem = error.admin_detail
            notes.append(f"A certificate was left out: {problem}")
    if not found:
        raise MetadataWithoutIdP(f"{shown(entity_id)} has no certificate that we can use: {problem}")
    return tuple(found)


def _signing_certificates(role: etree._Element, entity_id: str) -> list[etree._Element]:
    certificates = [
        certificate
        for key in role.findall(tag("md:KeyDescriptor"))
        if key.get("use", "signing") == "signing"
        for certificate in key.iter(tag("ds:X509Certificate"))
    ]
    if len(certificates) > MAX_CERTIFICATES:
        raise MetadataMalformed(f"{shown(entity_id)} has more than {MAX_CERTIFICATES} certificates.")
    return certificates
