"""Pages that mix organisations: home and search."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.requests import signed_in_user
from orgs import domains, search
from orgs.access import PortalRequest
from orgs.models import Organization, Resource
from orgs.roles import Role
from orgs.views.inputs import text_from

RECENT_RESOURCES = 12
MAX_JOINABLE = 10


def home(request: PortalRequest) -> HttpResponse:
    """My organisations and what is new in them; for strangers, what this is."""
    if not request.user.is_authenticated:
        return render(request, "landing.html")
    roles = {member.org_id: member.role for member in request.viewer.memberships}
    orgs = Organization.objects.filter(pk__in=roles).order_by("name", "pk")
    recent = (
        Resource.objects.of_own_orgs(request.viewer)
        .select_related("org", "group")
        .order_by("-updated_at", "-pk")[:RECENT_RESOURCES]
    )
    context = {
        "my_orgs": [(org, Role(roles[org.pk])) for org in orgs],
        "hidden": Resource.objects.hidden_from(request.viewer),
        "recent": recent,
        "joinable": domains.joinable_orgs(signed_in_user(request))[:MAX_JOINABLE],
    }
    return render(request, "home.html", context)


def search_resources(request: PortalRequest) -> HttpResponse:
    query = text_from(request, "q", max_length=search.MAX_QUERY_LENGTH)
    results = search.search(viewer=request.viewer, query=query)
    context = {
        "query": query,
        "results": results,
        "is_cut": len(results) == search.MAX_RESULTS,
        "hidden": Resource.objects.hidden_from(request.viewer),
    }
    return render(request, "search.html", context)
