"""Encrypted assertions (XML Encryption 1.1), as an IdP makes them and as an attacker would.

`Encryption.to(certificate)` is what an SP should be given; `but(...)` makes it something else.
"""

import base64
import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives import padding as block_padding
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from lxml import etree

from tests.demo_idp.saml_names import DS, SAML, XENC, XENC11

AES256_GCM = f"{XENC11}aes256-gcm"
AES256_CBC = f"{XENC}aes256-cbc"
RSA_OAEP_MGF1P = f"{XENC}rsa-oaep-mgf1p"
RSA_OAEP = f"{XENC11}rsa-oaep"
RSA1_5 = f"{XENC}rsa-1_5"
SHA1 = f"{DS}sha1"
SHA256 = f"{XENC}sha256"
MGF1_SHA1 = f"{XENC11}mgf1sha1"
MGF1_SHA256 = f"{XENC11}mgf1sha256"
ELEMENT = f"{XENC}Element"

_KEY_BYTES = {
    **{f"{XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)},
    **{f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)},
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    SHA1: hashes.SHA1(),  # noqa: S303 - what most IdPs use in this place
    SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
    MGF1_SHA1: hashes.SHA1(),  # noqa: S303
    MGF1_SHA256: hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}

Change = Callable[[etree._Element], object]


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """How an assertion is encrypted. None leaves a thing out.

    `change_plaintext` may change the bytes before they are encrypted, `change` the finished EncryptedAssertion.
    """

    certificate: x509.Certificate
    algorithm: str = AES256_GCM
    key_algorithm: str = RSA_OAEP_MGF1P
    digest: str | None = SHA1
    mgf: str | None = None
    key_beside: bool = False
    """The EncryptedKey after the EncryptedData, as some IdPs put it, instead of in its KeyInfo."""
    type: str | None = ELEMENT
    keys: int = 1
    change_plaintext: Callable[[bytes], bytes] | None = None
    change: Change | None = None

    @classmethod
    def to(cls, certificate_pem: str, **fields: Any) -> Self:
        return cls(certificate=x509.load_pem_x509_certificate(certificate_pem.encode()), **fields)

    def but(self, **changes: Any) -> Self:
        return dataclasses.replace(self, **changes)

    def encrypt(self, assertion: etree._Element) -> etree._Element:
        """The EncryptedAssertion that holds the assertion, which must be a root."""
        plaintext = etree.tostring(assertion)
        if self.change_plaintext is not None:
            plaintext = self.change_plaintext(plaintext)
        content_key = secrets.token_bytes(_KEY_BYTES[self.algorithm])
        root = etree.Element(f"{{{SAML}}}EncryptedAssertion", nsmap={"saml": SAML})
        data = etree.SubElement(root, f"{{{XENC}}}EncryptedData", nsmap={"xenc": XENC}, Id="_data")
        if self.type is not None:
            data.set("Type", self.type)
        etree.SubElement(data, f"{{{XENC}}}EncryptionMethod", Algorithm=self.algorithm)
        keys = [self._encrypted_key(content_key) for _ in range(self.keys)]
        if keys and not self.key_beside:
            etree.SubElement(data, f"{{{DS}}}KeyInfo", nsmap={"ds": DS}).extend(keys)
        _add_cipher_value(data, self._encrypt_content(content_key, plaintext))
        if self.key_beside:
            root.extend(keys)
        if self.change is not None:
            self.change(root)
        return root

    def _encrypt_content(self, key: bytes, plaintext: bytes) -> bytes:
        if self.algorithm.endswith("-gcm"):
            nonce = secrets.token_bytes(12)
            return nonce + AESGCM(key).encrypt(nonce, plaintext, None)
        padder = block_padding.PKCS7(128).padder()
        nonce = secrets.token_bytes(16)
        encryptor = Cipher(AES(key), modes.CBC(nonce)).encryptor()
        return nonce + encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()

    def _encrypted_key(self, content_key: bytes) -> etree._Element:
        public_key = self.certificate.public_key()
        assert isinstance(public_key, rsa.RSAPublicKey)
        element = etree.Element(f"{{{XENC}}}EncryptedKey", nsmap={"xenc": XENC, "ds": DS})
        method = etree.SubElement(element, f"{{{XENC}}}EncryptionMethod", Algorithm=self.key_algorithm)
        if self.key_algorithm != RSA1_5 and self.digest is not None:
            etree.SubElement(method, f"{{{DS}}}DigestMethod", Algorithm=self.digest)
        if self.mgf is not None:
            etree.SubElement(method, f"{{{XENC11}}}MGF", nsmap={"xenc11": XENC11}, Algorithm=self.mgf)
        data = etree.SubElement(etree.SubElement(element, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(der).decode()
        _add_cipher_value(element, public_key.encrypt(content_key, self._padding()))
        return element

    def _padding(self) -> padding.AsymmetricPadding:
        if self.key_algorithm == RSA1_5:
            return padding.PKCS1v15()
        mask = padding.MGF1(_HASHES[self.mgf or MGF1_SHA1])
        return padding.OAEP(mgf=mask, algorithm=_HASHES[self.digest or SHA1], label=None)


def _add_cipher_value(parent: etree._Element, value: bytes) -> None:
    data = etree.SubElement(parent, f"{{{XENC}}}CipherData")
    etree.SubElement(data, f"{{{XENC}}}CipherValue").text = base64.b64encode(value).decode()
