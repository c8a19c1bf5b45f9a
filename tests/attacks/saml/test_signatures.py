"""SAML-03, 04, 17, 19, 20, 21, 28 and 29: who signed, what, by which algorithm, and in which shape."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone
from lxml import etree

from sso.saml import names
from sso.saml.forms import SAMLDraftForm
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.attacks.saml.target import Target, after_signing
from tests.demo_idp.keys import make_certificate
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import ISSUER, encoded, find, key_pair

ASSERTION = "saml:Assertion"
SIGNATURE = f"{ASSERTION}/ds:Signature"
SIGNED_INFO = f"{SIGNATURE}/ds:SignedInfo"
REFERENCE = f"{SIGNED_INFO}/ds:Reference"
DIGEST_OF_NOTHING = base64.b64encode(hashlib.sha256().digest()).decode()
Change = Callable[[etree._Element], object]


def canonical(element: etree._Element) -> bytes:
    """Exclusive C14N, by libxml2."""
    return etree.tostring(element, method="c14n", exclusive=True)


# --- Who signed, and whether -------------------------------------------------------------------------------


def without_signature_value(root: etree._Element) -> None:
    find(root, f"{SIGNATURE}/ds:SignatureValue").text = ""


def without_signature(root: etree._Element) -> None:
    assertion = find(root, ASSERTION)
    assertion.remove(find(assertion, "ds:Signature"))


@pytest.mark.catalogue("SAML-03")
@pytest.mark.parametrize(
    ("change", "code"),
    [(without_signature, "signature_missing"), (without_signature_value, "signature_invalid")],
)
def test_stripped_signature_is_refused(target: Target, change: Change, code: str) -> None:
    target.refuses(after_signing(change), code)


@pytest.mark.catalogue("SAML-03")
def test_response_that_was_never_signed_is_refused(target: Target) -> None:
    target.refuses(lambda honest: honest.but(sign_assertion=False), "signature_missing")


@pytest.mark.catalogue("SAML-03")
@pytest.mark.parametrize(
    "path",
    [
        "saml:Subject/saml:NameID",
        "saml:AttributeStatement/saml:Attribute/saml:AttributeValue",
        "saml:Conditions/saml:AudienceRestriction/saml:Audience",
    ],
)
def test_word_changed_after_signing_is_noticed(target: Target, path: str) -> None:
    def change(root: etree._Element) -> None:
        find(root, f"{ASSERTION}/{path}").text = "olivia@globex.example"

    target.refuses(after_signing(change), "signature_invalid")


@pytest.mark.catalogue("SAML-04")
def test_response_whose_assertion_is_not_signed_is_refused(target: Target) -> None:
    """Its twin is signed twice."""
    target.refuses(
        lambda honest: honest.but(sign_assertion=False, sign_response=True),
        "signature_missing",
        twin=lambda honest: honest.but(sign_response=True),
    )


@pytest.mark.catalogue("SAML-04")
def test_response_signature_that_does_not_hold_is_refused_although_the_assertions_does(
    target: Target,
) -> None:
    target.refuses(
        after_signing(lambda root: root.set("IssueInstant", "2031-01-01T00:00:00Z"), sign_response=True),
        "signature_invalid",
        twin=lambda honest: honest.but(sign_response=True),
    )


@pytest.mark.catalogue("SAML-17")
def test_other_key_is_refused_although_its_certificate_is_in_the_document(target: Target) -> None:
    """signxml puts the certificate that it signs with into KeyInfo."""
    attacker = key_pair("somebody else")

    def attack(honest: SamlResponseBuilder) -> SamlResponseBuilder:
        response = honest.but(signing_key=attacker)
        assert attacker.certificate_base64[:60].encode() in response.xml().replace(b"\n", b"")
        return response

    target.refuses(attack, "signature_invalid")


@pytest.mark.catalogue("SAML-17")
def test_bare_public_key_in_the_document_is_not_believed(target: Target) -> None:
    attacker = key_pair("somebody else")
    numbers = attacker.private_key.public_key().public_numbers()

    def key_value(root: etree._Element) -> None:
        key_info = find(root, f"{SIGNATURE}/ds:KeyInfo")
        key_info.clear()
        value = etree.SubElement(etree.SubElement(key_info, tag("ds:KeyValue")), tag("ds:RSAKeyValue"))
        for name, number in (("ds:Modulus", numbers.n), ("ds:Exponent", numbers.e)):
            content = number.to_bytes((number.bit_length() + 7) // 8, "big")
            etree.SubElement(value, tag(name)).text = base64.b64encode(content).decode()

    target.refuses(after_signing(key_value, signing_key=attacker), "signature_invalid")


@pytest.mark.catalogue("SAML-17")
def test_key_of_the_idp_of_another_organisation_is_refused(target: Target) -> None:
    """Acme's IdP is trusted, by Acme."""
    target.refuses(lambda honest: honest.but(signing_key=key_pair("acme")), "signature_invalid")


# --- Algorithms ------------------------------------------------------------------------------------------------


def hmac_by(secret: bytes) -> Change:
    """The signature that a verifier finds right who takes the public certificate for a shared secret."""

    def sign(root: etree._Element) -> None:
        signed_info = find(root, SIGNED_INFO)
        method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
        find(signed_info, "ds:SignatureMethod").set("Algorithm", method)
        value = hmac.new(secret, canonical(signed_info), hashlib.sha256).digest()
        find(root, f"{SIGNATURE}/ds:SignatureValue").text = base64.b64encode(value).decode()

    return sign


@pytest.mark.catalogue("SAML-19")
@pytest.mark.parametrize("form", ["PEM certificate", "DER certificate", "public key", "nothing"])
def test_hmac_by_what_is_public_is_refused(target: Target, form: str) -> None:
    certificate = target.idp_key.certificate
    secrets = {
        "PEM certificate": target.idp_key.certificate_pem.encode(),
        "DER certificate": certificate.public_bytes(Encoding.DER),
        "public key": certificate.public_key().public_bytes(
            Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "nothing": b"",
    }
    target.refuses(after_signing(hmac_by(secrets[form])), "algorithm_not_allowed")


def resigned(algorithm: str, digest: hashes.HashAlgorithm) -> Change:
    """SignedInfo names another algorithm, and the IdP's own key has signed it so."""

    def sign(root: etree._Element) -> None:
        signed_info = find(root, SIGNED_INFO)
        find(signed_info, "ds:SignatureMethod").set("Algorithm", algorithm)
        value = key_pair("globex").private_key.sign(canonical(signed_info), padding.PKCS1v15(), digest)
        find(root, f"{SIGNATURE}/ds:SignatureValue").text = base64.b64encode(value).decode()

    return sign


def redigested(algorithm: str, digest: str) -> Change:
    """The digest is right, of a weak kind, and signed with a strong one."""

    def change(root: etree._Element) -> None:
        assertion = deepcopy(find(root, ASSERTION))
        assertion.remove(find(assertion, "ds:Signature"))
        reference = find(root, REFERENCE)
        find(reference, "ds:DigestMethod").set("Algorithm", algorithm)
        value = hashlib.new(digest, canonical(assertion)).digest()
        find(reference, "ds:DigestValue").text = base64.b64encode(value).decode()
        resigned(names.RSA_SHA256, hashes.SHA256())(root)

    return change


def named(path: str, algorithm: str) -> Change:
    return lambda root: find(root, path).set("Algorithm", algorithm)


@pytest.mark.catalogue("SAML-20")
@pytest.mark.parametrize(
    "change",
    [
        resigned("http://www.w3.org/2000/09/xmldsig#rsa-sha1", hashes.SHA1()),  # noqa: S303
        resigned("http://www.w3.org/2001/04/xmldsig-more#rsa-md5", hashes.MD5()),  # noqa: S303
        resigned("http://www.w3.org/2001/04/xmldsig-more#rsa-sha224", hashes.SHA224()),
        redigested("http://www.w3.org/2000/09/xmldsig#sha1", "sha1"),
        redigested("http://www.w3.org/2001/04/xmldsig-more#md5", "md5"),
        redigested("http://www.w3.org/2001/04/xmldsig-more#sha224", "sha224"),
        # Neither OpenSSL nor `hashlib` makes these any longer; they are refused by name.
        named(f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160"),
        named(f"{REFERENCE}/ds:DigestMethod", "http://www.w3.org/2001/04/xmlenc#ripemd160"),
        named(f"{SIGNED_INFO}/ds:SignatureMethod", "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
        named(f"{SIGNED_INFO}/ds:SignatureMethod", ""),
        named(f"{SIGNED_INFO}/ds:CanonicalizationMethod", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        named(f"{SIGNED_INFO}/ds:CanonicalizationMethod", f"{names.EXCLUSIVE_C14N}WithComments"),
    ],
    ids=[
        "RSA with SHA-1",
        "RSA with MD5",
        "RSA with SHA-224",
        "SHA-1 digest",
        "MD5 digest",
        "SHA-224 digest",
        "RSA with RIPEMD-160",
        "RIPEMD-160 digest",
        "DSA",
        "no name",
        "inclusive C14N",
        "C14N with comments",
    ],
)
def test_weak_algorithm_is_refused_however_right_the_signature(target: Target, change: Change) -> None:
    """The twin is signed the same way by hand, with SHA-256."""
    target.refuses(
        after_signing(change),
        "algorithm_not_allowed",
        twin=after_signing(redigested("http://www.w3.org/2001/04/xmlenc#sha256", "sha256")),
    )


# --- The IdP's certificate -------------------------------------------------------------------------------------


def expired_certificate(target: Target) -> str:
    now = timezone.now()
    certificate = make_certificate(
        target.idp_key.private_key,
        not_before=now - timedelta(days=30),
        not_after=now - timedelta(seconds=1),
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def short_key_certificate() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    return make_certificate(key).public_bytes(Encoding.PEM).decode()


@pytest.mark.catalogue("SAML-21")
def test_certificate_that_expires_on_the_way_is_trusted_no_longer(target: Target) -> None:
    """The same key signs on; the twin is the same response once a certificate that has not expired is there too."""
    trip = target.begin()
    target.change_revision(certificates=[expired_certificate(target)])
    target.assert_refused(trip.honest, "certificate_expired")

    target.change_revision(certificates=[expired_certificate(target), target.idp_key.certificate_pem])
    target.assert_let_in(trip.honest)


@pytest.mark.catalogue("SAML-21")
def test_login_with_an_expired_certificate_does_not_begin(target: Target) -> None:
    target.change_revision(certificates=[expired_certificate(target)])
    with nothing_written_but_refusal(target.org, "certificate_expired"):
        assert target.client.get(f"/orgs/{target.org.slug}/sso/").status_code == 403

    target.change_revision(certificates=[target.idp_key.certificate_pem])
    target.assert_let_in(target.begin().honest)


@pytest.mark.catalogue("SAML-21")
def test_signature_by_a_short_key_is_refused_even_where_its_certificate_was_stored(target: Target) -> None:
    trip = target.begin()
    target.change_revision(certificates=[short_key_certificate()])
    target.assert_refused(trip.honest, "certificate_key_weak")

    target.change_revision(certificates=[target.idp_key.certificate_pem])
    target.assert_let_in(trip.honest)


@pytest.mark.catalogue("SAML-21")
def test_admin_cannot_save_an_expired_or_short_key(target: Target) -> None:
    def errors_of(certificates: str) -> list[str]:
        entered = {"issuer": ISSUER, "sso_url": "https://idp.globex.example/sso", "sso_binding": "post"}
        form = SAMLDraftForm({**entered, "certificates": certificates}, base=None)
        return [error.code or "" for error in form.errors.as_data().get("certificates", [])]

    assert errors_of(expired_certificate(target)) == ["certificate_expired"]
    assert errors_of(short_key_certificate()) == ["certificate_key_weak"]
    assert errors_of(target.idp_key.certificate_pem) == []


# --- Void canonicalisation ---------------------------------------------------------------------------------------


def digest_nothing(root: etree._Element) -> None:
    find(root, f"{REFERENCE}/ds:DigestValue").text = DIGEST_OF_NOTHING


def sign_nothing(root: etree._Element) -> None:
    """The worst case: the attacker has the IdP's signature of the empty string."""
    digest_nothing(root)
    value = key_pair("globex").private_key.sign(b"", padding.PKCS1v15(), hashes.SHA256())
    find(root, f"{SIGNATURE}/ds:SignatureValue").text = base64.b64encode(value).decode()


def resign_digest_of_nothing(root: etree._Element) -> None:
    digest_nothing(root)
    resigned(names.RSA_SHA256, hashes.SHA256())(root)


@pytest.mark.catalogue("SAML-28")
@pytest.mark.parametrize("change", [digest_nothing, sign_nothing, resign_digest_of_nothing])
@pytest.mark.parametrize("namespace", [b"1", b"a/b", b"../x"])
@pytest.mark.parametrize("where", [b"<samlp:Response ", b"<saml:Assertion "])
def test_canonicalisation_that_fails_is_a_broken_signature(
    target: Target, change: Change, namespace: bytes, where: bytes
) -> None:
    """A relative namespace makes canonicalisation fail; the digest of nothing must not then count."""

    def attack(honest: SamlResponseBuilder) -> str:
        xml = honest.but(change_signed=change).xml()
        return encoded(xml.replace(where, where + b'xmlns:x="' + namespace + b'" ', 1))

    target.refuses(attack, "signature_invalid")


# --- The shape of a signature ------------------------------------------------------------------------------------


def second_signed_info(root: etree._Element) -> None:
    """The honest one comes second; a reader that looks for the first finds the forged digest."""
    signed_info = find(root, SIGNED_INFO)
    forged = deepcopy(signed_info)
    find(forged, "ds:Reference/ds:DigestValue").text = DIGEST_OF_NOTHING
    signed_info.addprevious(forged)


def second_digest(root: etree._Element) -> None:
    digest = find(root, f"{REFERENCE}/ds:DigestValue")
    forged = deepcopy(digest)
    forged.text = DIGEST_OF_NOTHING
    digest.addprevious(forged)


def second_signature(root: etree._Element) -> None:
    signature = find(root, SIGNATURE)
    signature.addnext(deepcopy(signature))


def signature_elsewhere(root: etree._Element) -> None:
    find(root, "samlp:Status").append(deepcopy(find(root, SIGNATURE)))


def object_in_signature(root: etree._Element) -> None:
    etree.SubElement(find(root, SIGNATURE), tag("ds:Object"))


def comment_in_digest(root: etree._Element) -> None:
    """A reader of the first text node reads the forged digest, one of the whole text another."""
    digest = find(root, f"{REFERENCE}/ds:DigestValue")
    comment = etree.Comment("forged")
    comment.tail, digest.text = digest.text, DIGEST_OF_NOTHING
    digest.append(comment)


def element_in_digest(root: etree._Element) -> None:
    digest = find(root, f"{REFERENCE}/ds:DigestValue")
    etree.SubElement(digest, "x").tail = digest.text
    digest.text = ""


def retrieval_method(root: etree._Element) -> None:
    retrieve = etree.SubElement(find(root, f"{SIGNATURE}/ds:KeyInfo"), tag("ds:RetrievalMethod"))
    retrieve.set("URI", "file:///dev/zero")


def retrieval_method_deeper(root: etree._Element) -> None:
    retrieve = etree.SubElement(find(root, f"{SIGNATURE}/ds:KeyInfo/ds:X509Data"), tag("ds:RetrievalMethod"))
    retrieve.set("URI", "file:///dev/zero")


@pytest.mark.catalogue("SAML-29")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (second_signed_info, "signature_not_allowed"),
        (second_digest, "reference_not_allowed"),
        (second_signature, "signature_not_allowed"),
        (signature_elsewhere, "signature_not_allowed"),
        (object_in_signature, "signature_not_allowed"),
        (comment_in_digest, "document_forbidden"),
        (element_in_digest, "reference_not_allowed"),
        (retrieval_method, "signature_not_allowed"),
        (retrieval_method_deeper, "signature_not_allowed"),
    ],
)
def test_signature_of_another_shape_is_refused(target: Target, change: Change, code: str) -> None:
    target.refuses(after_signing(change), code)
