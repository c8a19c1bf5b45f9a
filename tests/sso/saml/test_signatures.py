"""Signatures that IdPs make, beside RSA with SHA-256: they must hold however a certificate is found for them."""

import base64
import hashlib
from copy import deepcopy
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from lxml import etree

from sso.saml import names
from sso.saml.errors import ResponseMalformed
from tests.demo_idp.keys import SamlKeyPair, make_certificate
from tests.sso.saml.exchange import Exchange, encoded, find, key_pair, make_exchange

CURVES = [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()]


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_ecdsa_with_sha_2_is_taken(curve: ec.EllipticCurve, digest: str) -> None:
    key: Any = ec.generate_private_key(curve)  # the demo IdP's own keys are RSA
    signing_key = SamlKeyPair(key, make_certificate(key))
    certificates = [key_pair("of another kind").certificate_pem, signing_key.certificate_pem]
    exchange = make_exchange(certificates=certificates)
    algorithm = f"http://www.w3.org/2001/04/xmldsig-more#ecdsa-{digest}"

    exchange.judge_but(signing_key=signing_key, signature_algorithm=algorithm, sign_response=True)


def keep(method: etree._Element, prefixes: str) -> None:
    etree.SubElement(method, f"{{{names.EXCLUSIVE_C14N}}}InclusiveNamespaces", PrefixList=prefixes)


def canonical(element: etree._Element, prefixes: str) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes.split())


def signed_keeping(exchange: Exchange, prefixes: str, *, in_signed_info: str) -> str:
    """Signed by hand, as Shibboleth and Keycloak sign, who name `xs`, which no element is called by."""
    xml = exchange.honest.xml().replace(b"<saml:Assertion ", b'<saml:Assertion xmlns:xs="urn:xs" ', 1)
    root = etree.fromstring(xml)
    assertion = find(root, "saml:Assertion")
    signed_info = find(assertion, "ds:Signature/ds:SignedInfo")
    keep(find(signed_info, "ds:Reference/ds:Transforms")[-1], prefixes)
    if in_signed_info:
        keep(find(signed_info, "ds:CanonicalizationMethod"), in_signed_info)
    content = deepcopy(assertion)
    content.remove(find(content, "ds:Signature"))
    digest = hashlib.sha256(canonical(content, prefixes)).digest()
    find(signed_info, "ds:Reference/ds:DigestValue").text = base64.b64encode(digest).decode()
    key = exchange.honest.signing_key.private_key
    value = key.sign(canonical(signed_info, in_signed_info), padding.PKCS1v15(), hashes.SHA256())
    find(assertion, "ds:Signature/ds:SignatureValue").text = base64.b64encode(value).decode()
    return encoded(etree.tostring(root))


@pytest.mark.parametrize("prefixes", ["xs", "#default saml xs xsi"])
def test_prefixes_that_the_idp_keeps_are_kept(exchange: Exchange, prefixes: str) -> None:
    exchange.judge(signed_keeping(exchange, prefixes, in_signed_info=""))


@pytest.mark.parametrize("prefixes", ["xs", "#default ds xs"])
def test_prefixes_that_are_kept_in_signed_info_are_verified_too(exchange: Exchange, prefixes: str) -> None:
    """The signature holds; it is the library's schema of XML Signature that does not know them there."""
    with pytest.raises(ResponseMalformed, match="schema"):
        exchange.judge(signed_keeping(exchange, "xs", in_signed_info=prefixes))
