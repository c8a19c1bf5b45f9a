"""The one lock that every change of a connection takes first, so that admins at once come one after the other."""

from orgs.members import lock_organisation
from sso.models import Connection
from sso.settings_errors import ConnectionGone


def lock_connection(connection: Connection) -> Connection:
    """Hold the connection until the transaction ends; it comes back as it is saved. Raises ConnectionGone.

    The organisation first: two admins who each take away the other's last way in come one after the other.
    """
    lock_organisation(connection.org_id)
    saved = Connection.objects.select_for_update().filter(pk=connection.pk).first()
    if saved is None:
        raise ConnectionGone
    return saved
