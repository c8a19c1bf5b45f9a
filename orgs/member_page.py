"""The seam by which the admins' page of members may know more than organisations do.

Whoever knows how members sign in registers a page once, when the apps are ready. It is shown at the members' own
address, to those who may manage members; everybody else gets the plain list.
"""

from collections.abc import Callable

from django.http import HttpResponse

from orgs.access import OrgRequest

MembersPage = Callable[[OrgRequest], HttpResponse]

_pages: list[MembersPage] = []


def register(page: MembersPage) -> None:
    """Show this page to admins instead of the plain list. Doing it again does no harm."""
    _pages[:] = [page]


def admins_page() -> MembersPage | None:
    return _pages[0] if _pages else None
