"""Our SP's metadata document (SAML Metadata 2.4.4), for IdPs that read it instead of having values typed in."""

from lxml import etree

from sso.key_pairs import published_key_pairs
from sso.models import Connection, Revision
from sso.saml import names
from sso.saml.names import tag
from sso.saml.sp import service_provider

CONTENT_TYPE = "application/samlmetadata+xml"


def sp_metadata(connection: Connection) -> bytes:
    """The document. It names our signing certificates and says whether the configuration in use signs."""
    sp = service_provider(connection.uid)
    entity = etree.Element(
        tag("md:EntityDescriptor"), {"entityID": sp.entity_id}, nsmap={"md": names.METADATA, "ds": names.DS}
    )
    descriptor = etree.SubElement(
        entity,
        tag("md:SPSSODescriptor"),
        {
            "AuthnRequestsSigned": "true" if _signs_requests(connection) else "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": names.SAMLP,
        },
    )
    for pair in published_key_pairs(connection):
        _add_signing_key(descriptor, pair.certificate)
    for name_id_format in (names.NAMEID_PERSISTENT, names.NAMEID_EMAIL, names.NAMEID_UNSPECIFIED):
        etree.SubElement(descriptor, tag("md:NameIDFormat")).text = name_id_format
    etree.SubElement(
        descriptor,
        tag("md:AssertionConsumerService"),
        {"Binding": names.HTTP_POST, "Location": sp.acs_url, "index": "0", "isDefault": "true"},
    )
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _signs_requests(connection: Connection) -> bool:
    """As the live revision does; as the draft will where nothing is live yet."""
    in_use = connection.revisions.filter(status__in=(Revision.Status.LIVE, Revision.Status.DRAFT))
    revision = max(in_use, key=lambda revision: revision.status == Revision.Status.LIVE, default=None)
    return revision is not None and revision.sign_requests


def _add_signing_key(descriptor: etree._Element, certificate_pem: str) -> None:
    key = etree.SubElement(descriptor, tag("md:KeyDescriptor"), {"use": "signing"})
    data = etree.SubElement(etree.SubElement(key, tag("ds:KeyInfo")), tag("ds:X509Data"))
    base64 = "".join(line for line in certificate_pem.splitlines() if not line.startswith("-----"))
    etree.SubElement(data, tag("ds:X509Certificate")).text = base64
