"""What an IdP sends counts once: assertions (SAML Profiles 4.1.4.5), logout tokens and requests.

The database's constraint decides, whoever asks at the same time.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from sso import expired
from sso.models import ConsumedMessage
from sso.types import MessageKind

# A message is refused a second time for as long as a clock may be wrong.
KEEP_EXPIRED = timedelta(hours=1)


def use_up(
    *, org_id: int, issuer: str, kind: MessageKind, message_id: str, usable_until: datetime, now: datetime
) -> bool:
    """Use a message up; False if it was used before. It is remembered until nobody would take it any more."""
    try:
        with transaction.atomic():
            ConsumedMessage.objects.create(
                org_id=org_id, issuer=issuer, kind=kind, message_id=message_id, expires_at=usable_until
            )
    except IntegrityError:
        return False
    expired.delete_some(ConsumedMessage, before=now - KEEP_EXPIRED)
    return True
