"""Decrypts an assertion with our own key pairs (XML Encryption 1.1, 5.2.4 and 5.5.2): RSA-OAEP, then AES-GCM.

By the `cryptography` package on bytes that `encrypted` found in place: nothing in the document can make it look
anything up. Whatever goes wrong before the plaintext is authenticated is one refusal and takes one way, so that
nobody learns from it which step failed.
"""

import secrets
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from sso.key_pairs import decrypting_key_pairs, private_key_of
from sso.models import Connection
from sso.saml import document, names
from sso.saml.encrypted import EncryptedAssertion
from sso.saml.errors import AssertionNotSingle, DecryptionFailed
from sso.saml.names import tag
from sso.saml.preflight import UnverifiedResponse, check_shape

_NONCE_BYTES = 12
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


def private_keys_of(connection: Connection) -> list[rsa.RSAPrivateKey]:
    """The keys that an IdP may have encrypted for. Raises ConfigurationUnreadable."""
    return [_load(private_key_of(pair)) for pair in decrypting_key_pairs(connection)]


def decrypt(response: UnverifiedResponse, private_keys: Sequence[rsa.RSAPrivateKey]) -> UnverifiedResponse:
    """The response with the assertion in place of the encrypted one: a tree of its own, of the same one shape.

    Raises DecryptionFailed where no key fits, and the refusals of `document` and `preflight` for what is in it.
    """
    if response.encrypted is None:
        raise TypeError("the response has nothing encrypted")
    plaintext = _plaintext(response.encrypted, private_keys)
    assertion = _only_assertion(plaintext, response.encrypted.namespaces)
    opened = check_shape(document.parse(_put_in_place(response, assertion)))
    if opened.assertion is None:
        raise AssertionNotSingle("What was encrypted is not a readable assertion.")
    return opened


# --- Bytes -----------------------------------------------------------------------------------------------


def _plaintext(encrypted: EncryptedAssertion, private_keys: Sequence[rsa.RSAPrivateKey]) -> bytes:
    for private_key in private_keys:
        content_key = _content_key(encrypted, private_key)
        nonce, sealed = encrypted.ciphertext[:_NONCE_BYTES], encrypted.ciphertext[_NONCE_BYTES:]
        try:
            return AESGCM(content_key).decrypt(nonce, sealed, None)
        except (InvalidTag, ValueError):
            continue
    raise DecryptionFailed(
        f"None of our {len(private_keys)} keys decrypts the assertion, or it was changed on the way. Give the IdP "
        "our certificate again; it is in our metadata.",
        keys=len(private_keys),
    )


def _content_key(encrypted: EncryptedAssertion, private_key: rsa.RSAPrivateKey) -> bytes:
    """The key of the content. A random one stands in where there is none, so that both cases go the same way."""
    key_bytes = encrypted.key_bits // 8
    oaep = padding.OAEP(
        mgf=padding.MGF1(_HASHES[names.OAEP_MGF_DIGESTS[encrypted.key_mgf_digest]]()),
        algorithm=_HASHES[names.OAEP_DIGESTS[encrypted.key_digest]](),
        label=None,
    )
    stand_in = secrets.token_bytes(key_bytes)
    try:
        content_key = private_key.decrypt(encrypted.encrypted_key, oaep)
    except ValueError:
        return stand_in
    return content_key if len(content_key) == key_bytes else stand_in


@lru_cache(maxsize=256)
def _load(pem: str) -> rsa.RSAPrivateKey:
    # Our own key, sealed and authenticated at rest: to test its primes again takes 85 ms each time.
    key = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a key pair of ours is not RSA")
    return key


# --- Trees -----------------------------------------------------------------------------------------------


def _only_assertion(plaintext: bytes, namespaces: dict[str, str]) -> etree._Element:
    """The one element in the plaintext, which may use prefixes that only its old surroundings declare.

    The wrapper that declares them has a name that nobody can guess, and so can't close.
    """
    wrapper = f"_{secrets.token_hex(16)}"
    start = etree.tostring(etree.Element(wrapper, nsmap=namespaces)).removesuffix(b"/>")
    root = document.parse(b"%s>%s</%s>" % (start, plaintext, wrapper.encode()))
    elements = list(root)
    texts = [root.text, *(element.tail for element in elements)]
    if [element.tag for element in elements] != [tag("saml:Assertion")] or any(
        text and text.strip() for text in texts
    ):
        raise AssertionNotSingle("What was encrypted is not exactly one assertion.")
    return elements[0]


def _put_in_place(response: UnverifiedResponse, assertion: etree._Element) -> bytes:
    """The decrypted response as text. Moving the element would give it the prefixes of its new surroundings, and
    its signature would no longer fit; written out, it keeps its own.
    """
    root = deepcopy(response.root)
    (encrypted,) = root.iter(tag("saml:EncryptedAssertion"))
    place = etree.Element(f"_{secrets.token_hex(16)}")
    root.replace(encrypted, place)
    assertion.tail = None
    return etree.tostring(root).replace(b"<%s/>" % place.tag.encode(), etree.tostring(assertion))
