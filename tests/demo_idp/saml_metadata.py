"""What the SAML IdP says of itself (SAML Metadata, 2.4.3)."""

from lxml import etree
from werkzeug.wrappers import Request, Response

from tests.demo_idp import saml_names as names
from tests.demo_idp.config import SAMLServiceProvider
from tests.demo_idp.keys import pem_of_base64
from tests.demo_idp.saml_names import tag
from tests.demo_idp.tenant import Tenant


def read_service_provider(document: bytes) -> SAMLServiceProvider:
    """An SP as its own metadata describes it, with the first certificate of each use."""
    root = etree.fromstring(document)
    (sp,) = root.iter(tag("md:SPSSODescriptor"))
    (acs,) = sp.iter(tag("md:AssertionConsumerService"))
    certificates = {
        key.get("use", ""): pem_of_base64(key.findtext(f".//{tag('ds:X509Certificate')}", default=""))
        for key in reversed(sp.findall(tag("md:KeyDescriptor")))
    }
    return SAMLServiceProvider(
        entity_id=root.get("entityID", ""),
        acs_url=acs.get("Location", ""),
        certificate=certificates.get("signing") if sp.get("AuthnRequestsSigned") == "true" else None,
        encryption_certificate=certificates.get("encryption"),
    )


def metadata(tenant: Tenant, request: Request) -> Response:
    """`/saml/metadata`, which is the entity ID as well."""
    return Response(metadata_document(tenant), mimetype="application/samlmetadata+xml")


def metadata_document(tenant: Tenant) -> bytes:
    """The EntityDescriptor, with the certificate of every key that has not been withdrawn; newest last."""
    entity = etree.Element(tag("md:EntityDescriptor"), nsmap={"md": names.MD, "ds": names.DS})
    entity.set("entityID", tenant.saml_entity_id)
    idp = etree.SubElement(entity, tag("md:IDPSSODescriptor"))
    idp.set("protocolSupportEnumeration", names.SAMLP)
    wants_signed = any(sp.certificate is not None for sp in tenant.service_providers.values())
    idp.set("WantAuthnRequestsSigned", "true" if wants_signed else "false")
    for key_pair in tenant.saml_key_pairs:
        descriptor = etree.SubElement(idp, tag("md:KeyDescriptor"), use="signing")
        data = etree.SubElement(etree.SubElement(descriptor, tag("ds:KeyInfo")), tag("ds:X509Data"))
        etree.SubElement(data, tag("ds:X509Certificate")).text = key_pair.certificate_base64
    for binding in (names.HTTP_REDIRECT, names.HTTP_POST):
        etree.SubElement(idp, tag("md:SingleLogoutService"), Binding=binding, Location=tenant.saml_slo_url)
    for name_id_format in (names.NAMEID_PERSISTENT, names.NAMEID_EMAIL, names.NAMEID_TRANSIENT):
        etree.SubElement(idp, tag("md:NameIDFormat")).text = name_id_format
    for binding in (names.HTTP_REDIRECT, names.HTTP_POST):
        etree.SubElement(idp, tag("md:SingleSignOnService"), Binding=binding, Location=tenant.saml_sso_url)
    return etree.tostring(entity, xml_declaration=True, encoding="UTF-8")
