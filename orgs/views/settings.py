"""An organisation's settings: profile, address and deletion. For admins; the gate sees to it."""

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.requests import signed_in_user
from orgs import organisations
from orgs.access import Area, OrgRequest, org_view
from orgs.errors import SlugTaken
from orgs.forms import ProfileForm, RenameForm, TypedConfirmationForm
from orgs.roles import Ability, Role
from orgs.views.answers import org_page


@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def profile(request: OrgRequest, org_slug: str) -> HttpResponse:
    org = request.access.org
    form = ProfileForm(request.POST or None, initial=model_to_dict(org, ProfileForm.Meta.fields))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        organisations.update_organisation(
            org=org,
            name=data["name"],
            description=data["description"],
            default_role=Role(data["default_role"]),
            actor=signed_in_user(request),
        )
        messages.success(request, _("The profile has been saved."))
        return redirect("orgs:settings", org_slug)
    return org_page(request, "orgs/settings/profile.html", {"form": form})


@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def rename(request: OrgRequest, org_slug: str) -> HttpResponse:
    form = RenameForm(request.POST or None, initial={"slug": org_slug})
    if request.method == "POST" and form.is_valid():
        try:
            org = organisations.rename_organisation(
                org=request.access.org, slug=form.cleaned_data["slug"], actor=signed_in_user(request)
            )
        except SlugTaken as refusal:
            form.add_error("slug", refusal.message)
        else:
            messages.success(
                request,
                _("%(org)s is now at /orgs/%(slug)s/. Links by the old address lead here.")
                % {"org": org.name, "slug": org.slug},
            )
            return redirect("orgs:settings", org.slug)
    return org_page(request, "orgs/settings/rename.html", {"form": form})


@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def delete(request: OrgRequest, org_slug: str) -> HttpResponse:
    org = request.access.org
    form = TypedConfirmationForm(request.POST or None, expected=org.slug)
    if request.method == "POST" and form.is_valid():
        organisations.delete_organisation(org=org, actor=signed_in_user(request))
        messages.success(request, _("%(org)s has been deleted.") % {"org": org.name})
        return redirect("home")
    return org_page(request, "orgs/settings/delete.html", {"form": form})
