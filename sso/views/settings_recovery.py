"""An admin's own recovery codes: made, shown once, saved. And the recovery session's end."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import absolute, org_page
from sso.browser import browser_session_of
from sso.enforcing import recovery, recovery_codes
from sso.enforcing.enforcement import may_enforce_next
from sso.forms.recovery import CodesSavedForm, MakeCodesForm
from sso.settings_errors import SettingsRefused

SHOWN_ADMINS = 20


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def codes(request: OrgRequest, org_slug: str) -> HttpResponse:
    org, user = request.access.org, signed_in_user(request)
    mine = recovery_codes.codes_of(org=org, user=user)
    admins = recovery_codes.codes_of_admins(org, limit=SHOWN_ADMINS + 1)
    others = [other for other in admins if other.user != user][:SHOWN_ADMINS]
    page = {
        "codes": mine,
        "size": recovery_codes.CODES_IN_A_SET,
        "form": CodesSavedForm(initial={"based_on": recovery_codes.stamp(mine)}),
        "make_form": MakeCodesForm(initial={"based_on": recovery_codes.stamp(mine)}),
        "others": others,
        "may_enforce_next": may_enforce_next(org),
        "ready": sum(other.are_ready for other in others),
        "has_more_admins": len(admins) > SHOWN_ADMINS,
    }
    return org_page(request, "sso/settings/recovery_codes.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def make(request: OrgRequest, org_slug: str) -> HttpResponse:
    """Ask first, because older codes stop working; then show the new ones, once."""
    org, user = request.access.org, signed_in_user(request)
    if request.method != "POST":
        mine = recovery_codes.codes_of(org=org, user=user)
        form = MakeCodesForm(initial={"based_on": recovery_codes.stamp(mine)})
        return org_page(request, "sso/settings/recovery_codes_make.html", {"codes": mine, "form": form})
    form = MakeCodesForm(request.POST)
    based_on = form.cleaned_data["based_on"] or "" if form.is_valid() else ""
    try:
        made = recovery_codes.make_codes(org=org, user=user, now=timezone.now(), based_on=based_on)
    except SettingsRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("sso:recovery_codes", org_slug)
    return _show_once(request, made)


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def saved(request: OrgRequest, org_slug: str) -> HttpResponse:
    form = CodesSavedForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Tick the box once you have saved the codes."))
        return redirect("sso:recovery_codes", org_slug)
    try:
        recovery_codes.mark_saved(
            org=request.access.org,
            user=signed_in_user(request),
            based_on=form.cleaned_data["based_on"] or "",
            now=timezone.now(),
        )
    except SettingsRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Good. Your recovery codes are ready for the day you need one."))
    return redirect("sso:recovery_codes", org_slug)


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def end_session(request: OrgRequest, org_slug: str) -> HttpResponse:
    recovery.end_session(
        org=request.access.org,
        user=signed_in_user(request),
        browser_session=browser_session_of(request),
        now=timezone.now(),
    )
    messages.success(request, _("The recovery session has ended."))
    return redirect("home")


def _show_once(request: OrgRequest, made: list[str]) -> HttpResponse:
    org, user = request.access.org, signed_in_user(request)
    mine = recovery_codes.codes_of(org=org, user=user)
    page = {
        "codes": mine,
        "made": made,
        "file": render_to_string(
            "sso/settings/recovery_codes.txt",
            {
                "org": org,
                "site_name": settings.SITE_NAME,
                "codes": mine,
                "made": made,
                "url": absolute(reverse("sso:recovery", args=[org.slug])),
            },
        ),
        "form": CodesSavedForm(initial={"based_on": recovery_codes.stamp(mine)}),
        "recovery_url": absolute(reverse("sso:recovery", args=[org.slug])),
    }
    return org_page(request, "sso/settings/recovery_codes_new.html", page)
