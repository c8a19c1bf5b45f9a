"""LogoutRequests (Core 3.7.1): ours to the IdP, and the IdP's to us, which end the sessions that they name."""

from datetime import datetime, timedelta

from django.db import transaction
from lxml import etree

from hubsso.crypto import CannotUnseal, random_token
from sso import replay
from sso.key_pairs import signing_key_pair
from sso.logout import end_named_by_idp
from sso.models import LogoutAttempt, SSOSession
from sso.protocols import BrowserRequest
from sso.saml import names
from sso.saml.bindings import Parameter, by_binding
from sso.saml.errors import shown
from sso.saml.limits import MAX_SESSION_INDEXES
from sso.saml.logout_errors import LogoutMalformed, LogoutReplayed
from sso.saml.logout_message import VerifiedMessage
from sso.saml.names import tag
from sso.saml.sp import service_provider
from sso.saml.times import format_instant
from sso.types import MessageKind

REQUEST_LIFETIME = timedelta(minutes=5)
# `IdentityAssertion.logout_hint` to the attributes of the NameID; see `attributes`.
_QUALIFIERS = {"format": "Format", "name_qualifier": "NameQualifier", "sp_name_qualifier": "SPNameQualifier"}


# --- From us -------------------------------------------------------------------------------------------


def logout_request(attempt: LogoutAttempt, session: SSOSession) -> BrowserRequest | None:
    """Give the attempt its `request_id`, and say how the browser carries the request. Always signed.

    None where the IdP has no address for it, or where it is no longer known how it names the person. Raises
    ConfigurationUnreadable.
    """
    revision = session.revision
    hint = _hint_of(session)
    if not revision.slo_url or not hint.get("name_id"):
        return None
    attempt.request_id = f"_{random_token()}"
    root = etree.Element(
        tag("samlp:LogoutRequest"),
        {
            "ID": attempt.request_id,
            "Version": "2.0",
            "IssueInstant": format_instant(attempt.created_at),
            "Destination": revision.slo_url,
            "NotOnOrAfter": format_instant(attempt.created_at + REQUEST_LIFETIME),
        },
        nsmap={"samlp": names.SAMLP, "saml": names.SAML},
    )
    etree.SubElement(root, tag("saml:Issuer")).text = service_provider(session.connection.uid).entity_id
    qualifiers = {theirs: hint[ours] for ours, theirs in _QUALIFIERS.items() if ours in hint}
    etree.SubElement(root, tag("saml:NameID"), qualifiers).text = hint["name_id"]
    if session.idp_session_id:
        etree.SubElement(root, tag("samlp:SessionIndex")).text = session.idp_session_id
    return by_binding(
        revision.slo_binding,
        etree.tostring(root),
        revision.slo_url,
        parameter=Parameter.REQUEST,
        relay_state=attempt.state,
        key_pair=signing_key_pair(session.connection),
    )


def _hint_of(session: SSOSession) -> dict[str, str]:
    try:
        return session.logout_hint
    except CannotUnseal:
        return {}


# --- From the IdP --------------------------------------------------------------------------------------


@transaction.atomic
def end_sessions(message: VerifiedMessage, *, now: datetime) -> int:
    """End what the request names, once. Returns how many sessions: 0 where they are gone already.

    Without a SessionIndex it means every session of the person (Profiles 4.4.4.1). Raises LogoutMalformed or
    LogoutReplayed.
    """
    subject = _subject(message)
    session_indexes = _session_indexes(message.root)
    revision = message.revision
    is_first = replay.use_up(
        org_id=revision.org_id,
        issuer=revision.issuer,
        kind=MessageKind.LOGOUT_REQUEST,
        message_id=message.message_id,
        usable_until=message.usable_until,
        now=now,
    )
    if not is_first:
        raise LogoutReplayed(f"The LogoutRequest {shown(message.message_id)} was used before.")
    return end_named_by_idp(
        connection=revision.connection,
        issuer=revision.issuer,
        subject=subject,
        idp_session_ids=session_indexes,
    )


def _subject(message: VerifiedMessage) -> str:
    """The NameID, compared exactly as at a login; its qualifier may name no other SP."""
    found = message.root.findall(tag("saml:NameID"))
    value = _text_of(found[0]) if len(found) == 1 else ""
    if not value:
        raise LogoutMalformed("The LogoutRequest does not have exactly one NameID.")
    qualifier = found[0].get("SPNameQualifier")
    if qualifier is not None and qualifier != service_provider(message.revision.connection.uid).entity_id:
        raise LogoutMalformed(f"The NameID is one for {shown(qualifier)}.")
    return value


def _session_indexes(root: etree._Element) -> list[str]:
    found = root.findall(tag("samlp:SessionIndex"))
    if len(found) > MAX_SESSION_INDEXES:
        raise LogoutMalformed(f"The LogoutRequest has more than {MAX_SESSION_INDEXES} SessionIndexes.")
    values = [_text_of(element) for element in found]
    if not all(values):
        raise LogoutMalformed("A SessionIndex of the LogoutRequest is empty, or holds an element.")
    return values


def _text_of(element: etree._Element) -> str:
    return "" if len(element) else (element.text or "")
