"""SAML-23, 24 and 27: what a signature asks the verifier to open, run or look up, and who reads the document."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from tests.attacks.never_opened import never_opened
from tests.attacks.saml.target import Target, after_signing, text_replaced
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import encoded, find

ASSERTION = "saml:Assertion"
SIGNATURE = f"{ASSERTION}/ds:Signature"
SIGNED_INFO = f"{SIGNATURE}/ds:SignedInfo"
REFERENCE = f"{SIGNED_INFO}/ds:Reference"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
# Each counts all elements for each of all elements for each of all elements.
COSTLY = "count(//*[count(//*[count(//*)>0])>0])>0"
STYLESHEET = """
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/"><xsl:copy-of select="document('file:///etc/passwd')"/></xsl:template>
</xsl:stylesheet>
"""
Change = Callable[[etree._Element], object]


# --- Transforms ------------------------------------------------------------------------------------------------


def transform(algorithm: str, *content: etree._Element, position: int = 1) -> Change:
    def insert(root: etree._Element) -> None:
        transforms = find(root, f"{REFERENCE}/ds:Transforms")
        added = etree.Element(tag("ds:Transform"), Algorithm=algorithm)
        added.extend(deepcopy(child) for child in content)
        transforms.insert(position, added)

    return insert


def xpath(expression: str) -> etree._Element:
    element = etree.Element(tag("ds:XPath"))
    element.text = expression
    return element


def xpath_filter(expression: str) -> etree._Element:
    element = etree.Element(f"{{{XPATH_FILTER}}}XPath", Filter="subtract")
    element.text = expression
    return element


def xpath_in_place_of_enveloped(root: etree._Element) -> None:
    """An XPath that does what the enveloped transform does, and more."""
    transforms = find(root, f"{REFERENCE}/ds:Transforms")
    transforms.remove(transforms[0])
    transform(XPATH, xpath("not(ancestor-or-self::ds:Signature)"), position=0)(root)


def content_in_enveloped(root: etree._Element) -> None:
    find(root, f"{REFERENCE}/ds:Transforms")[0].append(xpath(COSTLY))


def only_enveloped(root: etree._Element) -> None:
    transforms = find(root, f"{REFERENCE}/ds:Transforms")
    transforms.remove(transforms[1])


@pytest.mark.catalogue("SAML-23")
@pytest.mark.parametrize(
    "change",
    [
        transform(XSLT, etree.fromstring(STYLESHEET)),
        transform(XSLT, etree.fromstring(STYLESHEET), position=2),
        transform(XPATH, xpath(COSTLY), position=0),
        transform(XPATH, xpath(COSTLY)),
        transform(XPATH_FILTER, xpath_filter(COSTLY)),
        transform("http://www.w3.org/2001/04/xmldsig-more/xptr"),
        transform("http://www.w3.org/2000/09/xmldsig#base64"),
        transform("http://www.w3.org/2001/10/xml-exc-c14n#"),
        xpath_in_place_of_enveloped,
        content_in_enveloped,
        only_enveloped,
    ],
    ids=[
        "XSLT",
        "XSLT at the end",
        "XPath first",
        "XPath",
        "XPath filter",
        "XPointer",
        "base64",
        "a third",
        "XPath for enveloped",
        "XPath in enveloped",
        "enveloped alone",
    ],
)
def test_transform_that_is_a_program_is_refused_unrun(target: Target, change: Change) -> None:
    """Nobody is authentic yet. One of these would cost half a minute of CPU: see `test_cost`."""
    target.refuses(after_signing(change), "reference_not_allowed")


# --- References --------------------------------------------------------------------------------------------------


def refer_to(uri: str | None) -> Change:
    def change(root: etree._Element) -> None:
        reference = find(root, REFERENCE)
        del reference.attrib["URI"]
        if uri is not None:
            reference.set(
                "URI", uri.format(response=root.get("ID"), assertion=find(root, ASSERTION).get("ID"))
            )

    return change


def second_reference(uri: str) -> Change:
    def add(root: etree._Element) -> None:
        reference = deepcopy(find(root, REFERENCE))
        reference.set("URI", uri)
        find(root, SIGNED_INFO).append(reference)

    return add


ELSEWHERE = [
    "file:///etc/passwd",
    "file:///dev/zero",
    "/dev/zero",
    "../../../dev/zero",
    "http://127.0.0.1:1/",
    "ftp://127.0.0.1:1/",
    "https://idp.globex.example/metadata",
    "",
    "#xpointer(/)",
    "#xpointer(id('x'))",
    "#",
]


@pytest.mark.catalogue("SAML-24")
@pytest.mark.parametrize(
    "uri", [*ELSEWHERE, None, "#{response}", "{assertion}", "#{assertion} ", "x#{assertion}"]
)
def test_reference_to_anything_but_its_own_element_is_refused(target: Target, uri: str | None) -> None:
    target.refuses(after_signing(refer_to(uri)), "reference_not_allowed")


@pytest.mark.catalogue("SAML-24")
@pytest.mark.parametrize("uri", [*ELSEWHERE, "#{assertion}"])
def test_second_reference_is_refused(target: Target, uri: str) -> None:
    target.refuses(after_signing(second_reference(uri)), "reference_not_allowed")


@pytest.mark.catalogue("SAML-24")
@pytest.mark.parametrize("attack", [refer_to, second_reference])
def test_file_named_by_a_reference_is_not_opened(
    target: Target, tmp_path: Path, attack: Callable[[str], Change]
) -> None:
    with never_opened(tmp_path) as uri:
        target.refuses(after_signing(attack(uri)), "reference_not_allowed")


# xmlsec looks up what a reference names by evaluating `xpointer(id('...'))`; the first of these takes a time that
# grows with the cube of the number of elements.
@pytest.mark.catalogue("SAML-24")
@pytest.mark.parametrize(
    "program",
    ["x') | //*[count(//*[count(//*)>0])>0] | id('y", "x' or '1'='1", "xpointer(/)", "x y", "\u00e9", "x%27"],
)
def test_id_that_is_a_program_is_refused_unrun(target: Target, program: str) -> None:
    """The reference agrees with the ID, so only the ID's own form can tell."""

    def rename(root: etree._Element) -> None:
        find(root, ASSERTION).set("ID", program)
        find(root, REFERENCE).set("URI", f"#{program}")

    target.refuses(after_signing(rename), "id_invalid")


# --- Two readers of one document ---------------------------------------------------------------------------------

DOCTYPE = b'<!DOCTYPE samlp:Response [<!NOTATION a PUBLIC "b"><!ATTLIST a b CDATA #IMPLIED>]>'


def in_front(text: bytes) -> Callable[[SamlResponseBuilder], str]:
    return lambda honest: encoded(text + honest.xml())


def utf_7(honest: SamlResponseBuilder) -> str:
    """Of one NameID to who believes the declaration, of another to who reads UTF-8 all the same, as we do."""
    xml = honest.xml().replace(b">max<", b">+AG0-ax<")
    return encoded(b"<?xml version='1.0' encoding='UTF-7'?>" + xml)


@pytest.mark.catalogue("SAML-27")
@pytest.mark.parametrize(
    ("attack", "code"),
    [
        # ruby-saml: one parser saw a comment or a notation where the other saw a signature.
        (in_front(DOCTYPE), "document_forbidden"),
        (in_front(b"<?xml version='1.0' standalone='yes'?>" + DOCTYPE), "document_forbidden"),
        (text_replaced(b"<samlp:Status>", b"<!--><samlp:Status><!---->"), "response_malformed"),
        (text_replaced(b"<samlp:Status>", b"<?x <samlp:Status> ?><samlp:Status>"), "document_forbidden"),
        # A parser that ignores namespaces sees a second assertion, or a signature that is none.
        (text_replaced(b"<ds:SignedInfo>", b'<ds:SignedInfo xmlns:ds="urn:x">'), "signature_not_allowed"),
        (text_replaced(b"<samlp:Status>", b'<Assertion xmlns="urn:x"/><samlp:Status>'), "response_malformed"),
        (text_replaced(b"<samlp:Status>", b"<x:Assertion/><samlp:Status>"), "response_malformed"),
        # Encodings: what is UTF-7 or UTF-16 to one is text to another.
        (utf_7, "signature_invalid"),
        (lambda honest: encoded(honest.xml().decode().encode("utf-16")), "response_malformed"),
        (text_replaced(b">max<", b">max&#0;<"), "response_malformed"),
        (text_replaced(b">max<", b">max\x00<"), "response_malformed"),
        (text_replaced(b">max<", b">ma\xc1\xb8<"), "response_malformed"),
        # The same attribute twice, once by another prefix of the same namespace.
        (text_replaced(b"<saml:Assertion ", b'<saml:Assertion ID="_x" '), "response_malformed"),
    ],
    ids=[
        "notation",
        "standalone",
        "short comment",
        "instruction",
        "SignedInfo of nobody",
        "assertion of nobody",
        "unbound prefix",
        "UTF-7",
        "UTF-16",
        "NUL by number",
        "NUL",
        "overlong UTF-8",
        "attribute twice",
    ],
)
def test_document_that_two_parsers_read_in_two_ways_is_refused(
    target: Target, attack: Callable[[SamlResponseBuilder], str], code: str
) -> None:
    target.refuses(attack, code)


@pytest.mark.catalogue("SAML-27")
def test_document_is_parsed_once_and_by_one_parser(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: every way into lxml that the product or its library could take with the document."""
    parsed: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not str(getattr(args[0], "name", "")).endswith(
                ".xsd"
            ):  # the library reads its own schema anew
                parsed.append(name)
            return call(*args, **kwargs)

        return wrapper

    trip = target.begin()
    document = trip.honest.base64()
    for name in ("fromstring", "XML", "parse", "fromstringlist", "iterparse"):
        monkeypatch.setattr(etree, name, counted(name, getattr(etree, name)))
    library = OneLogin_Saml2_XML
    monkeypatch.setattr(library, "_parse_etree", staticmethod(counted("library", library._parse_etree)))
    response = target.post(document)

    assert parsed == ["fromstring"]
    assert target.finish(response).status_code == 302


@pytest.mark.catalogue("SAML-27")
def test_text_in_a_cdata_section_is_read_as_it_is_verified(target: Target) -> None:
    """Canonicalisation makes plain text of it, so the signature holds and the reader must agree."""
    trip = target.begin()
    target.assert_refused(
        text_replaced(b">max<", b"><![CDATA[olivia]]>max<")(trip.honest), "signature_invalid"
    )
    target.assert_let_in(text_replaced(b">max<", b">m<![CDATA[a]]>x<")(trip.honest))
