"""The documents that cost most of all that were found, each as large as the limits let it be.

For `ANYBODYS` no key is needed: they are looked at until the signature fails, which for some is one that the IdP
made for something else. `AUTHENTIC` are of an IdP that is hostile itself, and are looked at to the end.
"""

import base64
import zlib
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from lxml import etree

from sso.saml.limits import (
    MAX_ATTRIBUTES_PER_ELEMENT,
    MAX_INFLATED_LENGTH,
    MAX_KEPT_PREFIXES,
    MAX_NAMESPACE_LENGTH,
    MAX_NAMESPACES_IN_SCOPE,
    MAX_POSTED_LENGTH,
    MESSAGE_LIMITS,
)
from tests.attacks.saml.target import Attack, after_signing, before_signing
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.demo_idp.saml_signing import sign_element
from tests.sso.saml.encrypting import TO_US
from tests.sso.saml.exchange import encoded, find, signed_with

XML_BYTES = MAX_POSTED_LENGTH * 3 // 4
ROOM = XML_BYTES - 16 * 1024  # a response with two signatures and their certificates takes the rest
ENCRYPTED_ROOM = ROOM * 3 // 4  # base64 within base64
ELEMENTS = MESSAGE_LIMITS.elements - 100
ATTRIBUTES = MESSAGE_LIMITS.attributes - 100
PLACE = b"<place/>"
VALUE = "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"


# --- What fills a document -------------------------------------------------------------------------------------------


def repeated(unit: bytes, *, room: int = ROOM, at_most: int = ELEMENTS) -> bytes:
    return unit * min(room // len(unit), at_most)


def nested(filling: bytes, depth: int = 24) -> bytes:
    return b"<d>" * depth + filling + b"</d>" * depth


def attributes() -> bytes:
    """As many as an element may have, in the wrong order: canonicalisation sorts them."""
    of_one = b" ".join(b"a%d=''" % number for number in range(MAX_ATTRIBUTES_PER_ELEMENT, 0, -1))
    return repeated(b"<b %s/>" % of_one, at_most=ATTRIBUTES // MAX_ATTRIBUTES_PER_ELEMENT)


def prefixed_attributes(namespaces: int, uri_length: int, *, room: int = ROOM) -> bytes:
    """Short names for long namespaces, which canonicalisation writes out at every element that uses them."""
    uris = [b"urn:%d:".ljust(uri_length, b"u") % number for number in range(namespaces)]
    declared = b" ".join(b"xmlns:n%d='%s'" % pair for pair in enumerate(uris))
    used = b" ".join(b"n%d:a=''" % number for number in range(namespaces))
    users = repeated(b"<b %s/>" % used, room=room - len(declared), at_most=ATTRIBUTES // namespaces)
    return b"<w %s>%s</w>" % (declared, users)


def declared_anew() -> bytes:
    """Namespaces in the scope of one another, over and over."""
    depth = 24
    one = b"".join(b"<b xmlns:n%d='urn:%d'>" % (n, n) for n in range(depth)) + b"</b>" * depth
    return repeated(one, at_most=ELEMENTS // depth)


WIDE = repeated(b"<b/>")
IDS = b"".join(b"<b ID='i%d'/>" % number for number in range(ELEMENTS))
NAMESPACES = MAX_NAMESPACES_IN_SCOPE - 10  # the response declares some of its own
LONG_NAMESPACES = prefixed_attributes(NAMESPACES, MAX_NAMESPACE_LENGTH)
SHORT_NAMESPACES = prefixed_attributes(NAMESPACES, 20)
BY_NUMBER = repeated(b"&#10;", at_most=ROOM)


def filled(filling: bytes, **fields: Any) -> Attack:
    """Anybody's: put into an attribute's value after signing."""

    def attack(honest: SamlResponseBuilder) -> str:
        return _fitting(_put(filling, honest.but(**fields).element()))

    return attack


def signed_around(filling: bytes, *, twice: bool = False) -> Attack:
    """The IdP's own: the assertion was signed with it, and perhaps the response too."""

    def attack(honest: SamlResponseBuilder) -> str:
        root = etree.fromstring(_put(filling, honest.but(sign_assertion=False).element()))
        xml = base64.b64decode(signed_with(root, honest.signing_key))
        if twice:
            xml = etree.tostring(sign_element(etree.fromstring(xml), honest.signing_key))
        return _fitting(xml)

    return attack


def encrypted(filling: bytes) -> Attack:
    """Anybody's, encrypted for us."""

    def fill(plaintext: bytes) -> bytes:
        return _put(filling, etree.fromstring(plaintext), path=VALUE.partition("/")[2])

    return lambda honest: honest.but(encryption=TO_US.but(change_plaintext=fill))


def _put(filling: bytes, root: etree._Element, path: str = VALUE) -> bytes:
    value = find(root, path)
    value.text = None
    value.append(etree.fromstring(PLACE))
    return etree.tostring(root).replace(PLACE, filling)


def _fitting(xml: bytes) -> str:
    assert len(xml) <= XML_BYTES, len(xml)
    return encoded(xml)


# --- What is changed in one --------------------------------------------------------------------------------------


def keep_prefixes(root: etree._Element) -> None:
    """As many as are taken, in every canonicalisation, each looked up in every element."""
    prefixes = " ".join(f"n{number}" for number in range(MAX_KEPT_PREFIXES))
    for signed_info in root.iter(tag("ds:SignedInfo")):
        transforms = find(signed_info, "ds:Reference/ds:Transforms")
        for method in (find(signed_info, "ds:CanonicalizationMethod"), transforms[-1]):
            kept = etree.SubElement(method, f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces")
            kept.set("PrefixList", prefixes)


def certificates_in_key_info(root: etree._Element) -> None:
    """As many as there is room for, none of which anybody should read."""
    data = find(root, "saml:Assertion/ds:Signature/ds:KeyInfo/ds:X509Data")
    for _ in range(ROOM // len(etree.tostring(data[0])) - 1):
        data.append(deepcopy(data[0]))


def nested_status(root: etree._Element) -> None:
    code = find(root, "samlp:Status/samlp:StatusCode")
    for _ in range(MESSAGE_LIMITS.depth - 4):
        code = etree.SubElement(code, tag("samlp:StatusCode"), Value="urn:x")


def other_confirmations(root: etree._Element) -> None:
    """Bearers for others, before the one for us."""
    subject = find(root, "saml:Assertion/saml:Subject")
    other = deepcopy(find(subject, "saml:SubjectConfirmation"))
    other[0].set("Recipient", "x")
    for _ in range(ROOM // len(etree.tostring(other))):
        subject.insert(1, deepcopy(other))


def costly_xpath(root: etree._Element) -> None:
    """Counts all elements, for each of all elements, for each of all elements."""
    transforms = find(root, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms")
    transform = etree.Element(tag("ds:Transform"), Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(transform, tag("ds:XPath")).text = "count(//*[count(//*[count(//*)>0])>0])>0"
    transforms.insert(0, transform)


def bomb() -> str:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = compressor.compress(b"<a>" + b" " * 150 * 1024 * 1024) + compressor.flush()
    return base64.b64encode(deflated).decode()


def laughs() -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return encoded(f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l9;</x>')


# --- All of them --------------------------------------------------------------------------------------------------


def inflated(unit: bytes) -> bytes:
    """A message by redirect, as long as one may be when it is inflated. It comes in an address of 1 to 4 kB."""
    return b"<a>" + unit * ((MAX_INFLATED_LENGTH - 7) // len(unit)) + b"</a>"


def always(make: Callable[[], str]) -> Attack:
    return lambda honest: make()


ANYBODYS: dict[str, Attack] = {
    "not base64": always(lambda: "%" * MAX_POSTED_LENGTH),
    "not XML": always(lambda: "A" * MAX_POSTED_LENGTH),
    "deflate bomb": always(bomb),
    "billion laughs": always(laughs),
    "deeper than the parser goes": always(lambda: encoded(b"<b>" * (XML_BYTES // 3))),
    "elements over the limit": always(lambda: encoded(b"<a>" + b"<b/>" * (XML_BYTES // 4 - 2) + b"</a>")),
    "comments": always(lambda: encoded(b"<a>" + b"<!---->" * (XML_BYTES // 7 - 2) + b"</a>")),
    "elements": filled(WIDE),
    "elements, deep": filled(nested(WIDE)),
    "IDs": filled(IDS),
    "attributes": filled(attributes()),
    "attributes, signed twice": filled(attributes(), sign_response=True),
    "long text": filled(b"a" * ROOM),
    "characters by number": filled(BY_NUMBER),
    "characters by number, in an attribute": filled(b"<b a='%s'/>" % BY_NUMBER[:-40]),
    "CDATA sections": filled(repeated(b"<![CDATA[>]]>", at_most=ROOM)),
    "long namespaces": filled(LONG_NAMESPACES),
    "long namespaces, signed twice": filled(LONG_NAMESPACES, sign_response=True),
    "short namespaces, signed twice": filled(SHORT_NAMESPACES, sign_response=True),
    "short namespaces, kept prefixes": filled(
        SHORT_NAMESPACES, sign_response=True, change_signed=keep_prefixes
    ),
    "elements, kept prefixes": filled(WIDE, sign_response=True, change_signed=keep_prefixes),
    "namespaces declared anew": filled(declared_anew(), sign_response=True),
    "XPath": filled(WIDE, change_signed=costly_xpath),
    "certificates in KeyInfo": after_signing(certificates_in_key_info),
    "status codes in status codes": after_signing(nested_status),
    "encrypted: elements": encrypted(WIDE),
    "encrypted: long namespaces": encrypted(
        prefixed_attributes(NAMESPACES, MAX_NAMESPACE_LENGTH, room=ENCRYPTED_ROOM)
    ),
    "encrypted: attributes": encrypted(attributes()),
}

AUTHENTIC: dict[str, Attack] = {
    "2,400 groups": lambda honest: honest.but(attributes={"groups": [f"g{n}" for n in range(2_400)]}),
    "signed: elements": signed_around(WIDE),
    "signed: IDs": signed_around(IDS),
    "signed: attributes": signed_around(attributes()),
    "signed: long text": signed_around(b"a" * ROOM),
    "signed: long namespaces": signed_around(LONG_NAMESPACES),
    "signed: short namespaces": signed_around(SHORT_NAMESPACES),
    "signed twice: long namespaces": signed_around(LONG_NAMESPACES, twice=True),
    "signed twice: attributes": signed_around(attributes(), twice=True),
    "signed: confirmations for others": before_signing(other_confirmations),
}

# Of anybody too, by redirect to the address for logouts, where the document is parsed before a signature is checked.
BY_REDIRECT: dict[str, bytes] = {
    "by redirect: elements": inflated(b"<b/>"),
    "by redirect: elements and text": inflated(b"<b/>x"),
    "by redirect: attributes": inflated(b"<b a='' b='' c='' d=''/>"),
    "by redirect: namespaces": inflated(b"<b xmlns:a='b'/>"),
    "by redirect: comments": inflated(b"<!---->"),
    "by redirect: instructions": inflated(b"<?x?>"),
    "by redirect: long text": inflated(b"x"),
    "by redirect: bomb": b" " * 8 * 1024 * 1024,
}
