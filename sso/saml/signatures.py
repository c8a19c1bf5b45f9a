"""Verifies the signatures of a response with the revision's certificates, and with nothing else.

xmlsec may use only the transforms that `preflight` allows, so that even a document that fooled the preflight
could not make it evaluate an XPath or a stylesheet. Keys in the document (KeyInfo) are not read.
"""

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
_SIGNATURE_TRANSFORMS = (
    xmlsec.Transform.EXCL_C14N,
    xmlsec.Transform.RSA_SHA256,
    xmlsec.Transform.RSA_SHA384,
    xmlsec.Transform.RSA_SHA512,
    xmlsec.Transform.ECDSA_SHA256,
    xmlsec.Transform.ECDSA_SHA384,
    xmlsec.Transform.ECDSA_SHA512,
)


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """`assertion` is signed by the IdP, and the very element that was. Of `root` only this much is certain.

    `received` is the root that was sent, if `root` is the same response decrypted.
    """

    root: etree._Element
    assertion: etree._Element
    received: etree._Element | None = None


def verify_signatures(
    response: UnverifiedResponse, certificates: Sequence[CertificateInfo]
) -> VerifiedResponse:
    """Check the assertion's signature, which must be there, and the response's, which may be.

    Raises SignatureMissing or SignatureInvalid.
    """
    assertion = _signed_assertion(response)
    verify_message_signature(response, certificates)
    _require_valid(assertion, certificates)
    return VerifiedResponse(response.root, assertion)


def verify_message_signature(response: UnverifiedResponse, certificates: Sequence[CertificateInfo]) -> None:
    """Check the response's own signature if there is one. It covers an encrypted assertion as it was sent.

    Raises SignatureInvalid.
    """
    xmlsec.tree.add_ids(response.root, ["ID"])
    if response.root.find(tag("ds:Signature")) is not None:
        _require_valid(response.root, certificates)


def verify_root_signature(root: etree._Element, certificates: Sequence[CertificateInfo]) -> None:
    """Check the signature of a whole message of another kind, which must be there. Raises SignatureInvalid."""
    xmlsec.tree.add_ids(root, ["ID"])
    _require_valid(root, certificates)


def verify_decrypted(
    response: UnverifiedResponse, certificates: Sequence[CertificateInfo], *, received: UnverifiedResponse
) -> VerifiedResponse:
    """Check the signature of an assertion that was encrypted in `received`, whose own was checked before.

    Raises SignatureMissing or SignatureInvalid.
    """
    assertion = _signed_assertion(response)
    xmlsec.tree.add_ids(response.root, ["ID"])
    _require_valid(assertion, certificates)
    return VerifiedResponse(response.root, assertion, received.root)


def _signed_assertion(response: UnverifiedResponse) -> etree._Element:
    assertion = response.assertion
    if assertion is None or assertion.find(tag("ds:Signature")) is None:
        raise SignatureMissing(
            "The assertion is not signed. Let the IdP sign assertions, not (only) the response around them."
        )
    return assertion


def _require_valid(signed: etree._Element, certificates: Sequence[CertificateInfo]) -> None:
    signature = signed.find(tag("ds:Signature"))
    if signature is None or not any(_verifies(signature, info.pem) for info in certificates):
        raise SignatureInvalid(
            f"None of the {len(certificates)} trusted certificates verifies the signature of the "
            f"{etree.QName(signed).localname}.",
            certificates=len(certificates),
        )


def _verifies(signature: etree._Element, pem: str) -> bool:
    context = xmlsec.SignatureContext()
    context.key = _public_key(pem)
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
def _public_key(pem: str) -> Any:
    return xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM, None)
