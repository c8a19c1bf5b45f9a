"""A new connection: whose IdP it is, how it is spoken to, what members call it. Then its draft, or no more of it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.models import Organization
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso import begun, connections
from sso.forms.connection import ConnectionForm, VendorForm
from sso.forms.refusals import show_refusal
from sso.guides import GENERIC, Vendor, find_vendor, vendors
from sso.settings_errors import SettingsRefused
from sso.views.settings_lookup import find_connection

MAX_NAME_LENGTH = 60


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def new(request: OrgRequest, org_slug: str) -> HttpResponse:
    return org_page(request, "sso/settings/connection_new.html", {"vendors": vendors()})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def new_from(request: OrgRequest, org_slug: str, vendor_key: str) -> HttpResponse:
    vendor = find_vendor(vendor_key)
    if vendor is None:
        raise Http404
    form = ConnectionForm(
        request.POST if request.method == "POST" else None,
        vendor=vendor,
        name=_free_name(request.access.org, vendor),
    )
    if form.is_valid():
        try:
            made = begun.begin_connection(
                org=request.access.org,
                vendor=vendor.key,
                actor=signed_in_user(request),
                now=timezone.now(),
                **form.cleaned_data,
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("sso:draft", org_slug, made.uid)
    return org_page(request, "sso/settings/connection_new_from.html", {"vendor": vendor, "form": form})


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def cancel(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Nothing remains of a connection into which nothing was saved; any other stays as it is."""
    connection = find_connection(request, connection_uid)
    if not begun.cancel(connection=connection, actor=signed_in_user(request)):
        return redirect("sso:connection", org_slug, connection_uid)
    messages.success(
        request, _("%(connection)s is removed. Nothing was saved in it.") % {"connection": connection.name}
    )
    return redirect("sso:settings", org_slug)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def change_vendor(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Choose whose guide the draft's page shows."""
    connection = find_connection(request, connection_uid)
    offered = [
        vendor
        for vendor in vendors()
        if connection.protocol in {guide.protocol.value for guide in vendor.guides}
    ]
    form = VendorForm(request.POST if request.method == "POST" else None, offered=offered)
    if form.is_valid():
        connections.change_vendor(
            connection=connection, vendor=form.cleaned_data["vendor"], actor=signed_in_user(request)
        )
        return redirect("sso:draft", org_slug, connection_uid)
    page = {"connection": connection, "vendors": offered, "form": form}
    return org_page(request, "sso/settings/connection_vendor.html", page)


def _free_name(org: Organization, vendor: Vendor) -> str:
    """What members will probably call it: the vendor's name, numbered where another connection has it.

    One that was only begun does not count: the set-up goes on with it.
    """
    name = _("%(organisation)s Login") % {"organisation": org.name} if vendor.key == GENERIC else vendor.name
    name = name[: MAX_NAME_LENGTH - 4]
    begun_names = set(begun.untouched(org.connections.all()).values_list("name", flat=True))
    taken = set(org.connections.values_list("name", flat=True)) - begun_names
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 2))
    return next((free for free in (name, *numbered) if free not in taken), "")
