"""What a signature must look like, who must have made it, and what it may not ask of us."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from sso.errors import SSOError
from sso.saml import names
from sso.saml.errors import (
    AlgorithmNotAllowed,
    AssertionNotSingle,
    ElementNotAllowed,
    EncryptionNotSupported,
    IDInvalid,
    ReferenceNotAllowed,
    ResponseMalformed,
    SignatureInvalid,
    SignatureMissing,
    SignatureNotAllowed,
)
from sso.saml.limits import MAX_KEPT_PREFIXES
from sso.saml.responses import read_response
from tests.demo_idp.saml_names import tag
from tests.sso.saml.exchange import Exchange, encoded, find, key_pair, make_exchange, signed

ASSERTION = "saml:Assertion"
SIGNATURE = "saml:Assertion/ds:Signature"
SIGNED_INFO = f"{SIGNATURE}/ds:SignedInfo"
REFERENCE = f"{SIGNED_INFO}/ds:Reference"
Change = Callable[[etree._Element], object]


def element(name: str, **attributes: str) -> etree._Element:
    return etree.Element(tag(name), attributes)


# --- Who signed, and whether -------------------------------------------------------------------------------


def test_assertion_signature_is_required_even_where_the_response_is_signed(exchange: Exchange) -> None:
    exchange.judge_but(sign_response=True)
    with pytest.raises(SignatureMissing):
        exchange.judge_but(sign_assertion=False, sign_response=True)
    with pytest.raises(SignatureMissing):
        exchange.judge_but(sign_assertion=False)


def test_signature_by_another_key_is_refused_although_its_certificate_is_in_the_document(
    exchange: Exchange,
) -> None:
    with pytest.raises(SignatureInvalid):
        exchange.judge_but(signing_key=key_pair("somebody else"))


def test_response_signature_that_does_not_hold_is_refused(exchange: Exchange) -> None:
    with pytest.raises(SignatureInvalid):
        exchange.judge_but(
            sign_response=True, change_signed=lambda root: root.set("InResponseTo", "_changed")
        )


@pytest.mark.parametrize("position", [0, 1])
def test_any_of_several_certificates_may_verify(position: int) -> None:
    certificates = [key_pair("an older one").certificate_pem]
    certificates.insert(position, key_pair("globex").certificate_pem)
    exchange = make_exchange(certificates=certificates)

    exchange.judge(exchange.honest)


def change_name_id(root: etree._Element) -> None:
    find(root, "saml:Assertion/saml:Subject/saml:NameID").text = "olivia"


def split_name_id_by_a_comment(root: etree._Element) -> None:
    find(root, "saml:Assertion/saml:Subject/saml:NameID").append(etree.Comment("x"))


def add_attribute(root: etree._Element) -> None:
    value = find(root, "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue")
    value.text = "olivia@globex.example"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (change_name_id, "signature_invalid"),
        (add_attribute, "signature_invalid"),
        (split_name_id_by_a_comment, "document_forbidden"),
    ],
)
def test_word_changed_after_signing_is_noticed(exchange: Exchange, change: Change, code: str) -> None:
    with pytest.raises(SSOError) as caught:
        exchange.judge_changed(change)
    assert caught.value.code == code


# --- Algorithms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_rsa_with_sha_2_is_taken(exchange: Exchange, digest: str) -> None:
    digests = {
        "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
        "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
    }
    exchange.judge_but(
        signature_algorithm=f"http://www.w3.org/2001/04/xmldsig-more#rsa-{digest}",
        digest_algorithm=digests[digest],
    )


@pytest.mark.parametrize(
    ("path", "algorithm"),
    [
        (f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        (f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        (f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160"),
        (f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        (f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
        (f"{SIGNED_INFO}/ds:SignatureMethod", ""),
        (f"{SIGNED_INFO}/ds:CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        (f"{SIGNED_INFO}/ds:CanonicalizationMethod", f"{names.EXCLUSIVE_C14N}WithComments"),
        (f"{REFERENCE}/ds:DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1"),
        (f"{REFERENCE}/ds:DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
        (f"{REFERENCE}/ds:DigestMethod", "http://www.w3.org/2001/04/xmlenc#ripemd160"),
    ],
)
def test_other_algorithms_are_refused_before_they_are_run(
    exchange: Exchange, path: str, algorithm: str
) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        exchange.judge_changed(lambda root: find(root, path).set("Algorithm", algorithm))


def test_sha_1_is_refused_however_well_it_is_signed(exchange: Exchange) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        exchange.judge_but(digest_algorithm="http://www.w3.org/2000/09/xmldsig#sha1")


# --- The shape of a signature ----------------------------------------------------------------------------


def transform(algorithm: str) -> Change:
    def insert(root: etree._Element) -> None:
        find(root, f"{REFERENCE}/ds:Transforms").insert(1, element("ds:Transform", Algorithm=algorithm))

    return insert


def only_enveloped(root: etree._Element) -> None:
    transforms = find(root, f"{REFERENCE}/ds:Transforms")
    transforms.remove(transforms[1])


def refer_to(uri: str | None) -> Change:
    def change(root: etree._Element) -> None:
        reference = find(root, REFERENCE)
        del reference.attrib["URI"]
        if uri is not None:
            reference.set("URI", uri.format(response=root.get("ID")))

    return change


def second_reference(root: etree._Element) -> None:
    reference = deepcopy(find(root, REFERENCE))
    reference.set("URI", "file:///dev/zero")
    find(root, SIGNED_INFO).append(reference)


@pytest.mark.parametrize(
    "change",
    [
        transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
        transform("http://www.w3.org/TR/1999/REC-xpath-19991116"),
        transform("http://www.w3.org/2002/06/xmldsig-filter2"),
        transform("http://www.w3.org/2000/09/xmldsig#base64"),
        only_enveloped,
        second_reference,
        refer_to("file:///etc/hostname"),
        refer_to("http://127.0.0.1:1/"),
        refer_to(""),
        refer_to(None),
        refer_to("#{response}"),
        refer_to("#xpointer(/)"),
    ],
)
def test_reference_to_anything_but_its_own_element_is_refused(exchange: Exchange, change: Change) -> None:
    with pytest.raises(ReferenceNotAllowed):
        exchange.judge_changed(change)


# xmlsec looks up what a reference names by evaluating `xpointer(id('...'))`; the first of these takes a time that
# grows with the cube of the number of elements.
PROGRAMS = [
    "x') | //*[count(//*[count(//*)>0])>0] | id('y",
    "x' or '1'='1",
    "x')",
    'x"y',
    "xpointer(/)",
    "xpointer(id('x'))",
    "x y",
    "x\ty",
    "#x",
    "x/y",
    "x:y",
    "x%27",
    "x&y",
    "1x",
    "-x",
    "\u00e9",
    "x\n",
    "_" + "x" * 300,
]


def reads(root: etree._Element) -> None:
    """As far as a response is read before any signature is looked at."""
    read_response(encoded(etree.tostring(root)))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("path", [None, ASSERTION], ids=["response", "assertion"])
def test_id_that_is_no_plain_name_is_refused_before_anything_is_verified(
    exchange: Exchange, path: str | None, program: str
) -> None:
    """The reference agrees with the ID, so only the ID's own form can tell."""
    root = exchange.honest.but(sign_response=True).element()
    signed_element = root if path is None else find(root, path)
    reference = find(signed_element, "ds:Signature/ds:SignedInfo/ds:Reference")
    signed_element.set("ID", program)
    reference.set("URI", f"#{program}")

    with pytest.raises(IDInvalid):
        reads(root)


@pytest.mark.parametrize("name", ["ID", "Id", "id", "{urn:x}ID"])
def test_id_of_any_other_element_is_a_plain_name_too(exchange: Exchange, name: str) -> None:
    root = exchange.honest.element()
    find(root, "saml:Assertion/saml:Subject").set(name, "x') | id('y")

    with pytest.raises(IDInvalid):
        reads(root)


@pytest.mark.parametrize("assertion_id", ["_", "a", "_9f-3.b", "id" + "x" * 298, "pfx_A-1.2"])
def test_ids_that_idps_write_are_taken(exchange: Exchange, assertion_id: str) -> None:
    assert exchange.judge_but(assertion_id=assertion_id).assertion_id == assertion_id


def object_in_signature(root: etree._Element) -> None:
    find(root, SIGNATURE).append(element("ds:Object"))


def second_signed_info(root: etree._Element) -> None:
    signed_info = find(root, SIGNED_INFO)
    signed_info.addnext(deepcopy(signed_info))


def second_signature(root: etree._Element) -> None:
    signature = find(root, SIGNATURE)
    signature.addnext(deepcopy(signature))


def signature_elsewhere(root: etree._Element) -> None:
    find(root, "samlp:Status").append(deepcopy(find(root, SIGNATURE)))


def retrieval_method(root: etree._Element) -> None:
    find(root, f"{SIGNATURE}/ds:KeyInfo").append(element("ds:RetrievalMethod", URI="file:///etc/hostname"))


def retrieval_method_deeper(root: etree._Element) -> None:
    data = find(root, f"{SIGNATURE}/ds:KeyInfo/ds:X509Data")
    data.append(element("ds:RetrievalMethod", URI="file:///etc/hostname"))


@pytest.mark.parametrize(
    "change",
    [
        object_in_signature,
        second_signed_info,
        second_signature,
        signature_elsewhere,
        retrieval_method,
        retrieval_method_deeper,
    ],
)
def test_signature_of_another_shape_is_refused(exchange: Exchange, change: Change) -> None:
    with pytest.raises(SignatureNotAllowed):
        exchange.judge_changed(change)


def test_comment_in_a_digest_is_refused(exchange: Exchange) -> None:
    with pytest.raises(SSOError) as caught:
        exchange.judge_changed(
            lambda root: find(root, f"{REFERENCE}/ds:DigestValue").append(etree.Comment("forged"))
        )
    assert caught.value.code == "document_forbidden"


def test_empty_digest_over_a_failed_canonicalisation_is_refused(exchange: Exchange) -> None:
    """A relative namespace makes canonicalisation fail; the digest of nothing must not then count."""
    nothing = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    xml = exchange.honest.element()
    find(xml, f"{REFERENCE}/ds:DigestValue").text = nothing
    changed = etree.tostring(xml).replace(b"<saml:Subject>", b'<saml:Subject xmlns:x="1">', 1)

    with pytest.raises((SignatureInvalid, ResponseMalformed)):
        exchange.judge(encoded(changed))


def test_prefixes_that_canonicalisation_keeps_are_taken(exchange: Exchange) -> None:
    """Shibboleth and Keycloak name `xs` there. Adding it after signing only breaks the signature."""
    with pytest.raises(SignatureInvalid):
        exchange.judge_changed(keep_prefixes("#default saml\tds xs xsi"))


@pytest.mark.parametrize(
    "prefixes", [" ".join(f"p{number}" for number in range(MAX_KEPT_PREFIXES + 1)), "x')", "p" * 301]
)
@pytest.mark.parametrize("path", [f"{SIGNED_INFO}/ds:CanonicalizationMethod", f"{REFERENCE}/ds:Transforms"])
def test_prefix_list_of_another_kind_is_refused_before_it_is_looked_up(
    exchange: Exchange, path: str, prefixes: str
) -> None:
    """Canonicalisation looks up every prefix of the list in every element."""
    root = exchange.honest.element()
    keep_prefixes(prefixes, path)(root)

    with pytest.raises(SignatureNotAllowed):
        reads(root)


def keep_prefixes(prefixes: str, path: str = f"{REFERENCE}/ds:Transforms") -> Change:
    """In the canonicalisation of SignedInfo, or in the last transform of the reference."""

    def change(root: etree._Element) -> None:
        method = find(root, path)
        method = method[-1] if path.endswith("Transforms") else method
        kept = etree.SubElement(method, f"{{{names.EXCLUSIVE_C14N}}}InclusiveNamespaces")
        kept.set("PrefixList", prefixes)

    return change


# --- The shape of a response -----------------------------------------------------------------------------


def rename_root(root: etree._Element) -> None:
    root.tag = tag("saml:Assertion")


def drop_assertion(root: etree._Element) -> None:
    root.remove(find(root, ASSERTION))


def drop_status(root: etree._Element) -> None:
    root.remove(find(root, "samlp:Status"))


def old_version(root: etree._Element) -> None:
    root.set("Version", "1.1")


def encrypt(name: str) -> Change:
    def change(root: etree._Element) -> None:
        root.append(etree.Element(name))

    return change


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (rename_root, ResponseMalformed),
        (drop_assertion, AssertionNotSingle),
        (drop_status, ResponseMalformed),
        (old_version, ResponseMalformed),
        (encrypt(tag("saml:EncryptedAssertion")), AssertionNotSingle),
        (encrypt(tag("saml:EncryptedID")), EncryptionNotSupported),
        (encrypt(tag("saml:EncryptedAttribute")), EncryptionNotSupported),
        (encrypt(f"{{{names.XENC}}}CipherReference"), EncryptionNotSupported),
        (encrypt(tag("samlp:Extensions")), ElementNotAllowed),
    ],
)
def test_response_of_another_shape_is_refused(
    exchange: Exchange, change: Change, refusal: type[SSOError]
) -> None:
    with pytest.raises(refusal):
        exchange.judge_changed(change)


def test_what_only_the_schema_forbids_is_refused_by_the_library(exchange: Exchange) -> None:
    """An element nobody asks for, inside a signed assertion."""
    root = exchange.honest.but(sign_assertion=False).element()
    find(root, ASSERTION).append(element("saml:Audience"))

    with pytest.raises(ResponseMalformed) as caught:
        exchange.judge(signed(root, exchange))
    assert "python3-saml" in caught.value.admin_detail
