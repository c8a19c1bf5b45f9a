"""An assertion counts once (Profiles 4.1.4.5). The database's constraint decides, whoever asks at the same time."""

from datetime import datetime

from django.db import IntegrityError, transaction

from sso.models import ConsumedAssertion
from sso.saml.errors import AssertionReplayed, shown


def consume(*, org_id: int, issuer: str, assertion_id: str, usable_until: datetime) -> None:
    """Use an assertion up. It is remembered until nobody would take it any more. Raises AssertionReplayed."""
    try:
        with transaction.atomic():
            ConsumedAssertion.objects.create(
                org_id=org_id, issuer=issuer, assertion_id=assertion_id, expires_at=usable_until
            )
    except IntegrityError as error:
        raise AssertionReplayed(f"The assertion {shown(assertion_id)} was used before.") from error
