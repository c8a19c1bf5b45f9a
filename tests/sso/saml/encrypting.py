"""An exchange whose responses are encrypted for us, and changes to what was encrypted."""

import base64
from collections.abc import Callable

import pytest
from lxml import etree

from sso.errors import SSOError
from tests.demo_idp.saml_encryption import Encryption
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import Exchange, find, key_pair

OUR_KEY = key_pair("our key")
OUR_NEXT_KEY = key_pair("our next key")
TO_US = Encryption.to(OUR_KEY.certificate_pem)

# Where things are in an EncryptedAssertion.
DATA = "xenc:EncryptedData"
KEY = "xenc:EncryptedData/ds:KeyInfo/xenc:EncryptedKey"

Change = Callable[[etree._Element], object]


def refusal(exchange: Exchange, response: SamlResponseBuilder | str) -> SSOError:
    with pytest.raises(SSOError) as caught:
        exchange.judge(response)
    return caught.value


# --- Changes ---------------------------------------------------------------------------------------------


def element(name: str, **attributes: str) -> etree._Element:
    return etree.Element(tag(name), attributes)


def flip(path: str, at: int) -> Change:
    """Change one bit of a CipherValue."""

    def change(root: etree._Element) -> None:
        value = find(root, f"{path}/xenc:CipherData/xenc:CipherValue")
        octets = bytearray(base64.b64decode(value.text or ""))
        octets[at] ^= 1
        value.text = base64.b64encode(octets).decode()

    return change


def set_value(path: str, octets: bytes) -> Change:
    def change(root: etree._Element) -> None:
        find(root, f"{path}/xenc:CipherData/xenc:CipherValue").text = base64.b64encode(octets).decode()

    return change


def cipher_reference(path: str, uri: str) -> Change:
    def change(root: etree._Element) -> None:
        data = find(root, f"{path}/xenc:CipherData")
        data[:] = [element("xenc:CipherReference", URI=uri)]

    return change


def add(path: str, name: str, at: int = 99, **attributes: str) -> Change:
    def change(root: etree._Element) -> None:
        place = find(root, path) if path else root
        place.insert(at, element(name, **attributes))

    return change
