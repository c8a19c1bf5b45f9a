"""SAML-01, 02 and 07: real signatures, put where they should not count."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from tests.attacks.saml.target import Attack, Target, after_signing
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder, new_id
from tests.demo_idp.saml_signing import sign_element
from tests.sso.saml.exchange import find

ASSERTION = "saml:Assertion"
NAME_ID = "saml:Subject/saml:NameID"
Change = Callable[[etree._Element], object]


def forge(element: etree._Element, *, keep_id: bool = False) -> None:
    """Make it about somebody else, under another ID unless told otherwise."""
    if not keep_id:
        element.set("ID", new_id())
    for name_id in element.iter(tag("saml:NameID")):
        name_id.text = "olivia"


def evil(root: etree._Element, *, keep_id: bool = False) -> etree._Element:
    """The signed assertion's double without a signature, about somebody else."""
    forged = deepcopy(find(root, ASSERTION))
    forged.remove(find(forged, "ds:Signature"))
    forge(forged, keep_id=keep_id)
    return forged


def original_of(signed: etree._Element) -> etree._Element:
    """What the signature covers: the element without it."""
    original = deepcopy(signed)
    original.remove(find(original, "ds:Signature"))
    return original


# --- The eight permutations (Somorovsky et al., 2012); `keep_id` as SAML Raider and crewjam's files have them ------


def xsw1(root: etree._Element, *, keep_id: bool = False) -> None:
    """A forged response around, the signed one as a copy inside its signature."""
    original = original_of(root)
    find(root, "ds:Signature").append(original)
    forge(root, keep_id=keep_id)
    forge(find(root, ASSERTION), keep_id=keep_id)


def xsw2(root: etree._Element, *, keep_id: bool = False) -> None:
    """The signed response detached, before its own signature."""
    original = original_of(root)
    find(root, "ds:Signature").addprevious(original)
    forge(root, keep_id=keep_id)
    forge(find(root, ASSERTION), keep_id=keep_id)


def xsw3(root: etree._Element, *, keep_id: bool = False) -> None:
    """A forged assertion before the signed one."""
    find(root, ASSERTION).addprevious(evil(root, keep_id=keep_id))


def xsw4(root: etree._Element, *, keep_id: bool = False) -> None:
    """A forged assertion around the signed one."""
    forged, original = evil(root, keep_id=keep_id), find(root, ASSERTION)
    root.replace(original, forged)
    forged.append(original)


def xsw5(root: etree._Element, *, keep_id: bool = False) -> None:
    """The signed assertion forged, its original without the signature at the end."""
    assertion = find(root, ASSERTION)
    root.append(original_of(assertion))
    forge(assertion, keep_id=keep_id)


def xsw6(root: etree._Element, *, keep_id: bool = False) -> None:
    """As before, with the original inside the signature."""
    assertion = find(root, ASSERTION)
    find(assertion, "ds:Signature").append(original_of(assertion))
    forge(assertion, keep_id=keep_id)


def xsw7(root: etree._Element, *, keep_id: bool = False) -> None:
    """A forged assertion in Extensions."""
    extensions = etree.Element(tag("samlp:Extensions"))
    extensions.append(evil(root, keep_id=keep_id))
    root.insert(1, extensions)


def xsw8(root: etree._Element, *, keep_id: bool = False) -> None:
    """The original in an Object of the forged assertion's signature."""
    assertion = find(root, ASSERTION)
    holder = etree.Element(tag("ds:Object"))
    holder.append(original_of(assertion))
    find(assertion, "ds:Signature").append(holder)
    forge(assertion, keep_id=keep_id)


def xsw9(root: etree._Element, *, keep_id: bool = False) -> None:
    """The original in an Object of a signature of the response, the forged assertion under that one's signature."""
    assertion = find(root, ASSERTION)
    signature = find(assertion, "ds:Signature")
    outer = deepcopy(signature)
    holder = etree.SubElement(outer, tag("ds:Object"))
    holder.append(original_of(assertion))
    root.insert(1, outer)
    forge(assertion, keep_id=keep_id)


def keeping_ids(wrap: Callable[..., None]) -> Change:
    return lambda root: wrap(root, keep_id=True)


# Extensions are refused before anybody counts assertions; two elements under one ID before that.
CLASSIC = [
    (xsw1, "assertion_not_single"),
    (xsw2, "assertion_not_single"),
    (xsw3, "assertion_not_single"),
    (xsw4, "assertion_not_single"),
    (xsw5, "assertion_not_single"),
    (xsw6, "assertion_not_single"),
    (xsw7, "element_not_allowed"),
    (xsw8, "assertion_not_single"),
]


@pytest.mark.catalogue("SAML-01")
@pytest.mark.parametrize(("wrap", "code"), CLASSIC)
def test_signature_wrapping_is_refused(target: Target, wrap: Change, code: str) -> None:
    target.refuses(after_signing(wrap, sign_response=True), code)


@pytest.mark.catalogue("SAML-01")
@pytest.mark.parametrize("wrap", [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, xsw9])
def test_signature_wrapping_under_the_same_ids_is_refused(target: Target, wrap: Callable[..., None]) -> None:
    code = "element_not_allowed" if wrap is xsw7 else "duplicate_id"
    signs_response = wrap in (xsw1, xsw2)
    target.refuses(after_signing(keeping_ids(wrap), sign_response=signs_response), code)


@pytest.mark.catalogue("SAML-01")
@pytest.mark.parametrize("wrap", [xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, xsw9])
def test_signature_wrapping_of_an_assertion_alone_is_refused(
    target: Target, wrap: Callable[..., None]
) -> None:
    code = "element_not_allowed" if wrap is xsw7 else "assertion_not_single"
    target.refuses(after_signing(wrap), code)


# --- A signature of another document ---------------------------------------------------------------------------


def metadata_of_the_idp(document_id: str) -> etree._Element:
    """What the IdP publishes and signs, so that anybody has a signature of its key."""
    document = etree.Element(
        tag("md:EntityDescriptor"), ID=document_id, entityID="https://idp.globex.example"
    )
    etree.SubElement(document, tag("md:IDPSSODescriptor"))
    return document


def borrowed_signature(*, brings_document: bool) -> Attack:
    """A forged assertion under the ID of the IdP's metadata, with the metadata's own signature."""

    def attack(honest: SamlResponseBuilder) -> SamlResponseBuilder:
        signed = sign_element(metadata_of_the_idp("_shared"), honest.signing_key)
        signature = find(signed, "ds:Signature")

        def move_in(root: etree._Element) -> None:
            forged = evil(root)
            forged.set("ID", "_shared")
            borrowed = deepcopy(signature)
            if brings_document:
                etree.SubElement(borrowed, tag("ds:Object")).append(original_of(signed))
            forged.insert(1, borrowed)
            root.replace(find(root, ASSERTION), forged)

        return honest.but(change_signed=move_in)

    return attack


@pytest.mark.catalogue("SAML-02")
@pytest.mark.parametrize(
    ("brings_document", "code"),
    [(False, "signature_invalid"), (True, "duplicate_id")],
    ids=["signature alone", "with what it signs"],
)
def test_signature_of_another_document_of_the_idp_is_refused(
    target: Target, brings_document: bool, code: str
) -> None:
    target.refuses(borrowed_signature(brings_document=brings_document), code)


@pytest.mark.catalogue("SAML-02")
def test_signature_of_another_assertion_of_the_idp_is_refused(target: Target) -> None:
    """The signature of a login of the attacker's own, moved into an assertion about somebody else."""

    def attack(honest: SamlResponseBuilder) -> SamlResponseBuilder:
        own = honest.but(name_id="mallory", in_response_to="_another-request").element()
        signature = find(own, f"{ASSERTION}/ds:Signature")

        def replace(root: etree._Element) -> None:
            assertion = find(root, ASSERTION)
            assertion.replace(find(assertion, "ds:Signature"), deepcopy(signature))

        return honest.but(change_signed=replace)

    target.refuses(attack, "signature_invalid")


# --- One ID twice ----------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-07")
@pytest.mark.parametrize("name", ["ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "{urn:x}ID"])
@pytest.mark.parametrize("path", ["samlp:Status", f"{ASSERTION}/{NAME_ID}", f"{ASSERTION}/ds:Signature"])
def test_two_elements_under_one_id_are_refused(target: Target, name: str, path: str) -> None:
    def repeat_the_id(root: etree._Element) -> None:
        find(root, path).set(name, find(root, ASSERTION).get("ID", ""))

    target.refuses(after_signing(repeat_the_id), "duplicate_id")


@pytest.mark.catalogue("SAML-07")
def test_response_under_its_assertions_id_is_refused(target: Target) -> None:
    def repeat_the_id(root: etree._Element) -> None:
        root.set("ID", find(root, ASSERTION).get("ID", ""))

    target.refuses(after_signing(repeat_the_id), "duplicate_id")
