"""What a viewer may see of the resources of many organisations: one method for every list and search."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from orgs.roles import Role, at_least
from orgs.viewer import MemberOf, Viewer, WithheldOrg

if TYPE_CHECKING:
    from orgs.models import Resource  # noqa: F401 - the queryset's type argument

SEAT_ROLES = tuple(role for role in Role if at_least(role, Role.READ))


@dataclass(frozen=True, slots=True)
class HiddenResources:
    """How much of one organisation a viewer gets to see once they authenticate. `count` may be 0."""

    org: WithheldOrg
    count: int


class ResourceQuerySet(QuerySet["Resource"]):
    """Resources, and who sees them."""

    def visible_to(self, viewer: Viewer) -> "ResourceQuerySet":
        """Those the viewer may read. Of an organisation that is withheld, nothing, public or not."""
        readable_orgs = [member.org_id for member in viewer.memberships if at_least(member.role, Role.READ)]
        admin_orgs = [member.org_id for member in viewer.memberships if member.role is Role.ADMIN]
        allowed = Q(visibility="public") | Q(org_id__in=admin_orgs) | Q(org_id__in=readable_orgs, group=None)
        if viewer.memberships:
            allowed |= Q(_in_group_of(viewer.memberships))
        return self.filter(allowed).exclude(org_id__in=viewer.withheld_org_ids)

    def of_own_orgs(self, viewer: Viewer) -> "ResourceQuerySet":
        """Those that the viewer may read in organisations that they belong to and that are not withheld."""
        return self.visible_to(viewer).filter(org_id__in=[member.org_id for member in viewer.memberships])

    def hidden_from(self, viewer: Viewer) -> list[HiddenResources]:
        """For each withheld organisation, how many resources await the viewer there.

        Ask it of all resources, never of a search: the number of matches would tell what they say.
        """
        if not viewer.withheld:
            return []
        once_authenticated = Viewer(user_id=viewer.user_id, memberships=_withheld_memberships(viewer))
        counts = dict(
            self.visible_to(once_authenticated)
            .filter(org_id__in=viewer.withheld_org_ids)
            .order_by()
            .values_list("org_id")
            .annotate(Count("pk"))
        )
        return [HiddenResources(org=org, count=counts.get(org.org_id, 0)) for org in viewer.withheld]


def _in_group_of(memberships: tuple[MemberOf, ...]) -> Exists:
    seats = apps.get_model("orgs", "ResourceGroupSeat").objects.filter(
        group=OuterRef("group"),
        org=OuterRef("org"),
        membership_id__in=[member.membership_id for member in memberships],
        role__in=SEAT_ROLES,
    )
    return Exists(seats)


def _withheld_memberships(viewer: Viewer) -> tuple[MemberOf, ...]:
    if viewer.user_id is None:
        return ()
    rows = apps.get_model("orgs", "Membership").objects.filter(
        user_id=viewer.user_id, org_id__in=viewer.withheld_org_ids
    )
    return tuple(
        MemberOf(org_id=org_id, membership_id=pk, role=Role(role))
        for org_id, pk, role in rows.values_list("org_id", "pk", "role")
    )
