"""Redeeming a recovery code as Acme's admin would, with whatever a test changes."""

from django.utils import timezone

from sso.enforcing import recovery
from sso.models import RecoveryGrant
from tests.sso.settings.conftest import AcmeSettings


def redeem(acme: AcmeSettings, code: str, **changes: object) -> RecoveryGrant:
    arguments = {
        "org": acme.org,
        "user": acme.admin,
        "browser_session": acme.browser_session,
        "now": timezone.now(),
        **changes,
    }
    return recovery.redeem(code=code, **arguments)  # type: ignore[arg-type]  # each test changes one
