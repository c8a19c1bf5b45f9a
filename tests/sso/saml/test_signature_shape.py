"""What a signature may look like, and what is refused unread. The attacks: `tests.attacks.saml`."""

from collections.abc import Callable

import pytest
from lxml import etree

from sso.errors import SSOError
from sso.saml import names
from sso.saml.errors import (
    AssertionNotSingle,
    ElementNotAllowed,
    EncryptionNotSupported,
    IDInvalid,
    ResponseMalformed,
    SignatureInvalid,
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


@pytest.mark.parametrize("position", [0, 1])
def test_any_of_several_certificates_may_verify(position: int) -> None:
    certificates = [key_pair("an older one").certificate_pem]
    certificates.insert(position, key_pair("globex").certificate_pem)
    exchange = make_exchange(certificates=certificates)

    exchange.judge(exchange.honest)


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


# --- The shape of a signature ----------------------------------------------------------------------------


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
