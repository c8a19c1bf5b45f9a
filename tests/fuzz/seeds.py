"""Writes the corpus: `HUBSSO_ENV=test python -m tests.fuzz.seeds`. Honest documents, and one attack of each kind.

Their names say which they are: `honest-*` is let through by its target and `attack-*` is not. The keys are made for
the occasion and thrown away. The corpus is written anew only when the shape of documents changes.
"""

from collections.abc import Callable, Iterator

import django

django.setup()

from lxml import etree  # noqa: E402

from sso.saml import names  # noqa: E402
from tests.attacks.saml import test_wrapping as wrapping  # noqa: E402
from tests.demo_idp.saml_encryption import Encryption  # noqa: E402
from tests.demo_idp.saml_names import tag  # noqa: E402
from tests.fuzz.folders import CORPUS  # noqa: E402
from tests.sso.saml.exchange import find, key_pair, make_exchange  # noqa: E402
from tests.sso.saml.test_idp_metadata import SECOND, SSO, entity, key, service  # noqa: E402

REFERENCE = "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference"
Change = Callable[[etree._Element], object]


def set_at(path: str, name: str, value: str) -> Change:
    return lambda root: find(root, path).set(name, value)


def add_transform(algorithm: str, xpath: str = "") -> Change:
    def add(root: etree._Element) -> None:
        transform = etree.SubElement(
            find(root, f"{REFERENCE}/ds:Transforms"), tag("ds:Transform"), Algorithm=algorithm
        )
        if xpath:
            etree.SubElement(transform, tag("ds:XPath")).text = xpath

    return add


SAML_ATTACKS: dict[str, Change] = {
    **{f"xsw{number}": getattr(wrapping, f"xsw{number}") for number in range(1, 10)},
    "reference-file": set_at(REFERENCE, "URI", "file:///dev/zero"),
    "reference-all": set_at(REFERENCE, "URI", ""),
    "id-program": set_at("saml:Assertion", "ID", "x')]|//*[('"),
    "xslt": add_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
    "xpath": add_transform(
        "http://www.w3.org/TR/1999/REC-xpath-19991116", "count(//. | //@* | //namespace::*) > 0"
    ),
    "sha1": set_at(f"{REFERENCE}/ds:DigestMethod", "Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1"),
    "hmac": set_at(
        "saml:Assertion/ds:Signature/ds:SignedInfo/ds:SignatureMethod",
        "Algorithm",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    ),
    "retrieval": lambda root: etree.SubElement(
        etree.SubElement(find(root, "saml:Assertion/ds:Signature"), tag("ds:KeyInfo")),
        tag("ds:RetrievalMethod"),
        URI="file:///etc/passwd",
    ),
    "object-in-key-info": lambda root: etree.SubElement(
        find(root, "saml:Assertion/ds:Signature/ds:KeyInfo/ds:X509Data"), tag("ds:Object")
    ),
    "digest-element": lambda root: etree.SubElement(
        find(root, f"{REFERENCE}/ds:DigestValue"), tag("ds:Object")
    ),
    "signature-element": lambda root: etree.SubElement(
        find(root, "saml:Assertion/ds:Signature/ds:SignatureValue"), tag("ds:Transform")
    ),
    "comment": lambda root: find(root, "saml:Assertion/saml:Subject/saml:NameID").append(etree.Comment("x")),
    "instruction": lambda root: root.append(etree.ProcessingInstruction("x", "y")),
    "no-status": lambda root: root.remove(find(root, "samlp:Status")),
}


def saml_responses() -> Iterator[tuple[str, bytes]]:
    honest = make_exchange().honest
    encryption = Encryption.to(key_pair("our key").certificate_pem)
    many = {f"group-{number}": (f"value {number}", "another") for number in range(20)}
    yield "honest-assertion-signed", honest.xml()
    yield "honest-both-signed", honest.but(sign_response=True).xml()
    yield "honest-response-signed", honest.but(sign_assertion=False, sign_response=True).xml()
    yield "honest-many-attributes", honest.but(attributes=many, session_index="_s").xml()
    yield "honest-encrypted", honest.but(encryption=encryption).xml()
    yield "honest-encrypted-response-signed", honest.but(encryption=encryption, sign_response=True).xml()
    yield "honest-refusal", honest.but(with_assertion=False, status=names.STATUS_AUTHN_FAILED).xml()
    yield "attack-dtd", b"<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + honest.xml()
    for name, change in SAML_ATTACKS.items():
        yield f"attack-{name}", honest.but(sign_response=True, change_signed=change).xml()


def descriptors() -> Iterator[tuple[str, str]]:
    slo = service("SingleLogoutService", "HTTP-Redirect", "https://idp.example.org/slo")
    two = entity() + entity("https://other.example.org", keys=key(SECOND.certificate_base64))
    aggregate = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{}</md:EntitiesDescriptor>'
    )
    named = '<md:Extensions><mdui:DisplayName xml:lang="en">Acme</mdui:DisplayName></md:Extensions>'
    yield "honest-one", entity()
    yield "honest-slo-and-two-keys", entity(slo=slo, keys=key() + key(SECOND.certificate_base64, use=""))
    yield "honest-named", entity(more=named, role_attributes='WantAuthnRequestsSigned="true"')
    yield "honest-aggregate", aggregate.format(two)
    yield (
        "honest-nested-aggregate",
        aggregate.format(aggregate.format(entity("https://third.example.org")) + two),
    )
    yield "honest-with-comment", entity(more="<!-- by hand -->")
    yield "attack-application", entity(role="SPSSODescriptor")
    yield "attack-twice", aggregate.format(entity() + entity())
    yield "attack-expired", entity(attributes='validUntil="2020-01-01T00:00:00Z"')
    yield "attack-no-time", entity(attributes='validUntil="for ever"')
    yield "attack-script", entity(sso=service("SingleSignOnService", "HTTP-POST", "javascript:alert(1)"))
    yield "attack-plain-http", entity(sso=SSO.replace("https:", "http:"))
    yield "attack-no-certificate", entity(keys=key("AAAA"))
    yield "attack-dtd", "<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + entity()


def main() -> None:
    documents = [("saml_preflight", *seed) for seed in saml_responses()]
    documents += [("idp_metadata", name, xml.encode()) for name, xml in descriptors()]
    for target, name, xml in documents:
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        (CORPUS / target / f"{name}.xml").write_bytes(xml)


if __name__ == "__main__":
    main()
