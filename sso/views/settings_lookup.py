"""What the settings views share: everything is found through the organisation that the gate let the viewer at."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from hubsso.text import key_in
from orgs.access import OrgRequest
from sso.models import Connection, Revision


def find_connection(request: OrgRequest, connection_uid: UUID) -> Connection:
    """The organisation's own connection; 404 for any other."""
    connections = request.access.org.connections.select_related("org")
    return get_object_or_404(connections, uid=connection_uid)


def find_revision(request: OrgRequest, connection: Connection) -> Revision:
    """The connection's revision whose number was posted."""
    return get_object_or_404(connection.revisions, number=key_in(request.POST.get("revision", "")) or 0)
