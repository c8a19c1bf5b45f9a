"""Who looks at lists that mix organisations, as values. `orgs.access` hands them out; querysets read them."""

from dataclasses import dataclass

from orgs.roles import Role


@dataclass(frozen=True, slots=True)
class MemberOf:
    """One membership of the viewer that the gate does not withhold."""

    org_id: int
    membership_id: int
    role: Role
    org_slug: str = ""
    org_name: str = ""


@dataclass(frozen=True, slots=True)
class WithheldOrg:
    """One of the viewer's organisations that shows them nothing until they authenticate with its IdP.

    Without `has_idp` there is none to authenticate with, until an admin repairs it. The banner has the way there.
    """

    org_id: int
    slug: str
    name: str
    has_idp: bool = True


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a list that may mix organisations. Outsiders and anonymous viewers have no memberships."""

    user_id: int | None = None
    memberships: tuple[MemberOf, ...] = ()
    withheld: tuple[WithheldOrg, ...] = ()

    @property
    def withheld_org_ids(self) -> tuple[int, ...]:
        return tuple(org.org_id for org in self.withheld)
