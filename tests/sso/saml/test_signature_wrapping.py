"""Signature wrapping and its relatives: real signatures, put where they should not count."""

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from sso.errors import SSOError
from sso.saml.errors import AssertionNotSingle, DuplicateID, ElementNotAllowed, SignatureInvalid
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import new_id
from tests.demo_idp.saml_signing import sign_element
from tests.sso.saml.exchange import Exchange, find

ASSERTION = "saml:Assertion"
Change = Callable[[etree._Element], object]


def evil(root: etree._Element, *, assertion_id: str | None = None) -> etree._Element:
    """The signed assertion's double without a signature, about somebody else."""
    forged = deepcopy(find(root, ASSERTION))
    forged.remove(find(forged, "ds:Signature"))
    forged.set("ID", assertion_id or new_id())
    find(forged, "saml:Subject/saml:NameID").text = "olivia"
    return forged


# --- Signature wrapping (Somorovsky et al., 2012) ----------------------------------------------------------


def xsw1(root: etree._Element) -> None:
    """A forged response around, the signed one as a copy inside its signature."""
    original = deepcopy(root)
    signature = find(root, "ds:Signature")
    original.remove(find(original, "ds:Signature"))
    signature.append(original)
    root.set("ID", new_id())
    find(root, ASSERTION).set("ID", new_id())
    find(root, "saml:Assertion/saml:Subject/saml:NameID").text = "olivia"


def xsw2(root: etree._Element) -> None:
    """The signed response detached, before its own signature."""
    original = deepcopy(root)
    original.remove(find(original, "ds:Signature"))
    find(root, "ds:Signature").addprevious(original)
    root.set("ID", new_id())
    find(root, ASSERTION).set("ID", new_id())
    find(root, "saml:Assertion/saml:Subject/saml:NameID").text = "olivia"


def xsw3(root: etree._Element) -> None:
    """A forged assertion before the signed one."""
    find(root, ASSERTION).addprevious(evil(root))


def xsw4(root: etree._Element) -> None:
    """A forged assertion around the signed one."""
    forged, original = evil(root), find(root, ASSERTION)
    root.replace(original, forged)
    forged.append(original)


def xsw5(root: etree._Element) -> None:
    """The signed assertion forged, its original without the signature at the end."""
    assertion = find(root, ASSERTION)
    original = deepcopy(assertion)
    original.remove(find(original, "ds:Signature"))
    root.append(original)
    assertion.set("ID", new_id())
    find(assertion, "saml:Subject/saml:NameID").text = "olivia"


def xsw6(root: etree._Element) -> None:
    """As before, with the original inside the signature."""
    assertion = find(root, ASSERTION)
    original = deepcopy(assertion)
    original.remove(find(original, "ds:Signature"))
    find(assertion, "ds:Signature").append(original)
    assertion.set("ID", new_id())
    find(assertion, "saml:Subject/saml:NameID").text = "olivia"


def xsw7(root: etree._Element) -> None:
    """A forged assertion in Extensions, under the signed one's ID."""
    extensions = etree.Element(tag("samlp:Extensions"))
    extensions.append(evil(root, assertion_id=find(root, ASSERTION).get("ID")))
    root.insert(1, extensions)


def xsw8(root: etree._Element) -> None:
    """The original in an Object of the forged assertion's signature."""
    assertion = find(root, ASSERTION)
    original = deepcopy(assertion)
    original.remove(find(original, "ds:Signature"))
    holder = etree.Element(tag("ds:Object"))
    holder.append(original)
    find(assertion, "ds:Signature").append(holder)
    assertion.set("ID", new_id())
    find(assertion, "saml:Subject/saml:NameID").text = "olivia"


@pytest.mark.parametrize(
    ("wrap", "refusal"),
    [
        (xsw1, AssertionNotSingle),
        (xsw2, AssertionNotSingle),
        (xsw3, AssertionNotSingle),
        (xsw4, AssertionNotSingle),
        (xsw5, AssertionNotSingle),
        (xsw6, AssertionNotSingle),
        (xsw7, ElementNotAllowed),
        (xsw8, AssertionNotSingle),
    ],
)
def test_signature_wrapping_is_refused(exchange: Exchange, wrap: Change, refusal: type[SSOError]) -> None:
    exchange.judge_but(sign_response=True)
    with pytest.raises(refusal):
        exchange.judge_but(sign_response=True, change_signed=wrap)


def test_signature_of_another_document_of_the_idp_is_refused(exchange: Exchange) -> None:
    """The IdP's own signature, of its public metadata say, moved into a forged assertion under the same ID."""
    other = etree.Element("other", ID="_shared")
    signature = find(sign_element(other, exchange.honest.signing_key), "ds:Signature")

    def move_in(root: etree._Element) -> None:
        forged = evil(root, assertion_id="_shared")
        forged.insert(1, deepcopy(signature))
        root.replace(find(root, ASSERTION), forged)

    with pytest.raises(SignatureInvalid):
        exchange.judge_changed(move_in)


@pytest.mark.parametrize("name", ["ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id"])
def test_two_elements_under_one_id_are_refused(exchange: Exchange, name: str) -> None:
    def repeat_the_id(root: etree._Element) -> None:
        find(root, "samlp:Status").set(name, find(root, ASSERTION).get("ID", ""))

    with pytest.raises(DuplicateID):
        exchange.judge_changed(repeat_the_id)
