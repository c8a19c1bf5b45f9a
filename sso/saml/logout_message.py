"""What LogoutRequests and LogoutResponses have in common (Core 3.2 and 3.7): how they come, and whose they are.

A message counts only if it is signed by a certificate of the live revision, however it came, and is for us and of
now. Logouts of retired revisions are not taken: their sessions open no gate any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from lxml import etree

from sso.models import Connection, Revision
from sso.saml import document
from sso.saml.bindings import Parameter, RedirectMessage, verify_query_signature
from sso.saml.certificates import CertificateInfo, trusted_certificates
from sso.saml.errors import DestinationMismatch, IssuerMismatch, SignatureNotAllowed, shown
from sso.saml.limits import MAX_LOGOUT_AGE
from sso.saml.logout_errors import LogoutMalformed, LogoutNotExpected, LogoutNotTimely, LogoutUnsigned
from sso.saml.names import tag
from sso.saml.posted import PostedForm
from sso.saml.preflight import check_logout_shape
from sso.saml.signatures import verify_root_signature
from sso.saml.sp import service_provider
from sso.saml.times import parse_instant

_ROOTS = {
    Parameter.REQUEST: tag("samlp:LogoutRequest"),
    Parameter.RESPONSE: tag("samlp:LogoutResponse"),
}


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message that came, of the right shape. Nothing of it is true yet. `detached` is how it came by redirect."""

    parameter: Parameter
    root: etree._Element
    relay_state: str
    detached: RedirectMessage | None = None


@dataclass(frozen=True, slots=True)
class VerifiedMessage:
    """A message that the IdP of `revision` signed, for us and of now."""

    root: etree._Element
    revision: Revision
    relay_state: str
    usable_until: datetime

    @property
    def message_id(self) -> str:
        return str(self.root.get("ID", ""))


def received_by_redirect(message: RedirectMessage) -> ReceivedMessage:
    """Raises what `document` and `preflight` raise, and SignatureNotAllowed for a signature in the document.

    By redirect the signature stands in the query (Bindings 3.4.4.1: any other must be removed).
    """
    root = check_logout_shape(document.parse(message.xml), _ROOTS[message.parameter])
    if root.find(tag("ds:Signature")) is not None:
        raise SignatureNotAllowed("A message that came by redirect holds a signature.")
    return ReceivedMessage(message.parameter, root, message.relay_state, message)


def received_by_post(form: PostedForm) -> ReceivedMessage:
    """Raises LogoutMalformed, and what `document` and `preflight` raise."""
    if bool(form.saml_request) == bool(form.saml_response):
        raise LogoutMalformed("The form holds neither one SAMLRequest nor one SAMLResponse.")
    parameter = Parameter.REQUEST if form.saml_request else Parameter.RESPONSE
    root = document.parse_posted(form.saml_request or form.saml_response)
    return ReceivedMessage(parameter, check_logout_shape(root, _ROOTS[parameter]), form.relay_state)


def verify(message: ReceivedMessage, connection: Connection, *, now: datetime) -> VerifiedMessage:
    """Whose it is, for whom, and when.

    Raises LogoutNotExpected, LogoutUnsigned, SignatureInvalid, AlgorithmNotAllowed, IssuerMismatch,
    DestinationMismatch, LogoutNotTimely, or a CertificateError.
    """
    revision = connection.revisions.filter(status=Revision.Status.LIVE).first()
    if revision is None or not connection.is_enabled:
        raise LogoutNotExpected("A logout came, but the connection is off or has no live revision.")
    revision.connection = connection
    _check_signature(message, trusted_certificates(revision, now=now))
    _check_addresses(message.root, revision)
    return VerifiedMessage(
        root=message.root,
        revision=revision,
        relay_state=message.relay_state,
        usable_until=_check_time(message.root, now=now),
    )


def _check_signature(message: ReceivedMessage, certificates: Sequence[CertificateInfo]) -> None:
    if message.detached is not None:
        if not message.detached.signature:
            raise LogoutUnsigned("The message is not signed. Let the IdP sign logout messages.")
        verify_query_signature(message.detached, certificates)
        return
    if message.root.find(tag("ds:Signature")) is None:
        raise LogoutUnsigned("The message is not signed. Let the IdP sign logout messages.")
    verify_root_signature(message.root, certificates)


def _check_addresses(root: etree._Element, revision: Revision) -> None:
    """A signed message names where it goes (Bindings 3.4.5.2 and 3.5.5.2), and its Issuer is there."""
    issuers = root.findall(tag("saml:Issuer"))
    issuer = issuers[0].text if len(issuers) == 1 and not len(issuers[0]) else None
    if issuer != revision.issuer:
        raise IssuerMismatch(f"The message's Issuer is {shown(issuer)}, expected {shown(revision.issuer)}.")
    expected = service_provider(revision.connection.uid).slo_url
    if root.get("Destination") != expected:
        raise DestinationMismatch(
            f"The message's Destination is {shown(root.get('Destination'))}, expected {shown(expected)}."
        )


def _check_time(root: etree._Element, *, now: datetime) -> datetime:
    """Returns until when it could be taken."""
    skew = timedelta(seconds=settings.SSO_CLOCK_SKEW_SECONDS)
    issued_at = parse_instant(root.get("IssueInstant", ""))
    if issued_at > now + skew:
        raise LogoutNotTimely(f"The message was made in the future, at {issued_at:%H:%M:%S} UTC.")
    ends_at = issued_at + MAX_LOGOUT_AGE
    if "NotOnOrAfter" in root.attrib:
        ends_at = min(ends_at, parse_instant(root.get("NotOnOrAfter", "")))
    if now >= ends_at + skew:
        raise LogoutNotTimely(f"The message was good until {ends_at:%H:%M:%S} UTC, and came later.")
    return ends_at + skew
