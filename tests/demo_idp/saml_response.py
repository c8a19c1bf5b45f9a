"""SAML responses, right or wrong in any way one likes."""

import base64
import dataclasses
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from lxml import etree

from tests.demo_idp import saml_names as names
from tests.demo_idp.keys import SamlKeyPair
from tests.demo_idp.saml_encryption import Encryption
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_signing import RSA_SHA256, SHA256, sign_element

CLOCK_LEEWAY_SECONDS = 30


def new_id() -> str:
    """An XML ID: it must not begin with a digit."""
    return f"_{secrets.token_hex(16)}"


def saml_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class SamlResponseBuilder:
    """One Response to be, with one Assertion. None leaves a thing out.

    `honest(...)` makes a right one; `but(...)` makes it wrong. `change_signed` gets the finished, signed root
    element and may do anything to it.
    """

    signing_key: SamlKeyPair
    sign_assertion: bool = True
    sign_response: bool = False
    signature_algorithm: str = RSA_SHA256
    digest_algorithm: str = SHA256
    encryption: Encryption | None = None
    """Encrypts the assertion after it is signed, and before the response is."""
    change_signed: Callable[[etree._Element], object] | None = None

    response_id: str | None = field(default_factory=new_id)
    response_issuer: str | None
    response_in_response_to: str | None
    destination: str | None
    issue_instant: datetime
    status: str = names.SUCCESS
    sub_status: str | None = None

    with_assertion: bool = True
    assertion_id: str | None = field(default_factory=new_id)
    issuer: str | None
    name_id: str | None
    name_id_format: str | None = names.NAMEID_PERSISTENT
    confirmation_method: str | None = names.BEARER
    recipient: str | None
    in_response_to: str | None
    """In the SubjectConfirmationData, which the assertion's signature covers."""
    confirmation_not_on_or_after: datetime | None
    not_before: datetime | None
    not_on_or_after: datetime | None
    audiences: Sequence[str] | None
    more_audience_restrictions: Sequence[Sequence[str]] = ()
    authn_instant: datetime | None
    authn_context_class: str | None = names.PASSWORD_CONTEXT
    session_index: str | None = None
    session_not_on_or_after: datetime | None = None
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def honest(
        cls,
        *,
        issuer: str,
        acs_url: str,
        audience: str,
        in_response_to: str | None,
        name_id: str,
        signing_key: SamlKeyPair,
        now: datetime,
        lifetime_seconds: int = 300,
        **fields: Any,
    ) -> Self:
        """A response that an SP must accept (SAML Profiles, 4.1.4.2). `fields` win over what follows."""
        expires_at = now + timedelta(seconds=lifetime_seconds)
        defaults: dict[str, Any] = {
            "signing_key": signing_key,
            "response_issuer": issuer,
            "response_in_response_to": in_response_to,
            "destination": acs_url,
            "issue_instant": now,
            "issuer": issuer,
            "name_id": name_id,
            "recipient": acs_url,
            "in_response_to": in_response_to,
            "confirmation_not_on_or_after": expires_at,
            "not_before": now - timedelta(seconds=CLOCK_LEEWAY_SECONDS),
            "not_on_or_after": expires_at,
            "audiences": (audience,),
            "authn_instant": now,
        }
        return cls(**{**defaults, **fields})

    def but(self, **changes: Any) -> Self:
        """The same response with some fields changed."""
        return dataclasses.replace(self, **changes)

    def element(self) -> etree._Element:
        """The signed Response element."""
        response = self._response()
        if self.with_assertion:
            assertion = self._assertion()
            signed = self._sign(assertion) if self.sign_assertion else assertion
            response.append(self.encryption.encrypt(signed) if self.encryption else signed)
        if self.sign_response:
            response = self._sign(response)
        if self.change_signed is not None:
            self.change_signed(response)
        return response

    def xml(self) -> bytes:
        return etree.tostring(self.element())

    def base64(self) -> str:
        """The value of the form field `SAMLResponse`."""
        return base64.b64encode(self.xml()).decode()

    def _sign(self, element: etree._Element) -> etree._Element:
        return sign_element(
            element,
            self.signing_key,
            signature_algorithm=self.signature_algorithm,
            digest_algorithm=self.digest_algorithm,
        )

    def _response(self) -> etree._Element:
        response = etree.Element(tag("samlp:Response"), nsmap={"samlp": names.SAMLP, "saml": names.SAML})
        _set(response, ID=self.response_id, Version="2.0", IssueInstant=saml_time(self.issue_instant))
        _set(response, Destination=self.destination, InResponseTo=self.response_in_response_to)
        _add_text(response, "saml:Issuer", self.response_issuer)
        status = _add(response, "samlp:Status")
        code = _add(status, "samlp:StatusCode", Value=self.status)
        if self.sub_status is not None:
            _add(code, "samlp:StatusCode", Value=self.sub_status)
        return response

    def _assertion(self) -> etree._Element:
        assertion = etree.Element(tag("saml:Assertion"), nsmap={"saml": names.SAML})
        _set(assertion, ID=self.assertion_id, Version="2.0", IssueInstant=saml_time(self.issue_instant))
        _add_text(assertion, "saml:Issuer", self.issuer)
        self._add_subject(assertion)
        self._add_conditions(assertion)
        self._add_authn_statement(assertion)
        self._add_attributes(assertion)
        return assertion

    def _add_subject(self, assertion: etree._Element) -> None:
        subject = _add(assertion, "saml:Subject")
        _add_text(subject, "saml:NameID", self.name_id, Format=self.name_id_format)
        if self.confirmation_method is None:
            return
        confirmation = _add(subject, "saml:SubjectConfirmation", Method=self.confirmation_method)
        _add(
            confirmation,
            "saml:SubjectConfirmationData",
            NotOnOrAfter=self.confirmation_not_on_or_after,
            Recipient=self.recipient,
            InResponseTo=self.in_response_to,
        )

    def _add_conditions(self, assertion: etree._Element) -> None:
        conditions = _add(
            assertion, "saml:Conditions", NotBefore=self.not_before, NotOnOrAfter=self.not_on_or_after
        )
        first = () if self.audiences is None else (self.audiences,)
        for audiences in (*first, *self.more_audience_restrictions):
            restriction = _add(conditions, "saml:AudienceRestriction")
            for audience in audiences:
                _add_text(restriction, "saml:Audience", audience)

    def _add_authn_statement(self, assertion: etree._Element) -> None:
        if self.authn_instant is None:
            return
        statement = _add(
            assertion,
            "saml:AuthnStatement",
            AuthnInstant=self.authn_instant,
            SessionIndex=self.session_index,
            SessionNotOnOrAfter=self.session_not_on_or_after,
        )
        context = _add(statement, "saml:AuthnContext")
        _add_text(context, "saml:AuthnContextClassRef", self.authn_context_class)

    def _add_attributes(self, assertion: etree._Element) -> None:
        if not self.attributes:
            return
        statement = _add(assertion, "saml:AttributeStatement")
        for name, values in self.attributes.items():
            name_format = names.URI_NAME_FORMAT if ":" in name else names.BASIC_NAME_FORMAT
            attribute = _add(statement, "saml:Attribute", Name=name, NameFormat=name_format)
            for value in values:
                _add_text(attribute, "saml:AttributeValue", value)


def _set(element: etree._Element, **attributes: str | datetime | None) -> None:
    for name, value in attributes.items():
        if value is not None:
            element.set(name, saml_time(value) if isinstance(value, datetime) else value)


def _add(parent: etree._Element, prefixed: str, **attributes: str | datetime | None) -> etree._Element:
    child = etree.SubElement(parent, tag(prefixed))
    _set(child, **attributes)
    return child


def _add_text(parent: etree._Element, prefixed: str, text: str | None, **attributes: str | None) -> None:
    if text is not None:
        _add(parent, prefixed, **attributes).text = text
