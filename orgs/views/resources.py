"""Pages and apps of an organisation: reading, making, changing, deleting."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import signed_in_user
from hubsso.negotiation import wants_json
from orgs import markdown, resources
from orgs.access import Area, OrgRequest, org_view
from orgs.errors import Forbidden
from orgs.forms import ResourceForm
from orgs.models import Resource
from orgs.views import json_shapes
from orgs.views.answers import json_answer, org_page, vary_on_accept


@require_safe
@org_view(Area.PUBLIC)
def detail(request: OrgRequest, org_slug: str, resource_slug: str) -> HttpResponse:
    resource = _find(request, resource_slug)
    if wants_json(request):
        return json_answer(json_shapes.full(resource))
    context = {
        "resource": resource,
        "body_html": mark_safe(markdown.render(resource.body)),  # noqa: S308 - sanitised by markdown.render
        "rights": resources.rights_on(access=request.access, resource=resource),
    }
    return vary_on_accept(org_page(request, "orgs/resource.html", context))


@org_view(Area.MEMBERS)
def create(request: OrgRequest, org_slug: str, kind: Resource.Kind) -> HttpResponse:
    places = resources.places_for(request.access)
    if not places:
        raise Forbidden
    form = ResourceForm(request.POST or None, kind=kind, places=places)
    if request.method == "POST" and form.is_valid():
        resource = resources.create_resource(
            access=request.access, actor=signed_in_user(request), kind=kind, content=form.content()
        )
        messages.success(request, _("%(resource)s has been created.") % {"resource": resource.title})
        return redirect(resource)
    return org_page(request, "orgs/resource_form.html", {"form": form, "kind": kind})


@org_view(Area.MEMBERS)
def edit(request: OrgRequest, org_slug: str, resource_slug: str) -> HttpResponse:
    resource = _find(request, resource_slug)
    if not resources.rights_on(access=request.access, resource=resource).can_edit:
        raise Forbidden
    kind, places = Resource.Kind(resource.kind), resources.places_for(request.access)
    form = ResourceForm(request.POST or None, kind=kind, places=places, resource=resource)
    if request.method == "POST" and form.is_valid():
        resources.update_resource(
            access=request.access, actor=signed_in_user(request), resource=resource, content=form.content()
        )
        messages.success(request, _("%(resource)s has been saved.") % {"resource": resource.title})
        return redirect(resource)
    return org_page(request, "orgs/resource_form.html", {"form": form, "kind": kind, "resource": resource})


@org_view(Area.MEMBERS)
def delete(request: OrgRequest, org_slug: str, resource_slug: str) -> HttpResponse:
    resource = _find(request, resource_slug)
    if not resources.rights_on(access=request.access, resource=resource).can_delete:
        raise Forbidden
    if request.method == "POST":
        resources.delete_resource(access=request.access, actor=signed_in_user(request), resource=resource)
        messages.success(request, _("%(resource)s has been deleted.") % {"resource": resource.title})
        return redirect("orgs:home", org_slug)
    return org_page(request, "orgs/resource_delete.html", {"resource": resource})


def _find(request: OrgRequest, resource_slug: str) -> Resource:
    """404 for what the viewer may not read, as for what does not exist."""
    access = request.access
    visible = access.org.resources.visible_to(access.viewer).select_related("org", "group", "created_by")
    return get_object_or_404(visible, slug=resource_slug)
