"""LogoutRequests and LogoutResponses of the IdP, right ones and wrong ones, for both bindings."""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from tests.demo_idp import saml_names as names
from tests.demo_idp.keys import SamlKeyPair
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import new_id
from tests.demo_idp.saml_signing import RSA_SHA256, SHA256, sign_element

LIFETIME = timedelta(minutes=5)


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class LogoutMessage:
    """A message that is honest unless a test changes something. `name_id` makes it a request.

    `change` alters the document before it is signed, `change_signed` after.
    """

    issuer: str
    destination: str | None
    issued_at: datetime
    signing_key: SamlKeyPair | None
    message_id: str
    name_id: str | None = None
    name_id_attributes: tuple[tuple[str, str], ...] = ()
    session_indexes: tuple[str, ...] = ()
    not_on_or_after: datetime | None = None
    in_response_to: str | None = None
    status: str = names.SUCCESS
    signature_algorithm: str = RSA_SHA256
    digest_algorithm: str = SHA256
    change: Callable[[etree._Element], object] | None = None
    change_signed: Callable[[etree._Element], object] | None = None

    @classmethod
    def request(cls, **fields: Any) -> "LogoutMessage":
        return cls(
            **{
                "message_id": new_id(),
                "not_on_or_after": fields["issued_at"] + LIFETIME,
                **fields,
            }
        )

    @classmethod
    def response(cls, **fields: Any) -> "LogoutMessage":
        return cls(**{"message_id": new_id(), **fields})

    def but(self, **changes: Any) -> "LogoutMessage":
        return replace(self, **changes)

    @property
    def parameter(self) -> str:
        return "SAMLRequest" if self.name_id is not None else "SAMLResponse"

    def element(self) -> etree._Element:
        """The document, unsigned."""
        kind = "LogoutRequest" if self.name_id is not None else "LogoutResponse"
        root = etree.Element(tag(f"samlp:{kind}"), nsmap={"samlp": names.SAMLP, "saml": names.SAML})
        attributes = {
            "ID": self.message_id,
            "Version": "2.0",
            "IssueInstant": instant(self.issued_at),
            "Destination": self.destination,
            "NotOnOrAfter": instant(self.not_on_or_after) if self.not_on_or_after else None,
            "InResponseTo": self.in_response_to,
        }
        for name, value in attributes.items():
            if value is not None:
                root.set(name, value)
        etree.SubElement(root, tag("saml:Issuer")).text = self.issuer
        if self.name_id is not None:
            etree.SubElement(root, tag("saml:NameID"), dict(self.name_id_attributes)).text = self.name_id
            for index in self.session_indexes:
                etree.SubElement(root, tag("samlp:SessionIndex")).text = index
        else:
            status = etree.SubElement(root, tag("samlp:Status"))
            etree.SubElement(status, tag("samlp:StatusCode"), Value=self.status)
        if self.change is not None:
            self.change(root)
        return root

    def post_fields(self, relay_state: str | None = None) -> dict[str, str]:
        """What the form of the POST binding holds; the signature is in the document."""
        root = self.element()
        if self.signing_key is not None:
            root = sign_element(
                root,
                self.signing_key,
                signature_algorithm=self.signature_algorithm,
                digest_algorithm=self.digest_algorithm,
            )
        if self.change_signed is not None:
            self.change_signed(root)
        fields = {self.parameter: base64.b64encode(etree.tostring(root)).decode()}
        return fields if relay_state is None else {**fields, "RelayState": relay_state}

    def query(self, relay_state: str | None = None, *, lower_case_escapes: bool = False) -> str:
        """The query of the Redirect binding, with a signature over its characters as they stand.

        Some IdPs write escapes in lower case (`%2b`), which is why nobody may encode them anew.
        """
        deflated = zlib.compress(etree.tostring(self.element()), wbits=-15)
        parameters = {self.parameter: base64.b64encode(deflated).decode()}
        if relay_state is not None:
            parameters["RelayState"] = relay_state
        if self.signing_key is None:
            return urlencode(parameters)
        parameters["SigAlg"] = self.signature_algorithm
        signed = "&".join(
            f"{name}={_escaped(value, lower_case_escapes)}" for name, value in parameters.items()
        )
        signature = self.signing_key.private_key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}&Signature={quote(base64.b64encode(signature).decode(), safe='')}"


def _escaped(value: str, in_lower_case: bool) -> str:
    escaped = quote(value, safe="")
    if not in_lower_case:
        return escaped
    first, *rest = escaped.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
