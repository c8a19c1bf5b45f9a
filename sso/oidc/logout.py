"""Sending a person to their OP to sign out there: OpenID Connect RP-Initiated Logout 1.0.

The request is a POST: it carries an ID token, and a token has no business in addresses, histories and logs.
"""

from datetime import datetime

from hubsso.crypto import CannotUnseal
from sso.models import LogoutAttempt, Revision, SSOSession
from sso.oidc import discovery
from sso.oidc.addresses import absolute_url
from sso.protocols import BrowserRequest

ID_TOKEN = "id_token"  # noqa: S105 - the name of the entry in `IdentityAssertion.logout_hint`


def may_be_offered(revision: Revision) -> bool:
    """Not where the OP is known to have no `end_session_endpoint`. One that was not asked yet may have one."""
    metadata = discovery.held_metadata(revision.issuer)
    return metadata is None or bool(metadata.end_session_endpoint)


def logout_request(attempt: LogoutAttempt, session: SSOSession, *, now: datetime) -> BrowserRequest | None:
    """The logout request (2), None for an OP without the endpoint.

    Raises what `discovery.provider_metadata` raises.
    """
    revision = session.revision
    metadata = discovery.provider_metadata(revision.issuer, now=now)
    if not metadata.end_session_endpoint:
        return None
    hint = _id_token_hint(session)
    fields = {
        **({"id_token_hint": hint} if hint else {}),
        "client_id": revision.client_id,
        "post_logout_redirect_uri": signed_out_url(session.connection.uid),
        "state": attempt.state,
    }
    return BrowserRequest(url=metadata.end_session_endpoint, fields=fields)


def signed_out_url(connection_uid: object) -> str:
    """The post-logout redirect URI, to the letter as it is registered at the OP."""
    return absolute_url("sso:signed_out", connection_uid)


def _id_token_hint(session: SSOSession) -> str:
    """The ID token of the login; "" without one: the OP then asks the person."""
    try:
        return session.logout_hint.get(ID_TOKEN, "")
    except CannotUnseal:
        return ""
