"""The one shape of a response in which a signature means what it seems to mean.

Signature wrapping, smuggled references and costly transforms all need a document of an unusual shape. So the
shape is an allow-list, checked on the tree that is verified afterwards: one Response, in it at most one
Assertion, plain or encrypted (see `encrypted`), and signatures only as their direct children, each with exactly one
reference to its own parent (Core 5.4, XML Signature 1.1). Nothing here knows a key: a document that passes is
merely well-behaved.

xmlsec looks a reference `#x` up by evaluating `xpointer(id('x'))`, before anybody knows who signed. So an ID is a
plain name, or it could be a program.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from sso.saml import names
from sso.saml.encrypted import EncryptedAssertion, check_encrypted_assertion
from sso.saml.errors import (
    AlgorithmNotAllowed,
    AssertionNotSingle,
    DuplicateID,
    ElementNotAllowed,
    EncryptionNotSupported,
    IDInvalid,
    ReferenceNotAllowed,
    ResponseMalformed,
    SignatureNotAllowed,
    shown,
)
from sso.saml.limits import MAX_ID_LENGTH, MAX_KEPT_PREFIXES
from sso.saml.names import tag

_ENCRYPTED = frozenset({tag("saml:EncryptedID"), tag("saml:EncryptedAttribute"), tag("saml:NewEncryptedID")})
_ENCRYPTION_NAMESPACES = (f"{{{names.XENC}}}", f"{{{names.XENC11}}}")
# An NCName, as the schemas want it, of the characters that IdPs use.
_PLAIN_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9._-]{{0,{MAX_ID_LENGTH - 1}}}")
_KEY_INFO_CHILDREN = frozenset({tag("ds:KeyName"), tag("ds:KeyValue"), tag("ds:X509Data")})
# What is somewhere in a KeyInfo, nobody reads; but nothing stands there that a reader might follow or take for signed.
_NEVER_IN_KEY_INFO = frozenset(
    tag(f"ds:{name}")
    for name in ("RetrievalMethod", "Object", "Manifest", "Signature", "SignedInfo", "Reference")
)


@dataclass(frozen=True, slots=True)
class UnverifiedResponse:
    """A response of the right shape, whose every word may still be a lie.

    It has either an `assertion` or an `encrypted` one; neither, in a refusal.
    """

    root: etree._Element
    assertion: etree._Element | None
    encrypted: EncryptedAssertion | None
    status_codes: tuple[str, ...]

    @property
    def in_response_to(self) -> str:
        """The request it claims to answer; "" where it claims none."""
        return self.root.get("InResponseTo", "")

    @property
    def is_success(self) -> bool:
        return self.status_codes[0] == names.STATUS_SUCCESS


def check_shape(root: etree._Element) -> UnverifiedResponse:
    """Let only the one shape through. Raises what the rules above are called in `errors`."""
    if root.tag != tag("samlp:Response") or root.get("Version") != "2.0" or not root.get("ID"):
        raise ResponseMalformed(f"The document is {shown(root.tag)}, not a SAML 2.0 Response with an ID.")
    _check_elements(root)
    _check_ids(root)
    assertion, encrypted = _only_assertion(root)
    response = UnverifiedResponse(root, assertion, encrypted, _status_codes(root))
    if response.is_success and assertion is None and encrypted is None:
        raise AssertionNotSingle("The response has no assertion.")
    _check_signatures(root)
    return response


def check_logout_shape(root: etree._Element, expected_tag: str) -> etree._Element:
    """As `check_shape`, of a LogoutRequest or LogoutResponse: at most one signature, the root's own."""
    if root.tag != expected_tag or root.get("Version") != "2.0" or not root.get("ID"):
        raise ResponseMalformed(f"The document is {shown(root.tag)}, not a SAML 2.0 logout with an ID.")
    _check_elements(root)
    if any(True for _ in root.iter(tag("saml:Assertion"), tag("saml:EncryptedAssertion"))):
        raise ElementNotAllowed("The logout holds an assertion.")
    _check_ids(root)
    _check_signatures(root)
    return root


def _check_elements(root: etree._Element) -> None:
    for element in root.iter(etree.Element):
        name = str(element.tag)
        if name in _ENCRYPTED or (name.startswith(_ENCRYPTION_NAMESPACES) and not _is_in_place(element)):
            raise EncryptionNotSupported(
                "The IdP encrypts NameIDs or attributes. Let it encrypt whole assertions for this SP, or nothing."
            )
        if name in (tag("samlp:Extensions"), tag("saml:Advice")):
            raise ElementNotAllowed(f"The response has an element {shown(etree.QName(name).localname)}.")


def _is_in_place(element: etree._Element) -> bool:
    """Does something of XML Encryption stand where `check_encrypted_assertion` will look at it?"""
    return any(True for _ in element.iterancestors(tag("saml:EncryptedAssertion")))


def _check_ids(root: etree._Element) -> None:
    """Every attribute that any reader might take for an ID is a plain name, and no two have one value."""
    seen: set[str] = set()
    for element in root.iter(etree.Element):
        for name, attribute in element.attrib.items():
            if etree.QName(str(name)).localname.lower() != "id":
                continue
            value = str(attribute)
            if not _PLAIN_NAME.fullmatch(value):
                raise IDInvalid(f"The ID {shown(value)} is not a plain name of letters, digits and . _ -")
            if value in seen:
                raise DuplicateID(f"The ID {shown(value)} stands twice in the response.")
            seen.add(value)


def _only_assertion(root: etree._Element) -> tuple[etree._Element | None, EncryptedAssertion | None]:
    """The assertion, in the clear or encrypted. (None, None) where there is none."""
    assertions = list(root.iter(tag("saml:Assertion"), tag("saml:EncryptedAssertion")))
    if len(list(root.iter(tag("samlp:Response")))) > 1:
        raise AssertionNotSingle("The response holds another response.")
    if not assertions:
        return None, None
    if len(assertions) > 1:
        raise AssertionNotSingle(f"The response has {len(assertions)} assertions; exactly one is taken.")
    assertion = assertions[0]
    if assertion.getparent() is not root:
        raise AssertionNotSingle("The assertion does not stand directly in the response.")
    if assertion.tag == tag("saml:EncryptedAssertion"):
        return None, check_encrypted_assertion(assertion)
    if not assertion.get("ID"):
        raise ResponseMalformed("The assertion has no ID.")
    return assertion, None


def _status_codes(root: etree._Element) -> tuple[str, ...]:
    """The status code and those nested in it (Core 3.2.2.2)."""
    codes = root.findall(f"{tag('samlp:Status')}/{tag('samlp:StatusCode')}")
    if len(codes) != 1:
        raise ResponseMalformed("The response does not have exactly one status code.")
    values = tuple(code.get("Value", "") for code in codes[0].iter(tag("samlp:StatusCode")))
    if not all(values):
        raise ResponseMalformed("A status code of the response has no value.")
    return values


def _check_signatures(root: etree._Element) -> None:
    signed: list[etree._Element] = []
    for signature in root.iter(tag("ds:Signature")):
        parent = signature.getparent()
        if parent is None or not (parent is root or parent.tag == tag("saml:Assertion")):
            raise SignatureNotAllowed("A signature stands elsewhere than in the response or its assertion.")
        if any(parent is other for other in signed):
            raise SignatureNotAllowed("The response or its assertion has more than one signature.")
        signed.append(parent)
        _check_signature(signature, signed_id=parent.get("ID", ""))


def _check_signature(signature: etree._Element, *, signed_id: str) -> None:
    """The shape of one signature: SignedInfo, SignatureValue, and a KeyInfo that nobody reads."""
    children = _children(signature)
    expected = ["ds:SignedInfo", "ds:SignatureValue"] + (["ds:KeyInfo"] if len(children) > 2 else [])
    _require(children, expected, within="Signature")
    if len(children[1]):
        raise SignatureNotAllowed("SignatureValue holds an element, where only text may stand.")
    if len(children) > 2:
        _check_key_info(children[2])
    c14n, method, reference = _require(
        _children(children[0]),
        ["ds:CanonicalizationMethod", "ds:SignatureMethod", "ds:Reference"],
        within="SignedInfo",
    )
    _check_c14n(c14n)
    _check_algorithm(method, names.SIGNATURE_ALGORITHMS)
    _check_reference(reference, signed_id=signed_id)


def _check_key_info(key_info: etree._Element) -> None:
    for element in _children(key_info):
        if element.tag not in _KEY_INFO_CHILDREN:
            raise SignatureNotAllowed(f"KeyInfo holds {shown(element.tag)}.")
    for element in key_info.iter(*_NEVER_IN_KEY_INFO):
        raise SignatureNotAllowed(f"KeyInfo holds {shown(element.tag)}.")


def _check_reference(reference: etree._Element, *, signed_id: str) -> None:
    if reference.get("URI") != f"#{signed_id}":
        raise ReferenceNotAllowed(
            f"A signature covers {shown(reference.get('URI'))}, not the element it stands in."
        )
    transforms, digest, value = _require(
        _children(reference), ["ds:Transforms", "ds:DigestMethod", "ds:DigestValue"], within="Reference"
    )
    if len(value):
        raise ReferenceNotAllowed("DigestValue holds an element, where only text may stand.")
    _check_transforms(_children(transforms))
    _check_algorithm(digest, names.DIGEST_ALGORITHMS)


def _check_transforms(transforms: Sequence[etree._Element]) -> None:
    """The two transforms of Core 5.4.4, in the order in which everybody writes them."""
    algorithms = [transform.get("Algorithm", "") for transform in transforms]
    are_transforms = all(transform.tag == tag("ds:Transform") for transform in transforms)
    expected = [names.ENVELOPED_SIGNATURE, names.EXCLUSIVE_C14N]
    if algorithms != expected or not are_transforms or len(transforms[0]):
        raise ReferenceNotAllowed(f"A signature's transforms are {shown(algorithms)}.")
    _check_c14n(transforms[1])


def _check_c14n(method: etree._Element) -> None:
    """Exclusive C14N, which may name a few prefixes to keep."""
    if method.get("Algorithm") != names.EXCLUSIVE_C14N:
        raise AlgorithmNotAllowed(f"{shown(method.get('Algorithm'))} is not an allowed canonicalisation.")
    children = _children(method)
    if children:
        (kept,) = _require(children, ["ec:InclusiveNamespaces"], within="CanonicalizationMethod")
        _check_prefixes(kept.get("PrefixList", "").split())


def _check_prefixes(prefixes: Sequence[str]) -> None:
    if len(prefixes) > MAX_KEPT_PREFIXES:
        raise SignatureNotAllowed(f"A canonicalisation keeps more than {MAX_KEPT_PREFIXES} prefixes.")
    if not all(prefix == "#default" or _PLAIN_NAME.fullmatch(prefix) for prefix in prefixes):
        raise SignatureNotAllowed("A canonicalisation keeps something that is not a prefix.")


def _check_algorithm(method: etree._Element, allowed: frozenset[str]) -> None:
    if method.get("Algorithm") not in allowed or len(method):
        raise AlgorithmNotAllowed(f"{shown(method.get('Algorithm'))} is not an allowed algorithm.")


def _require(
    children: Sequence[etree._Element], expected: Sequence[str], *, within: str
) -> Sequence[etree._Element]:
    if [child.tag for child in children] != [tag(name) for name in expected]:
        error = ReferenceNotAllowed if within in ("SignedInfo", "Reference") else SignatureNotAllowed
        raise error(f"{within} does not hold exactly {', '.join(expected)}.")
    return children


def _children(element: etree._Element) -> list[etree._Element]:
    return list(element)
