"""Finds the connection that an address under `/sso/<uid>/oidc/` belongs to."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from sso.models import Connection
from sso.types import SSOProtocol


def oidc_connection(uid: UUID) -> Connection:
    """Raises Http404."""
    return get_object_or_404(Connection.objects.select_related("org"), uid=uid, protocol=SSOProtocol.OIDC)
