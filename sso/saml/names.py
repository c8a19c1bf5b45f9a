"""The names that SAML 2.0, XML Signature and XML Encryption fix: namespaces, bindings, formats, codes, algorithms."""

from functools import cache

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
XML = "http://www.w3.org/XML/1998/namespace"

HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

NAMEID_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
NAMEID_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
NAMEID_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
NAMEID_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

STATUS_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
STATUS_PARTIAL_LOGOUT = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
STATUS_AUTHN_FAILED = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
STATUS_REQUEST_DENIED = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ENVELOPED_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

SIGNATURE_ALGORITHMS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{key}-{digest}"
    for key in ("rsa", "ecdsa")
    for digest in ("sha256", "sha384", "sha512")
)
DIGEST_ALGORITHMS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
XENC_ELEMENT = f"{XENC}Element"
GCM_KEY_BITS = {f"{XENC11}aes{bits}-gcm": bits for bits in (128, 192, 256)}
RSA_OAEP_MGF1P = f"{XENC}rsa-oaep-mgf1p"  # its mask is SHA-1's, whatever the digest
RSA_OAEP = f"{XENC11}rsa-oaep"
SHA1 = f"{DS}sha1"
MGF1_SHA1 = f"{XENC11}mgf1sha1"
# SHA-1 is not broken in this place, and what most IdPs send.
OAEP_DIGESTS = {
    SHA1: "sha1",
    f"{XENC}sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    f"{XENC}sha512": "sha512",
}
OAEP_MGF_DIGESTS = {f"{XENC11}mgf1{digest}": digest for digest in OAEP_DIGESTS.values()}

_NAMESPACES = {
    "saml": SAML,
    "samlp": SAMLP,
    "md": METADATA,
    "mdui": MDUI,
    "ds": DS,
    "xenc": XENC,
    "xenc11": XENC11,
    "ec": EXCLUSIVE_C14N,
}


@cache
def tag(prefixed: str) -> str:
    """`saml:Issuer` in the form that lxml uses."""
    prefix, _, name = prefixed.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{name}"
