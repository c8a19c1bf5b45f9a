"""SAML as `sso.protocols` wants to see it."""

from datetime import datetime

from sso.models import LoginAttempt, Revision
from sso.protocols import BrowserRequest, CopyValue
from sso.saml import request
from sso.saml.keys import generate_key_pair
from sso.saml.sp import service_provider


class SAMLAdapter:
    """The SAML side of `sso.protocols.ProtocolAdapter`."""

    def begin(self, attempt: LoginAttempt, revision: Revision) -> BrowserRequest:
        """An AuthnRequest for the attempt; see `request.begin`."""
        return request.begin(attempt, revision)

    def prepare(self, revision: Revision, *, now: datetime) -> None:
        """A key pair for the connection that is to sign its requests and has none."""
        if revision.sign_requests and not revision.connection.sp_key_pairs.exists():
            generate_key_pair(revision.connection, now=now)

    def values_for_idp(self, connection_uid: str) -> list[CopyValue]:
        """What an admin enters at the IdP. The metadata document is at the entity ID's address."""
        sp = service_provider(connection_uid)
        return [CopyValue("ACS URL", sp.acs_url), CopyValue("SP entity ID and metadata URL", sp.entity_id)]
