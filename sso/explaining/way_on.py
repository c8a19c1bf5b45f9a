"""What helps somebody whose login was refused. Where the connection is the cause, that is their admins."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from accounts.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.explaining.causes import cause_of

# The connection asks for it, and a person can give it at once.
_IN_ONES_HANDS = frozenset({"authn_context_mismatch"})
# Where a person mends by themselves what they were refused for.
_MENDED_AT = {"email_not_yours": "account_email"}


@dataclass(frozen=True, slots=True)
class WayOn:
    """`is_connections`: people meet it until an admin repairs it, whatever they do.

    `mend_url` is empty where there is no such page.
    `may_recover`: the reader is an admin, who can open the single sign-on settings with a recovery code.
    """

    is_connections: bool
    mend_url: str
    may_recover: bool


def way_on(code: str, *, org: Organization, viewer: User | AnonymousUser) -> WayOn:
    """For whoever reads the page, who is not always the person that the refused login was for."""
    is_connections = cause_of(code).is_connections and code not in _IN_ONES_HANDS
    mend = _MENDED_AT.get(code)
    return WayOn(
        is_connections=is_connections,
        mend_url=reverse(mend) if mend else "",
        may_recover=is_connections and _is_admin(org, viewer),
    )


def _is_admin(org: Organization, viewer: User | AnonymousUser) -> bool:
    return (
        viewer.is_authenticated
        and Membership.objects.filter(org=org, user_id=viewer.pk, role=Role.ADMIN).exists()
    )
