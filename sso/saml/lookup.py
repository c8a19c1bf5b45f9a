"""What the SAML views share."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from sso.models import Connection
from sso.types import SSOProtocol


def saml_connection(connection_uid: UUID) -> Connection:
    """Raises Http404 for another protocol's."""
    connections = Connection.objects.select_related("org")
    return get_object_or_404(connections, uid=connection_uid, protocol=SSOProtocol.SAML)
