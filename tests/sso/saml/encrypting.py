"""An exchange whose responses are encrypted for us, and changes to what was encrypted."""

from collections.abc import Callable

import pytest
from lxml import etree

from sso.errors import SSOError
from tests.demo_idp.saml_encryption import Encryption
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import Exchange, key_pair

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
