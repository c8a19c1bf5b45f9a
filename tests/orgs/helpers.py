"""How the tests of this folder look at an organisation."""

from django.test import Client

from orgs.access import MemberOf, OrgAccess, Viewer, WithheldOrg
from orgs.models import AuditEvent, Membership, Organization
from orgs.roles import Role
from tests.builders import make_member


def member_of(membership: Membership) -> MemberOf:
    return MemberOf(org_id=membership.org_id, membership_id=membership.pk, role=Role(membership.role))


def access_of(membership: Membership) -> OrgAccess:
    """What the gate would hand to a view for this member."""
    return OrgAccess(org=membership.org, user_id=membership.user_id, member=member_of(membership))


def viewer_of(*memberships: Membership) -> Viewer:
    return Viewer(
        user_id=memberships[0].user_id, memberships=tuple(member_of(membership) for membership in memberships)
    )


def withheld(org: Organization) -> WithheldOrg:
    return WithheldOrg(org_id=org.pk, slug=org.slug, name=org.name)


def audit_events(org: Organization) -> list[str]:
    return list(AuditEvent.objects.filter(org=org).order_by("seq").values_list("event", flat=True))


def as_role(hooli: Organization, role: Role) -> tuple[Client, Membership]:
    """A new member of Hooli, signed in."""
    client, membership = Client(), make_member(hooli, role=role)
    client.force_login(membership.user)
    return client, membership
