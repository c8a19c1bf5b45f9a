"""Our SP's metadata document (SAML Metadata 2.4.4), for IdPs that read it instead of having values typed in."""

from lxml import etree

from sso.key_pairs import published_key_pairs
from sso.models import Connection, Revision
from sso.saml import names
from sso.saml.names import tag
from sso.saml.sp import service_provider

CONTENT_TYPE = "application/samlmetadata+xml"
# What `encrypted` takes, the best first. IdPs that read it need nothing else to be set.
ENCRYPTION_METHODS = (
    f"{names.XENC11}aes256-gcm",
    f"{names.XENC11}aes128-gcm",
    names.RSA_OAEP_MGF1P,
    names.RSA_OAEP,
)


def sp_metadata(connection: Connection) -> bytes:
    """The document. It names the certificates to check our signatures with and to encrypt for, and says whether the
    configuration in use signs.
    """
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
    pairs = published_key_pairs(connection)
    for pair in pairs:
        _add_key(descriptor, "signing", pair.certificate)
    for pair in pairs:
        encryption = _add_key(descriptor, "encryption", pair.certificate)
        for algorithm in ENCRYPTION_METHODS:
            etree.SubElement(encryption, tag("md:EncryptionMethod"), {"Algorithm": algorithm})
    for binding in (names.HTTP_REDIRECT, names.HTTP_POST):
        etree.SubElement(
            descriptor, tag("md:SingleLogoutService"), {"Binding": binding, "Location": sp.slo_url}
        )
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


def _add_key(descriptor: etree._Element, use: str, certificate_pem: str) -> etree._Element:
    key = etree.SubElement(descriptor, tag("md:KeyDescriptor"), {"use": use})
    data = etree.SubElement(etree.SubElement(key, tag("ds:KeyInfo")), tag("ds:X509Data"))
    base64 = "".join(line for line in certificate_pem.splitlines() if not line.startswith("-----"))
    etree.SubElement(data, tag("ds:X509Certificate")).text = base64
    return key
