"""What must hold for every document at all: refused by the catalogue, or of the one shape.

Written from the SAML and XML Signature specifications and not from `preflight`, so that the two can disagree.
"""

import base64
from datetime import datetime
from urllib.parse import urlsplit

from lxml import etree

from sso.errors import SSOError
from sso.saml.certificates import parse_certificates
from sso.saml.idp_metadata import DescribedIdP, described_idps
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
NAMES_AN_ALGORITHM = frozenset(
    f"{DS}{name}" for name in ("CanonicalizationMethod", "SignatureMethod", "DigestMethod", "Transform")
)
HOLDS_TEXT = frozenset({f"{DS}DigestValue", f"{DS}SignatureValue"})
FORBIDDEN_IN_ENCRYPTION = (f"{XENC}CipherReference", f"{XENC}AgreementMethod", f"{XENC}EncryptionProperties")
WEAK = ("sha1", "md5", "ripemd", "hmac", "xslt", "xpath")


def check_preflight(posted: str) -> UnverifiedResponse | None:
    """Read a SAMLResponse field. None for a refusal; anything else that is raised is a finding."""
    try:
        response = read_response(posted)
    except SSOError:
        return None
    check_one_shape(response)
    # Written out again, nobody reads it in another way.
    again = read_response(base64.b64encode(etree.tostring(response.root, encoding="utf-8")).decode())
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
    assert (response.encrypted is not None) == any(
        element.tag == f"{SAML}EncryptedAssertion" for element in assertions
    )
    assert list(root.iter(*FORBIDDEN_IN_ENCRYPTION)) == []
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
    """KeyInfo is left out: nobody reads it, and it may not lead elsewhere."""
    parent = signature.getparent()
    assert parent is not None
    assert not any(element.tag in FORBIDDEN_IN_A_SIGNATURE for element in signature.iter())
    read = [element for element in signature.iter() if not _is_in_key_info(element)]
    (reference,) = [element for element in read if element.tag == f"{DS}Reference"]
    assert reference.get("URI") == f"#{parent.get('ID')}"
    algorithms = [(str(element.tag), str(element.get("Algorithm"))) for element in read]
    assert [value for name, value in algorithms if name == f"{DS}Transform"] == [ENVELOPED, EXCLUSIVE_C14N]
    assert len([element for element in read if element.tag == f"{DS}SignedInfo"]) == 1
    for name, value in algorithms:
        if name in NAMES_AN_ALGORITHM:
            assert not any(weak in value.lower().rpartition("#")[2] for weak in WEAK), value
    for element in read:
        assert element.tag not in HOLDS_TEXT or not len(element)


def _is_in_key_info(element: etree._Element) -> bool:
    return element.tag == f"{DS}KeyInfo" or any(True for _ in element.iterancestors(f"{DS}KeyInfo"))


# --- Metadata ------------------------------------------------------------------------------------------


def check_metadata(xml: bytes, *, now: datetime) -> list[DescribedIdP] | None:
    """Read an IdP's metadata. None for a refusal; anything else that is raised is a finding."""
    try:
        found = described_idps(xml, now=now)
    except SSOError:
        return None
    assert found
    assert len({idp.entity_id for idp in found}) == len(found)
    for idp in found:
        assert 0 < len(idp.entity_id) <= 500
        assert idp.name
        assert idp.certificates
        assert all(parse_certificates(pem, now=now) for pem in idp.certificates)
        for endpoint in filter(None, (idp.sso, idp.slo)):
            for url in filter(None, (endpoint.url, endpoint.response_url)):
                parts = urlsplit(url)
                assert parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1"), url
                assert "@" not in parts.netloc
    return found
