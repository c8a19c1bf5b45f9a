"""Reading an AuthnRequest, and checking who sent it (SAML Bindings, 3.4 and 3.5)."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from werkzeug.wrappers import Request

from tests.demo_idp import saml_names as names
from tests.demo_idp.config import SAMLServiceProvider
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_signing import RSA_SHA256, BadSignature, verify_root
from tests.demo_idp.tenant import Tenant

MAX_REQUEST_BYTES = 256 * 1024


class RequestRefused(Exception):
    """The AuthnRequest cannot be served; the message is for the person at the browser."""


@dataclass(frozen=True, kw_only=True)
class AuthnRequest:
    """What the SP asked for. `service_provider` is registered and `acs_url` is its own."""

    request_id: str
    service_provider: SAMLServiceProvider
    acs_url: str
    relay_state: str | None
    force_authn: bool
    is_passive: bool
    name_id_format: str | None
    context_classes: tuple[str, ...]


def read_authn_request(tenant: Tenant, request: Request) -> AuthnRequest:
    """Read the request from the Redirect or the POST binding. Raises RequestRefused."""
    document, root, service_provider = read_document(tenant, request, tag("samlp:AuthnRequest"))
    if service_provider.certificate is not None:
        check_sp_signature(request, document, service_provider.certificate)
    _check_addresses(tenant, root, service_provider)
    policy = root.find(tag("samlp:NameIDPolicy"))
    return AuthnRequest(
        request_id=root.get("ID", ""),
        service_provider=service_provider,
        acs_url=service_provider.acs_url,
        relay_state=request.values.get("RelayState"),
        force_authn=_is_true(root.get("ForceAuthn")),
        is_passive=_is_true(root.get("IsPassive")),
        name_id_format=None if policy is None else policy.get("Format"),
        context_classes=tuple(element.text or "" for element in root.iter(tag("saml:AuthnContextClassRef"))),
    )


def read_document(
    tenant: Tenant, request: Request, expected_tag: str
) -> tuple[bytes, etree._Element, SAMLServiceProvider]:
    """A message of an SP, by either binding: as it was sent, its root, and who says to have sent it."""
    parameter = "SAMLRequest" if "SAMLRequest" in request.values else "SAMLResponse"
    document = (
        _decode_redirect(request, parameter)
        if request.method == "GET"
        else _decode_base64(request.form, parameter)
    )
    root = _parse(document, expected_tag)
    issuer = root.findtext(tag("saml:Issuer"), default="").strip()
    service_provider = tenant.service_providers.get(issuer)
    if service_provider is None:
        raise RequestRefused("The service provider that sent you is not registered here.")
    return document, root, service_provider


def _decode_redirect(request: Request, parameter: str) -> bytes:
    inflate = zlib.decompressobj(wbits=-15)
    try:
        document = inflate.decompress(_decode_base64(request.args, parameter), MAX_REQUEST_BYTES)
    except zlib.error as error:
        raise RequestRefused("The SAMLRequest is not deflated.") from error
    if inflate.unconsumed_tail:
        raise RequestRefused("The SAMLRequest is too large.")
    return document


def _decode_base64(parameters: "dict[str, str]", parameter: str) -> bytes:
    value = parameters.get(parameter)
    if not value or len(value) > MAX_REQUEST_BYTES:
        raise RequestRefused("There is no SAMLRequest, or it is too large.")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error as error:
        raise RequestRefused("The SAMLRequest is not base64.") from error


def _parse(document: bytes, expected_tag: str) -> etree._Element:
    if b"<!DOCTYPE" in document:
        raise RequestRefused("The SAMLRequest has a document type.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise RequestRefused("The SAMLRequest is not XML.") from error
    if root.tag != expected_tag or not root.get("ID"):
        raise RequestRefused("The message is not of the kind that is taken here.")
    return root


def _check_addresses(tenant: Tenant, root: etree._Element, service_provider: SAMLServiceProvider) -> None:
    if root.get("Destination", tenant.saml_sso_url) != tenant.saml_sso_url:
        raise RequestRefused("The request is meant for another address.")
    if root.get("AssertionConsumerServiceURL", service_provider.acs_url) != service_provider.acs_url:
        raise RequestRefused("The ACS URL is not registered for this service provider.")
    if root.get("ProtocolBinding", names.HTTP_POST) != names.HTTP_POST:
        raise RequestRefused("Responses go by HTTP-POST only.")


def check_sp_signature(request: Request, document: bytes, certificate_pem: str) -> None:
    if request.method == "GET":
        _check_query_signature(request, certificate_pem)
        return
    try:
        verify_root(document, certificate_pem)
    except BadSignature as error:
        raise RequestRefused("The request is not signed by its service provider.") from error


def _check_query_signature(request: Request, certificate_pem: str) -> None:
    """The detached signature of the Redirect binding: over the parameters as they were encoded (3.4.4.1)."""
    raw = dict(part.partition("=")[::2] for part in request.query_string.decode("ascii").split("&"))
    signed = "&".join(
        f"{name}={raw[name]}"
        for name in ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg")
        if name in raw
    )
    key = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    if not isinstance(key, rsa.RSAPublicKey) or unquote_plus(raw.get("SigAlg", "")) != RSA_SHA256:
        raise RequestRefused("The request is not signed, or not with RSA-SHA256.")
    try:
        signature = base64.b64decode(unquote_plus(raw.get("Signature", "")), validate=True)
        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, InvalidSignature) as error:
        raise RequestRefused("The request is not signed by its service provider.") from error


def _is_true(value: str | None) -> bool:
    return value in {"true", "1"}
