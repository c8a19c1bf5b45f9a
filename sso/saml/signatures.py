"""Verifies the signatures of a response with the revision's certificates, and with nothing else.

A document is canonicalised once at the most, and only when one of the certificates has signed its SignedInfo: it is
the costly part, and nobody without a key should have it for the asking.

xmlsec may use only the transforms that `preflight` allows, so that even a document that fooled the preflight
could not make it evaluate an XPath or a stylesheet. Keys in the document (KeyInfo) are not read.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import xmlsec as untyped_xmlsec
from lxml import etree

from sso.saml.certificates import CertificateInfo
from sso.saml.errors import SignatureInvalid, SignatureMissing
from sso.saml.names import tag
from sso.saml.preflight import UnverifiedResponse

xmlsec: Any = untyped_xmlsec  # the type stubs it ships lack most of its constants

_DIGESTS = (xmlsec.Transform.SHA256, xmlsec.Transform.SHA384, xmlsec.Transform.SHA512)
_REFERENCE_TRANSFORMS = (xmlsec.Transform.ENVELOPED, xmlsec.Transform.EXCL_C14N, *_DIGESTS)
_SIGNATURE_METHODS = {
    transform.href: transform
    for transform in (
        xmlsec.Transform.RSA_SHA256,
        xmlsec.Transform.RSA_SHA384,
        xmlsec.Transform.RSA_SHA512,
        xmlsec.Transform.ECDSA_SHA256,
        xmlsec.Transform.ECDSA_SHA384,
        xmlsec.Transform.ECDSA_SHA512,
    )
}
_SIGNATURE_TRANSFORMS = (xmlsec.Transform.EXCL_C14N, *_SIGNATURE_METHODS.values())


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """`assertion` is signed by the IdP, and the very element that was. Of `root` only this much is certain.

    `signers` are the certificates whose keys signed assertion and, if it is signed, response. `received` is the root
    that was sent, if `root` is the same response decrypted.
    """

    root: etree._Element
    assertion: etree._Element
    signers: tuple[CertificateInfo, ...]
    received: etree._Element | None = None


def verify_signatures(
    response: UnverifiedResponse, certificates: Sequence[CertificateInfo]
) -> VerifiedResponse:
    """Check the assertion's signature, which must be there, and the response's, which may be.

    Raises SignatureMissing or SignatureInvalid.
    """
    assertion = _signed_assertion(response)
    signers = verify_message_signature(response, certificates)
    return VerifiedResponse(response.root, assertion, (*signers, _signer(assertion, certificates)))


def verify_message_signature(
    response: UnverifiedResponse, certificates: Sequence[CertificateInfo]
) -> tuple[CertificateInfo, ...]:
    """Check the response's own signature if there is one. It covers an encrypted assertion as it was sent.

    Returns the certificate of its key, if there is one. Raises SignatureInvalid.
    """
    xmlsec.tree.add_ids(response.root, ["ID"])
    if response.root.find(tag("ds:Signature")) is None:
        return ()
    return (_signer(response.root, certificates),)


def verify_root_signature(root: etree._Element, certificates: Sequence[CertificateInfo]) -> None:
    """Check the signature of a whole message of another kind, which must be there. Raises SignatureInvalid."""
    xmlsec.tree.add_ids(root, ["ID"])
    _signer(root, certificates)


def verify_decrypted(
    response: UnverifiedResponse,
    certificates: Sequence[CertificateInfo],
    *,
    received: UnverifiedResponse,
    received_signers: tuple[CertificateInfo, ...],
) -> VerifiedResponse:
    """Check the signature of an assertion that was encrypted in `received`, whose own was checked before.

    Raises SignatureMissing or SignatureInvalid.
    """
    assertion = _signed_assertion(response)
    xmlsec.tree.add_ids(response.root, ["ID"])
    signers = (*received_signers, _signer(assertion, certificates))
    return VerifiedResponse(response.root, assertion, signers, received.root)


def _signed_assertion(response: UnverifiedResponse) -> etree._Element:
    assertion = response.assertion
    if assertion is None or assertion.find(tag("ds:Signature")) is None:
        raise SignatureMissing(
            "The assertion is not signed. Let the IdP sign assertions, not (only) the response around them."
        )
    return assertion


def _signer(signed: etree._Element, certificates: Sequence[CertificateInfo]) -> CertificateInfo:
    """The certificate that verifies the element's signature. Raises SignatureInvalid where none does."""
    signature = signed.find(tag("ds:Signature"))
    if signature is not None:
        for info in certificates:
            if _signed_its_info(signature, info.pem) and _verifies(signature, info.pem):
                return info
    raise SignatureInvalid(
        f"None of the {len(certificates)} trusted certificates verifies the signature of the "
        f"{etree.QName(signed).localname}.",
        certificates=len(certificates),
    )


def _signed_its_info(signature: etree._Element, pem: str) -> bool:
    """Did this key sign SignedInfo? No more than a reason to go on: `_verifies` asks it again, by xmlsec alone."""
    signed_info = signature[0]
    c14n, method = signed_info[0], signed_info[1]
    prefixes = [prefix for kept in c14n for prefix in kept.get("PrefixList", "").split()]
    context = xmlsec.SignatureContext()
    context.key = public_key(pem)
    try:
        value = base64.b64decode("".join((signature[1].text or "").split()), validate=True)
        context.verify_binary(
            etree.tostring(signed_info, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes),
            _SIGNATURE_METHODS[method.get("Algorithm", "")],
            value,
        )
    except (xmlsec.Error, etree.LxmlError, binascii.Error, ValueError):
        return False
    return True


def _verifies(signature: etree._Element, pem: str) -> bool:
    context = xmlsec.SignatureContext()
    context.key = public_key(pem)
    context.set_enabled_key_data([xmlsec.KeyData.X509])
    for transform in _REFERENCE_TRANSFORMS:
        context.enable_reference_transform(transform)
    for transform in _SIGNATURE_TRANSFORMS:
        context.enable_signature_transform(transform)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=1024)
def public_key(pem: str) -> Any:
    """The key of a certificate, for xmlsec to verify with. Kept: to read it takes as long as to verify."""
    return xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM, None)
