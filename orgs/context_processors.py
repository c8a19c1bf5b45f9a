"""What every page's header shows of organisations."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from orgs.viewer import Viewer


@dataclass(frozen=True, slots=True)
class HeaderOrg:
    """One line of the header's menu."""

    slug: str
    name: str


def header_orgs(request: HttpRequest) -> dict[str, Callable[[], list[HeaderOrg]]]:
    """`header_orgs`, a callable: a page without the menu pays no query. Withheld organisations are in it."""
    return {"header_orgs": lambda: _orgs_of(request)}


def _orgs_of(request: HttpRequest) -> list[HeaderOrg]:
    viewer: Viewer | None = getattr(request, "viewer", None)
    if viewer is None:
        return []
    orgs = [HeaderOrg(member.org_slug, member.org_name) for member in viewer.memberships if member.org_slug]
    orgs += [HeaderOrg(org.slug, org.name) for org in viewer.withheld]
    return sorted(orgs, key=lambda org: (org.name.casefold(), org.slug))
