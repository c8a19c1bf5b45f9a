"""AuthnRequests (Core 3.4.1)."""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from hubsso import net
from hubsso.crypto import random_token
from sso.errors import ConfigurationUnreadable, SilentLoginFailed
from sso.key_pairs import signing_key_pair
from sso.models import LoginAttempt, Revision
from sso.protocols import BrowserRequest
from sso.saml import names
from sso.saml.bindings import Parameter, by_binding
from sso.saml.certificates import trusted_certificates
from sso.saml.errors import shown
from sso.saml.names import tag
from sso.saml.sp import ServiceProvider, service_provider
from sso.saml.times import format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How the IdP is to authenticate: without showing itself, anew, by one of these classes (any, if none)."""

    is_passive: bool
    force_authn: bool
    context_classes: tuple[str, ...]


def begin(attempt: LoginAttempt, revision: Revision) -> BrowserRequest:
    """Give the attempt its `request_id`, and say how the browser carries the request to the IdP.

    Raises ConfigurationUnreadable, or a CertificateError when no answer could be verified anyway, and
    SilentLoginFailed where the IdP is to ask everybody anew: ForceAuthn and IsPassive contradict each other.
    """
    now = attempt.created_at
    if revision.force_authn and attempt.is_silent:
        raise SilentLoginFailed("Members are to sign in anew each time, which can't be done silently.")
    trusted_certificates(revision, now=now)
    _check_sso_url(revision.sso_url)
    key_pair = signing_key_pair(revision.connection) if revision.sign_requests else None
    attempt.request_id = f"_{random_token()}"
    xml = _authn_request(
        sp=service_provider(revision.connection.uid),
        destination=revision.sso_url,
        request_id=attempt.request_id,
        wishes=Wishes(
            is_passive=attempt.is_silent,
            force_authn=revision.force_authn,
            context_classes=tuple(revision.authn_context_classes),
        ),
        now=now,
    )
    return by_binding(
        revision.sso_binding,
        xml,
        revision.sso_url,
        parameter=Parameter.REQUEST,
        relay_state=attempt.state,
        key_pair=key_pair,
    )


def _check_sso_url(url: str) -> None:
    """Raises ConfigurationUnreadable for an address that members can't be sent to.

    The browser goes there and not we, but by the same strict rule: the host ends up in a header, and every parser
    on the way must see the same one.
    """
    try:
        net.check_url(url)
    except net.UrlNotAllowed as error:
        raise ConfigurationUnreadable(f"The SSO URL {shown(url)} can't be used: {error.detail}") from error


def _authn_request(
    *, sp: ServiceProvider, destination: str, request_id: str, wishes: Wishes, now: datetime
) -> bytes:
    """The document. Built as a tree: the library's text template would not escape an SSO URL with a query."""
    request = etree.Element(
        tag("samlp:AuthnRequest"),
        {
            "ID": request_id,
            "Version": "2.0",
            "IssueInstant": format_instant(now),
            "Destination": destination,
            "ProtocolBinding": names.HTTP_POST,
            "AssertionConsumerServiceURL": sp.acs_url,
        },
        nsmap={"samlp": names.SAMLP, "saml": names.SAML},
    )
    if wishes.is_passive:
        request.set("IsPassive", "true")
    if wishes.force_authn:
        request.set("ForceAuthn", "true")
    etree.SubElement(request, tag("saml:Issuer")).text = sp.entity_id
    policy = {"Format": names.NAMEID_UNSPECIFIED, "AllowCreate": "true"}
    etree.SubElement(request, tag("samlp:NameIDPolicy"), policy)
    if wishes.context_classes:
        context = etree.SubElement(request, tag("samlp:RequestedAuthnContext"), {"Comparison": "exact"})
        for context_class in wishes.context_classes:
            etree.SubElement(context, tag("saml:AuthnContextClassRef")).text = context_class
    return etree.tostring(request)
