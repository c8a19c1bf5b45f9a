"""What each fault of encryption changes in how an assertion is encrypted."""

import base64
from collections.abc import Callable
from typing import Any

from lxml import etree

from tests.demo_idp.faults import SAMLFault
from tests.demo_idp.saml_encryption import AES256_CBC, RSA1_5, Encryption
from tests.demo_idp.saml_names import NAMESPACES, tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.demo_idp.tenant import Tenant

Change = Callable[[SamlResponseBuilder, Tenant], dict[str, Any]]


def _encryption_of(response: SamlResponseBuilder) -> Encryption:
    if response.encryption is None:
        raise ValueError(
            "a fault of encryption needs an SP to encrypt for: give it an encryption_certificate"
        )
    return response.encryption


def _but(**changes: Any) -> Change:
    return lambda response, tenant: {"encryption": _encryption_of(response).but(**changes)}


def _for_another(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    another = Encryption(certificate=tenant.unpublished_saml_key_pair().certificate)
    return {
        "encryption": response.encryption.but(certificate=another.certificate)
        if response.encryption
        else another
    }


def _unsigned(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    """Encrypted for the SP, in a response that is signed: only the assertion in it is not."""
    _encryption_of(response)
    return {"sign_assertion": False, "sign_response": True}


def _plain_beside(response: SamlResponseBuilder, tenant: Tenant) -> dict[str, Any]:
    """An assertion in the clear before the encrypted one, which says another subject."""
    injected = response.but(encryption=None, name_id="another-subject", sign_assertion=False)

    def inject(root: etree._Element) -> None:
        (encrypted,) = root.iter(tag("saml:EncryptedAssertion"))
        (plain,) = etree.fromstring(injected.xml()).iter(tag("saml:Assertion"))
        encrypted.addprevious(plain)

    return {"encryption": _encryption_of(response), "change_signed": inject}


def _tamper(encrypted: etree._Element) -> None:
    """Change one bit of the ciphertext."""
    (value,) = encrypted.findall("xenc:EncryptedData/xenc:CipherData/xenc:CipherValue", NAMESPACES)
    octets = bytearray(base64.b64decode(value.text or ""))
    octets[len(octets) // 2] ^= 1
    value.text = base64.b64encode(octets).decode()


def _refer_to_file(encrypted: etree._Element) -> None:
    (data,) = encrypted.findall("xenc:EncryptedData/xenc:CipherData", NAMESPACES)
    data[:] = [etree.Element(tag("xenc:CipherReference"), URI="file:///etc/hostname")]


ENCRYPTION_FAULTS: dict[SAMLFault, Change] = {
    SAMLFault.NOT_ENCRYPTED: lambda response, tenant: {"encryption": None},
    SAMLFault.ENCRYPTED_FOR_ANOTHER: _for_another,
    SAMLFault.ENCRYPTED_AND_TAMPERED: _but(change=_tamper),
    SAMLFault.ENCRYPTED_UNSIGNED: _unsigned,
    SAMLFault.PLAIN_BESIDE_ENCRYPTED: _plain_beside,
    SAMLFault.ENCRYPTED_BY_CBC: _but(algorithm=AES256_CBC),
    SAMLFault.ENCRYPTED_BY_RSA1_5: _but(key_algorithm=RSA1_5),
    SAMLFault.CIPHER_REFERENCE: _but(change=_refer_to_file),
    SAMLFault.TWO_ENCRYPTED_KEYS: _but(keys=2),
}
