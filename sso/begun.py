"""Connections that were begun and into which nothing was saved yet.

A connection has its addresses before its first draft, because the IdP's side wants them first. Until something is
saved into it, it may be cancelled or begun again at no loss; after a while it is forgotten.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from orgs import audit
from orgs.models import Organization
from sso.connection_lock import lock_connection
from sso.connections import create_connection
from sso.models import Connection
from sso.settings_errors import ConnectionGone
from sso.types import SSOProtocol

KEEP = timedelta(days=14)  # as long as a hand-over link may live


@transaction.atomic
def begin_connection(
    *, org: Organization, name: str, protocol: SSOProtocol, vendor: str, actor: User, now: datetime
) -> Connection:
    """A connection to set up: a new one, or the one of this name into which nothing was saved yet.

    Whoever goes back and chooses another protocol, or comes back later, finds the same addresses. Raises
    ConnectionNameTaken.
    """
    begun = untouched(org.connections.all()).filter(name=name).first()
    if begun is None or not is_untouched(lock_connection(begun)):
        return create_connection(org=org, name=name, protocol=protocol, actor=actor, vendor=vendor)
    before = (begun.protocol, begun.vendor)
    begun.protocol, begun.vendor, begun.created_at = protocol, vendor, now
    begun.save(update_fields=["protocol", "vendor", "created_at"])
    if before != (protocol, vendor):
        _record(begun, actor, action="begin_again", protocol=protocol.value, vendor=vendor)
    return begun


@transaction.atomic
def cancel(*, connection: Connection, actor: User) -> bool:
    """Remove the connection, if nothing was saved into it. Was it removed?"""
    return _remove(connection, actor)


def forget(connections: QuerySet[Connection]) -> None:
    """Remove each that is still untouched, in the caller's transaction."""
    for connection in connections.select_related("org").order_by("org", "pk"):
        try:
            _remove(connection, actor=None)
        except ConnectionGone:
            continue


def untouched(connections: QuerySet[Connection]) -> QuerySet[Connection]:
    """Those of them into which nothing was saved: no draft, no link for a colleague, no key, no mapping."""
    return connections.filter(
        revisions=None,
        hand_overs=None,
        key_pairs=None,
        role_rules=None,
        group_rules=None,
        role_attribute="",
        group_attribute="",
        role_mapping_enabled=False,
        group_mapping_enabled=False,
        email_domains=[],
        is_enabled=True,
    )


def is_untouched(connection: Connection) -> bool:
    return untouched(Connection.objects.filter(pk=connection.pk)).exists()


def abandoned(*, now: datetime) -> QuerySet[Connection]:
    """Those that nobody came back to."""
    return untouched(Connection.objects.filter(created_at__lt=now - KEEP))


def kept_until(connection: Connection) -> datetime:
    return connection.created_at + KEEP


def _remove(connection: Connection, actor: User | None) -> bool:
    if not is_untouched(lock_connection(connection)):
        return False
    _record(connection, actor, action="cancel")
    connection.delete()
    return True


def _record(connection: Connection, actor: User | None, *, action: str, **data: object) -> None:
    data = {"action": action, "connection": connection.name, **data}
    audit.record("org.settings.sso", org=connection.org, actor=actor, data=data)
