"""The access explorer, and the organisation's pages as somebody outside sees them.

Among the settings of the organisation, not of single sign-on: a recovery session must not read names and titles here.
"""

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso.explaining.access_explorer import explore
from sso.explaining.outsider_preview import as_stranger
from sso.forms.explorer import ExplorerForm


@require_safe
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def explorer(request: OrgRequest, org_slug: str) -> HttpResponse:
    """Without a question, or with one that names nobody yet, the form alone."""
    org = request.access.org
    form = ExplorerForm(request.GET or None, org=org)
    exploration = None
    if form.is_valid():
        exploration = explore(
            org=org,
            person=form.found_person,
            place=form.found_place,
            supposes=form.supposes,
            now=timezone.now(),
        )
    return org_page(
        request, "sso/settings/explorer.html", {"form": form, "exploration": exploration, **_chosen(form)}
    )


def _chosen(form: ExplorerForm) -> dict[str, object]:
    if not form.is_bound or not form.is_valid():
        return {}
    return {"person": form.found_person, "resource": form.found_place.resource}


@require_safe
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def outside(request: OrgRequest, org_slug: str, resource_slug: str = "") -> HttpResponse:
    """The organisation's overview, or one resource, as a stranger gets it, below a line that says so."""
    org = request.access.org
    path = org.get_absolute_url()
    if resource_slug:
        path = get_object_or_404(org.resources.select_related("org"), slug=resource_slug).get_absolute_url()
    page = b"".join(as_stranger(request, path))
    back = reverse("sso:explorer", args=[org_slug])
    strip = render_to_string("sso/partials/outside_strip.html", {"org": org, "path": path, "back_url": back})
    page = page.replace(b"<header", strip.encode() + b"<header", 1)  # the link that skips it comes first
    response = HttpResponse(page, status=HTTPStatus.OK)
    # Its forms would be sent as the admin.
    response._csp_replace = {"form-action": ["'none'"]}  # type: ignore[attr-defined]
    return response
