"""What must hold for every document at all: refused by the catalogue, or of the one shape.

Written from the SAML and XML Signature specifications and not from `preflight`, so that the two can disagree.
"""

import base64

from lxml import etree

from sso.errors import SSOError
from sso.saml.preflight import UnverifiedResponse
from sso.saml.responses import read_response

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
XENC = "{http://www.w3.org/2001/04/xmlenc#}"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
FORBIDDEN_IN_A_SIGNATURE = frozenset(
    f"{DS}{name}" for name in ("Object", "Manifest", "RetrievalMethod", "XPath")
)
FORBIDDEN_IN_ENCRYPTION = (f"{XENC}CipherReference", f"{XENC}AgreementMethod", f"{XENC}EncryptionProperties")
WEAK = ("sha1", "md5", "ripemd", "hmac", "xslt", "xpath")


def check_preflight(posted: str) -> UnverifiedResponse | None:
    """Read a SAMLResponse field. None for a refusal; anything else that is raised is a finding."""
    try:
        response = read_response(posted)
    except SSOError:
        return None
    check_one_shape(response)
    again = read_response(base64.b64encode(etree.tostring(response.root)).decode())  # no other reading of it
    assert again.in_response_to == response.in_response_to
    assert again.status_codes == response.status_codes
    return response


def check_one_shape(response: UnverifiedResponse) -> None:
    """One assertion, directly in the response, and signatures that can only mean the element they stand in."""
    root = response.root
    assert root.tag == f"{SAMLP}Response"
    assert all(isinstance(node.tag, str) for node in root.iter()), "a comment, an instruction or an entity"
    assertions = [*root.iter(f"{SAML}Assertion"), *root.iter(f"{SAML}EncryptedAssertion")]
    assert len(assertions) <= 1
    assert len(assertions) == 1 or not response.is_success
    assert all(assertion.getparent() is root for assertion in assertions)
    assert response.assertion is None or response.assertion is assertions[0]
    assert len(list(root.iter(f"{SAMLP}Response"))) == 1
    _check_ids(root)
    assert (response.encrypted is not None) == any(root.iter(f"{SAML}EncryptedAssertion"))
    assert not any(root.iter(*FORBIDDEN_IN_ENCRYPTION))
    signatures = list(root.iter(f"{DS}Signature"))
    parents = [signature.getparent() for signature in signatures]
    assert all(parent is root or parent in assertions for parent in parents)
    assert len({id(parent) for parent in parents}) == len(parents), "two signatures in one element"
    for signature in signatures:
        _check_signature(signature)


def _check_ids(root: etree._Element) -> None:
    ids = [
        value
        for element in root.iter()
        for name, value in element.attrib.items()
        if etree.QName(str(name)).localname.lower() == "id"
    ]
    assert len(ids) == len(set(ids)), "two elements of one ID"


def _check_signature(signature: etree._Element) -> None:
    parent = signature.getparent()
    assert parent is not None
    (reference,) = signature.iter(f"{DS}Reference")
    assert reference.get("URI") == f"#{parent.get('ID')}"
    transforms = [transform.get("Algorithm") for transform in signature.iter(f"{DS}Transform")]
    assert transforms == [ENVELOPED, EXCLUSIVE_C14N]
    assert len(list(signature.iter(f"{DS}SignedInfo"))) == 1
    for element in signature.iter():
        assert element.tag not in FORBIDDEN_IN_A_SIGNATURE
        algorithm = str(element.get("Algorithm", "")).lower()
        assert not any(weak in algorithm.rpartition("#")[2] for weak in WEAK), algorithm
