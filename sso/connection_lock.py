"""What stands between a connection's change and whatever else happens at the same moment.

Every change takes the one lock first, so that admins at once come one after the other; what is written for a
connection while an IdP is asked may find that it is gone.
"""

from django.db import IntegrityError, transaction

from orgs.members import lock_organisation
from sso.models import Connection, LoginAttempt, LogoutAttempt
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


def save_for_connection(attempt: LoginAttempt | LogoutAttempt) -> None:
    """Write a trip to an IdP whose connection may have been deleted since it was found. Raises ConnectionGone."""
    try:
        with transaction.atomic():
            attempt.save()
    except IntegrityError:
        if Connection.objects.filter(pk=attempt.connection_id).exists():
            raise
        raise ConnectionGone from None
