"""Finds the connection that an IdP's address belongs to, with the revision live that ought to be."""

from uuid import UUID

from django.db.models import F
from django.http import Http404
from django.utils import timezone

from sso.models import Connection
from sso.revisions import trials
from sso.types import SSOProtocol


def connection_at(uid: UUID, protocol: SSOProtocol) -> Connection:
    """Raises Http404, also for a connection of another protocol. A trial whose time has passed is ended first."""
    connections = Connection.objects.select_related("org").annotate(
        trial_until=F("org__sso_policy__confirm_by")
    )
    connection = connections.filter(uid=uid, protocol=protocol).first()
    if connection is None:
        raise Http404
    now = timezone.now()
    if trials.is_due(connection.trial_until, now=now):
        trials.settle(org_id=connection.org_id, now=now)
    return connection
