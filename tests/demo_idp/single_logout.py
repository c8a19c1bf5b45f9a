"""The end of an IdP session, and telling everybody who relied on it.

Each OIDC client is told as it registered: by a logout token (Back-Channel Logout 1.0), and by a frame in the page
that follows (Front-Channel Logout 1.0).
"""

from urllib.parse import urlencode, urlsplit

from tests.demo_idp.oidc_logout_tokens import clients_of, tell_clients
from tests.demo_idp.tenant import IdPSession, Tenant


def end_everywhere(tenant: Tenant, session: IdPSession) -> list[str]:
    """End the session. Returns the addresses that the next page is to load in frames."""
    tenant.end_session(session)
    tell_clients(tenant, session)
    query = urlencode({"iss": tenant.issuer, "sid": session.sid})
    uris = [client.frontchannel_logout_uri for client in clients_of(tenant, session)]
    return [f"{uri}{'&' if urlsplit(uri).query else '?'}{query}" for uri in uris if uri]
