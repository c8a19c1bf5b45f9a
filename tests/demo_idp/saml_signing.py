"""XML signatures as SAML uses them: enveloped, exclusive C14N. By signxml, which is independent of xmlsec."""

from typing import Any

from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod, XMLSigner
from signxml.exceptions import InvalidSignature as InvalidXMLSignature
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tests.demo_idp.keys import SamlKeyPair
from tests.demo_idp.saml_names import DS, tag

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


class BadSignature(Exception):
    """The document is not signed by the key that was expected."""


def sign_element(
    element: etree._Element,
    key_pair: SamlKeyPair,
    *,
    signature_algorithm: str = RSA_SHA256,
    digest_algorithm: str = SHA256,
) -> etree._Element:
    """Sign the element, which must be a root, and return it signed.

    The signature stands after the Issuer, where the SAML schemas want it. Weak algorithms are allowed:
    whoever asks for one wants to see it refused.
    """
    placeholder = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS}, Id="placeholder")
    issuer = element.find(tag("saml:Issuer"))
    element.insert(0 if issuer is None else element.index(issuer) + 1, placeholder)
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    signer.sign_alg = SignatureMethod(signature_algorithm)
    signer.digest_alg = DigestAlgorithm(digest_algorithm)
    signed: etree._Element = signer.sign(
        element, key=key_pair.private_key, cert=[key_pair.certificate_pem], id_attribute="ID"
    )
    return signed


def verify_root(document: bytes, certificate_pem: str) -> etree._Element:
    """The root element, as it was signed. Raises BadSignature unless this certificate's key signed all of it."""
    try:
        result: Any = XMLVerifier().verify(
            document,
            x509_cert=certificate_pem,
            id_attribute="ID",
            expect_config=SignatureConfiguration(location="./"),
        )
    except (InvalidXMLSignature, SignXMLException, etree.LxmlError, ValueError) as error:
        raise BadSignature(str(error)) from error
    signed: etree._Element = result.signed_xml
    if signed.get("ID") != etree.fromstring(document).get("ID"):
        raise BadSignature("the signature covers another element")
    return signed
