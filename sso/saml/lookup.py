"""What the SAML views share."""

from uuid import UUID

from sso.connection_lookup import connection_at
from sso.models import Connection
from sso.types import SSOProtocol


def saml_connection(connection_uid: UUID) -> Connection:
    """Raises Http404 for another protocol's."""
    return connection_at(connection_uid, SSOProtocol.SAML)
