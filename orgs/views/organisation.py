"""An organisation's face, and making a new one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import signed_in_user
from hubsso.negotiation import wants_json
from orgs import organisations, resources
from orgs.access import Area, OrgRequest, PortalRequest, org_view
from orgs.errors import SlugTaken
from orgs.forms import NewOrganisationForm
from orgs.models import Resource
from orgs.paging import Page, page_by_key
from orgs.views import json_shapes
from orgs.views.answers import json_answer, org_page, page_links, vary_on_accept
from orgs.views.inputs import key_from

PAGE_SIZE = 48


@require_safe
@org_view(Area.PUBLIC)
def home(request: OrgRequest, org_slug: str) -> HttpResponse:
    """What the viewer may see of the organisation: for outsiders, its public resources."""
    access = request.access
    visible = access.org.resources.visible_to(access.viewer).select_related("group", "org")
    page = page_by_key(visible, key="pk", size=PAGE_SIZE, after=key_from(request, "after"), descending=True)
    if wants_json(request):
        return json_answer(json_shapes.organisation(access.org, page))
    context = {
        "apps": _of_kind(page, Resource.Kind.APP),
        "pages": _of_kind(page, Resource.Kind.PAGE),
        **page_links(request, page),
        "can_create": resources.may_create(access),
    }
    return vary_on_accept(org_page(request, "orgs/home.html", context))


@login_required
def create(request: PortalRequest) -> HttpResponse:
    form = NewOrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            org = organisations.create_organisation(creator=signed_in_user(request), **form.cleaned_data)
        except SlugTaken as refusal:
            form.add_error("slug", refusal.message)
        else:
            messages.success(
                request, _("%(org)s is ready. Invite people, or add its first resource.") % {"org": org.name}
            )
            return redirect(org)
    return render(request, "orgs/create.html", {"form": form})


def _of_kind(page: Page[Resource], kind: Resource.Kind) -> list[Resource]:
    return [resource for resource in page.rows if resource.kind == kind]
