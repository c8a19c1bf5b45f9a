"""SAML-05, 06, 22, 32 and 33: everything XML can do besides elements and text, and everything that is no XML."""

import base64
import gzip
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from lxml import etree

from sso.saml.limits import (
    MAX_ATTRIBUTES_PER_ELEMENT,
    MAX_NAMESPACE_LENGTH,
    MAX_NAMESPACES_IN_SCOPE,
    MAX_POSTED_LENGTH,
    MESSAGE_LIMITS,
)
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.attacks.saml.target import REFUSED, Attack, Target, after_signing, before_signing, text_replaced
from tests.demo_idp.browser import FORM
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import encoded, find

NAME_ID = "saml:Assertion/saml:Subject/saml:NameID"
VALUE = "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue"
Change = Callable[[etree._Element], object]


# --- Comments and instructions -----------------------------------------------------------------------------------


def split_by(node: Callable[[str], etree._Element], *, path: str = NAME_ID) -> Change:
    """`olivia` for who reads up to the node, `oliviamax` for who reads all of it."""

    def change(root: etree._Element) -> None:
        element = find(root, path)
        inserted = node("x")
        inserted.tail, element.text = element.text, "olivia"
        element.insert(0, inserted)

    return change


@pytest.mark.catalogue("SAML-05")
@pytest.mark.parametrize("path", [NAME_ID, VALUE, "saml:Issuer", "saml:Assertion/saml:Issuer"])
@pytest.mark.parametrize("prepare", [before_signing, after_signing], ids=["signed so", "inserted"])
def test_comment_is_refused_wherever_it_stands(
    target: Target, prepare: Callable[[Change], Attack], path: str
) -> None:
    """Inserted after signing it would keep the signature whole: canonicalisation drops comments."""
    target.refuses(prepare(split_by(etree.Comment, path=path)), "document_forbidden")


@pytest.mark.catalogue("SAML-05")
@pytest.mark.parametrize("place", [b"<samlp:Status>", b"<samlp:Response "])
def test_comment_beside_text_is_refused_too(target: Target, place: bytes) -> None:
    target.refuses(text_replaced(place, b"<!-- x -->" + place), "document_forbidden")


@pytest.mark.catalogue("SAML-06")
@pytest.mark.parametrize("path", [NAME_ID, VALUE])
@pytest.mark.parametrize("prepare", [before_signing, after_signing], ids=["signed so", "inserted"])
def test_processing_instruction_is_refused(
    target: Target, prepare: Callable[[Change], Attack], path: str
) -> None:
    target.refuses(
        prepare(split_by(etree.ProcessingInstruction, path=path)),
        "document_forbidden",
    )


@pytest.mark.catalogue("SAML-06")
@pytest.mark.parametrize(("path", "code"), [(NAME_ID, "response_malformed"), (VALUE, "attribute_invalid")])
def test_element_inside_text_is_refused_although_the_idp_signed_it(
    target: Target, path: str, code: str
) -> None:
    """`admin<x/>-not` must not be read as `admin` by anybody."""
    target.refuses(before_signing(split_by(etree.Element, path=path)), code)


@pytest.mark.catalogue("SAML-06")
@pytest.mark.parametrize("path", [NAME_ID, VALUE])
def test_element_put_into_text_breaks_the_signature(target: Target, path: str) -> None:
    target.refuses(after_signing(split_by(etree.Element, path=path)), "signature_invalid")


# --- Document type declarations ------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = {
    "file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "device": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///dev/zero">]>',
    "address": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]>',
    "parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/">%p;]>',
    "external subset": '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY e "&l9;">]>',
    "quadratic": f'<!DOCTYPE x [<!ENTITY e "{"a" * 50_000}">]>',
    "default attribute": '<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA "x">]>',
    "empty": "<!DOCTYPE x>",
}


@pytest.mark.catalogue("SAML-22")
@pytest.mark.parametrize("kind", DOCTYPES)
@pytest.mark.parametrize("is_used", [True, False], ids=["used", "declared"])
def test_document_type_declaration_is_refused_unparsed(target: Target, kind: str, is_used: bool) -> None:
    def attack(honest: SamlResponseBuilder) -> str:
        xml = honest.xml().replace(b">max<", b">&e;<" if is_used else b">max<")
        return encoded(DOCTYPES[kind].encode() + xml)

    target.refuses(attack, "document_forbidden")


@pytest.mark.catalogue("SAML-22")
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"])
def test_document_type_declaration_cannot_hide_in_another_encoding(target: Target, encoding: str) -> None:
    """cp037 is EBCDIC: not one byte of `<!DOCTYPE` is what it is in ASCII."""

    def attack(honest: SamlResponseBuilder) -> str:
        xml = f'<?xml version="1.0" encoding="{encoding}"?>{DOCTYPES["file"]}{honest.xml().decode()}'
        # Python writes `<!` in UTF-7 as it is; any UTF-7 parser takes it in base64 too.
        return encoded((xml.replace("<!", "+ADwAIQ-") if encoding == "utf-7" else xml).encode(encoding))

    target.refuses(attack, "response_malformed")


@pytest.mark.catalogue("SAML-22")
def test_entity_that_nobody_declared_is_refused(target: Target) -> None:
    target.refuses(text_replaced(b">max<", b">&e;<"), "response_malformed")


# --- Size and shape ------------------------------------------------------------------------------------------------


def padded(inner: str) -> Attack:
    """Put into an attribute value of the signed assertion, where a foreign element may stand."""
    return text_replaced(b"max@globex.example<", inner.encode() + b"<")


def numbered(attribute: str, count: int) -> str:
    return " ".join(attribute.format(number) for number in range(count))


TOO_LARGE = {
    "deep": "<b>" * 33 + "</b>" * 33,
    "wide": "<b/>" * 3_000,
    "attributes": "<b " + numbered("a{}=''", MAX_ATTRIBUTES_PER_ELEMENT + 1) + "/>",
    "attributes in all": ("<b " + numbered("a{}=''", 40) + "/>") * (MESSAGE_LIMITS.attributes // 40),
    "namespaces": "<b " + numbered("xmlns:n{}='urn:x'", MAX_NAMESPACES_IN_SCOPE + 1) + "/>",
    "namespaces hiding each other": "<b xmlns:x='1' xmlns:y='2' xmlns:z='3'>" * 18 + "</b>" * 18,
    "long namespace": f"<b xmlns='{'u' * (MAX_NAMESPACE_LENGTH + 1)}'/>",
    "long text": "a" * MAX_POSTED_LENGTH,
}


@pytest.mark.catalogue("SAML-32")
@pytest.mark.parametrize("kind", TOO_LARGE)
def test_document_of_that_size_or_shape_is_refused(target: Target, kind: str) -> None:
    target.refuses(padded(TOO_LARGE[kind]), "response_too_large")


@pytest.mark.catalogue("SAML-32")
def test_document_deeper_than_the_parser_goes_is_refused(target: Target) -> None:
    target.refuses(padded("<b>" * 5_000 + "</b>" * 5_000), "response_malformed")


def deflated(content: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(content) + compressor.flush()


@pytest.mark.catalogue("SAML-32")
@pytest.mark.parametrize("compress", [deflated, gzip.compress], ids=["deflate", "gzip"])
def test_bomb_is_not_inflated_by_a_binding_that_knows_no_deflate(
    target: Target, compress: Callable[[bytes], bytes]
) -> None:
    """100 MiB in some 100 kB; the twin is the honest document, which the Redirect binding would deflate too."""
    bomb = base64.b64encode(compress(b"<a>" + b" " * 100 * 1024 * 1024)).decode()
    target.refuses(lambda honest: bomb, "response_malformed")


@pytest.mark.catalogue("SAML-32")
def test_honest_document_that_was_deflated_is_refused_too(target: Target) -> None:
    target.refuses(lambda honest: encoded(deflated(honest.xml())), "response_malformed")


@pytest.mark.catalogue("SAML-32")
def test_posted_field_may_be_256_kib_long_and_no_longer(target: Target) -> None:
    def wrapped(length: int) -> Attack:
        return lambda honest: honest.base64().ljust(length)

    target.refuses(wrapped(MAX_POSTED_LENGTH + 1), "response_too_large", twin=wrapped(MAX_POSTED_LENGTH))


# --- What is no document at all --------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-33")
@pytest.mark.parametrize(
    "posted",
    [
        "",
        "%",
        "not base64!",
        "PGEvPg",
        "PGEvPg==!",
        "é",
        "\0",
        "PGE+",
        "PGEvPg==",
        encoded(b"\xff\xfe"),
        "=" * 99,
    ],
)
def test_garbage_is_a_refusal_and_no_error(target: Target, posted: str) -> None:
    target.refuses(lambda honest: posted, "response_malformed")


def damaged(change: Callable[[bytes], bytes]) -> Attack:
    return lambda honest: encoded(change(honest.xml()))


@pytest.mark.catalogue("SAML-33")
@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (damaged(lambda xml: xml[:-1]), "response_malformed"),
        (damaged(lambda xml: xml + xml), "response_malformed"),
        (damaged(lambda xml: b"\xef\xbb\xbf\xef\xbb\xbf" + xml), "response_malformed"),
        (damaged(lambda xml: xml.replace(b"Response", b"LogoutResponse")), "response_malformed"),
        (damaged(lambda xml: xml.replace(b'Version="2.0"', b'Version="1.1"', 1)), "response_malformed"),
        (text_replaced(b"<samlp:Status>", b"<samlp:Extensions/><samlp:Status>"), "element_not_allowed"),
        (lambda honest: honest.but(with_assertion=False), "assertion_not_single"),
        (lambda honest: honest.but(response_id=None), "response_malformed"),
        (lambda honest: honest.but(response_id="1"), "id_invalid"),
        (lambda honest: honest.but(status="urn:oasis:names:tc:SAML:2.0:status:Responder"), "idp_status"),
    ],
    ids=[
        "cut short",
        "twice",
        "two byte order marks",
        "logout response",
        "SAML 1.1",
        "extensions",
        "no assertion",
        "no ID",
        "ID of another form",
        "failure with an assertion",
    ],
)
def test_response_of_another_shape_is_refused(target: Target, attack: Attack, code: str) -> None:
    target.refuses(attack, code)


MULTIPART_BODY = b'--x\r\nContent-Disposition: form-data; name="SAMLResponse"\r\n\r\nPGEvPg==\r\n--x--\r\n'


@pytest.mark.catalogue("SAML-33")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=hex",
        f"{FORM}; charset=hex",
        f"{FORM}; charset=utf-16",
        f"{FORM}; charset=utf-7",
        f"{FORM}; charset=nonsense",
        f"{FORM}; charset=",
    ],
)
def test_body_of_another_kind_is_refused_although_a_genuine_response_is_in_it(
    target: Target, content_type: str
) -> None:
    trip = target.begin()
    form = urlencode({"SAMLResponse": trip.honest.base64()}).encode()
    assert_body_refused(target, MULTIPART_BODY if "multipart" in content_type else form, content_type)
    target.assert_let_in(trip.honest)


@pytest.mark.catalogue("SAML-33")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"SAMLResponse=" + b"A" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0), "response_too_large"),
        ("&".join(f"field{number}=" for number in range(2_000)).encode(), "response_malformed"),
        (b"SAMLResponse=\xff\xfe%ff%00", "response_malformed"),
    ],
    ids=["over the limit", "too many fields", "no text"],
)
def test_form_that_no_browser_sends_is_refused(target: Target, body: bytes, code: str) -> None:
    assert_body_refused(target, body, FORM, code)


def assert_body_refused(
    target: Target, body: bytes, content_type: str, code: str = "response_malformed"
) -> None:
    """With the page that names a reference, which is what the organisation's admins find."""
    with nothing_written_but_refusal(target.org, code):
        response: Any = Client().generic("POST", target.sp.acs_url, body, content_type)
    assert response.status_code in REFUSED
    assert "reference" in response.content.decode()
