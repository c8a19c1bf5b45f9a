"""How SAML messages travel through the browser: HTTP-Redirect (Bindings 3.4) and HTTP-POST (Bindings 3.5).

By redirect a message is deflated into the query, and its signature is over the query as it was sent, so that one that
came is verified over the very characters that came. By post a message is a form field and its signature is in it.
"""

import base64
import binascii
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_plus, urlencode, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from sso.key_pairs import private_key_of
from sso.models import KeyPair, Revision
from sso.protocols import BrowserRequest
from sso.saml import names
from sso.saml.certificates import CertificateInfo
from sso.saml.errors import (
    AlgorithmNotAllowed,
    ResponseMalformed,
    ResponseTooLarge,
    SignatureInvalid,
    SignatureMissing,
    shown,
)
from sso.saml.limits import MAX_INFLATED_LENGTH, MAX_POSTED_LENGTH

_DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class Parameter(StrEnum):
    """What a message is called in a query or a form."""

    REQUEST = "SAMLRequest"
    RESPONSE = "SAMLResponse"


def by_binding(
    binding: str, xml: bytes, url: str, *, parameter: Parameter, relay_state: str, key_pair: KeyPair | None
) -> BrowserRequest:
    """A message on its way to `url`, signed where there is a key pair. An empty `relay_state` is left out."""
    send = _by_post if binding == Revision.Binding.POST else _by_redirect
    return send(xml, url, parameter=parameter, relay_state=relay_state, key_pair=key_pair)


def _by_redirect(
    xml: bytes, url: str, *, parameter: Parameter, relay_state: str, key_pair: KeyPair | None
) -> BrowserRequest:
    """Deflated into the query; a signature covers the query string itself (Bindings 3.4.4.1)."""
    deflated = zlib.compress(xml, wbits=-15)
    query = {parameter.value: base64.b64encode(deflated).decode()}
    if relay_state:
        query["RelayState"] = relay_state
    if key_pair is not None:
        query["SigAlg"] = names.RSA_SHA256
        signature = OneLogin_Saml2_Utils.sign_binary(urlencode(query), private_key_of(key_pair))
        query["Signature"] = base64.b64encode(signature).decode()
    separator = "&" if urlsplit(url).query else "?"
    return BrowserRequest(url=f"{url}{separator}{urlencode(query)}")


def _by_post(
    xml: bytes, url: str, *, parameter: Parameter, relay_state: str, key_pair: KeyPair | None
) -> BrowserRequest:
    """A form field; a signature is in the document (Bindings 3.5.4)."""
    if key_pair is not None:
        xml = OneLogin_Saml2_Utils.add_sign(xml, private_key_of(key_pair), key_pair.certificate)
    fields = {parameter.value: base64.b64encode(xml).decode()}
    return BrowserRequest(url=url, fields={**fields, **({"RelayState": relay_state} if relay_state else {})})


# --- What comes by redirect ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RedirectMessage:
    """A message in a query. `signed_text` is what its signature covers, to the letter as it came."""

    parameter: Parameter
    xml: bytes
    relay_state: str
    signed_text: str
    algorithm: str
    signature: str  # base64; "" without one


def read_redirect(query: str) -> RedirectMessage:
    """The message of a raw query string. Raises ResponseMalformed or ResponseTooLarge."""
    raw = _raw_parameters(query)
    found = [parameter for parameter in Parameter if parameter.value in raw]
    if len(found) != 1:
        raise ResponseMalformed("The query holds neither one SAMLRequest nor one SAMLResponse.")
    if raw.get("SAMLEncoding", _DEFLATE) not in (_DEFLATE, ""):
        raise ResponseMalformed("The message is not DEFLATE-encoded.")
    names_in_order = (found[0].value, "RelayState", "SigAlg")
    return RedirectMessage(
        parameter=found[0],
        xml=_inflate(unquote_plus(raw[found[0].value])),
        relay_state=unquote_plus(raw.get("RelayState", "")),
        signed_text="&".join(f"{name}={raw[name]}" for name in names_in_order if name in raw),
        algorithm=unquote_plus(raw.get("SigAlg", "")),
        signature=unquote_plus(raw.get("Signature", "")),
    )


def _raw_parameters(query: str) -> dict[str, str]:
    """By name, still encoded. One that is there twice could be read in two ways."""
    raw: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name in raw:
            raise ResponseMalformed(f"The query holds {shown(name)} more than once.")
        raw[name] = value
    return raw


def _inflate(text: str) -> bytes:
    if len(text) > MAX_POSTED_LENGTH:
        raise ResponseTooLarge(f"The message has more than {MAX_POSTED_LENGTH} characters.")
    inflate = zlib.decompressobj(wbits=-15)
    try:
        xml = inflate.decompress(base64.b64decode(text, validate=True), MAX_INFLATED_LENGTH)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise ResponseMalformed("The message is not deflated and base64-encoded.") from error
    if inflate.unconsumed_tail:
        raise ResponseTooLarge(f"The message inflates to more than {MAX_INFLATED_LENGTH} bytes.")
    if not inflate.eof:
        raise ResponseMalformed("The deflated message is cut short.")
    return xml


def verify_query_signature(message: RedirectMessage, certificates: Sequence[CertificateInfo]) -> None:
    """Raises SignatureMissing, AlgorithmNotAllowed or SignatureInvalid."""
    if not message.signature or not message.algorithm:
        raise SignatureMissing("The message is not signed.")
    if message.algorithm not in names.SIGNATURE_ALGORITHMS:
        raise AlgorithmNotAllowed(f"{shown(message.algorithm)} is not an allowed algorithm.")
    try:
        signature = base64.b64decode(message.signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureInvalid("The message's Signature is not base64.") from error
    if not any(_verifies(message, signature, info.pem) for info in certificates):
        raise SignatureInvalid(
            f"None of the {len(certificates)} trusted certificates verifies the message's signature.",
            certificates=len(certificates),
        )


def _verifies(message: RedirectMessage, signature: bytes, pem: str) -> bool:
    kind, _, digest = message.algorithm.rpartition("#")[2].partition("-")
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    signed = message.signed_text.encode()
    try:
        if isinstance(key, rsa.RSAPublicKey) and kind == "rsa":
            key.verify(signature, signed, padding.PKCS1v15(), _HASHES[digest])
        elif isinstance(key, ec.EllipticCurvePublicKey) and kind == "ecdsa":
            key.verify(_der(signature, key), signed, ec.ECDSA(_HASHES[digest]))
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True


def _der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """XML Signature 6.4.3 writes r and s one after the other. Raises ValueError for another length."""
    length = (key.key_size + 7) // 8
    if len(signature) != 2 * length:
        raise ValueError("the signature has another length")
    return encode_dss_signature(
        int.from_bytes(signature[:length], "big"), int.from_bytes(signature[length:], "big")
    )
