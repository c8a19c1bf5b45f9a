"""LogoutResponses (Core 3.7.2): ours to an IdP that asked, and the IdP's, when we had asked."""

from datetime import datetime

from lxml import etree

from hubsso.crypto import random_token
from sso.key_pairs import active_key_pair
from sso.models import Connection, LogoutAttempt
from sso.protocols import BrowserRequest
from sso.saml import names
from sso.saml.bindings import Parameter, by_binding
from sso.saml.errors import shown
from sso.saml.limits import MAX_RELAY_STATE_BYTES
from sso.saml.logout_errors import LogoutAnswerUnknown, LogoutMalformed
from sso.saml.logout_message import VerifiedMessage
from sso.saml.names import tag
from sso.saml.sp import service_provider
from sso.saml.times import format_instant


def logout_response(request: VerifiedMessage, *, now: datetime) -> BrowserRequest | None:
    """Success, to where the IdP takes answers; None where that is not known. Signed where there is a key pair.

    Success also where nothing was found to end: all that was asked for is so.
    """
    revision = request.revision
    url = revision.slo_response_url or revision.slo_url
    if not url:
        return None
    root = etree.Element(
        tag("samlp:LogoutResponse"),
        {
            "ID": f"_{random_token()}",
            "Version": "2.0",
            "IssueInstant": format_instant(now),
            "Destination": url,
            "InResponseTo": request.message_id,
        },
        nsmap={"samlp": names.SAMLP, "saml": names.SAML},
    )
    etree.SubElement(root, tag("saml:Issuer")).text = service_provider(revision.connection.uid).entity_id
    status = etree.SubElement(root, tag("samlp:Status"))
    etree.SubElement(status, tag("samlp:StatusCode"), {"Value": names.STATUS_SUCCESS})
    return by_binding(
        revision.slo_binding,
        etree.tostring(root),
        url,
        parameter=Parameter.RESPONSE,
        relay_state=_echoed(request.relay_state),
        key_pair=active_key_pair(revision.connection),
    )


def _echoed(relay_state: str) -> str:
    """Bindings 3.4.3: at most 80 bytes; a longer one is not ours to carry."""
    return relay_state if len(relay_state.encode()) <= MAX_RELAY_STATE_BYTES else ""


def answered_sign_out(
    response: VerifiedMessage, *, connection: Connection, now: datetime
) -> tuple[LogoutAttempt, bool]:
    """The sign-out that a response answers, and whether the IdP says that it is done there.

    Raises LogoutAnswerUnknown or LogoutMalformed.
    """
    request_id = response.root.get("InResponseTo", "")
    attempts = LogoutAttempt.objects.filter(connection=connection, answered_at=None, expires_at__gt=now)
    attempt = attempts.filter(request_id=request_id).first() if request_id else None
    if attempt is None:
        raise LogoutAnswerUnknown(f"The response answers {shown(request_id)}, which is no sign-out of ours.")
    codes = response.root.findall(f"{tag('samlp:Status')}/{tag('samlp:StatusCode')}")
    if len(codes) != 1:
        raise LogoutMalformed("The response does not have exactly one status code.")
    is_partial = any(code.get("Value") == names.STATUS_PARTIAL_LOGOUT for code in codes[0].iter())
    return attempt, codes[0].get("Value") == names.STATUS_SUCCESS and not is_partial
