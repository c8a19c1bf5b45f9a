"""Finds the connection that an address under `/sso/<uid>/oidc/` belongs to."""

from uuid import UUID

from sso.connection_lookup import connection_at
from sso.models import Connection
from sso.types import SSOProtocol


def oidc_connection(uid: UUID) -> Connection:
    """Raises Http404."""
    return connection_at(uid, SSOProtocol.OIDC)
