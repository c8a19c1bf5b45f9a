"""A connection as a whole: see it, rename it, switch it off, delete it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso import connections
from sso.enforcing import enforcement
from sso.enforcing.progress import standing_of
from sso.forms.connection import ConnectionNameForm, DeleteConnectionForm, LockOutForm
from sso.forms.refusals import show_refusal
from sso.forms.trial import trial_options
from sso.models import Connection
from sso.protocols import adapter_for
from sso.settings_errors import SettingsRefused
from sso.types import Enforcement
from sso.views.settings_lookup import find_connection

HISTORY_LENGTH = 50


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def connection(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    found = find_connection(request, connection_uid)
    standing = standing_of(found, user=signed_in_user(request))
    adapter = adapter_for(found.protocol)
    now = timezone.now()
    page = {
        "connection": found,
        "standing": standing,
        "live": adapter.described(standing.live, now=now) if standing.live else None,
        "draft": adapter.described(standing.draft, now=now) if standing.draft else None,
        "values_for_idp": adapter.values_for_idp(str(found.uid)),
        "history": found.revisions.select_related("created_by", "replaced").order_by("-number")[
            :HISTORY_LENGTH
        ],
        "nobody_is_asked": enforcement.policy_of(found.org).enforcement == Enforcement.OFF,
        **trial_options(),
    }
    return org_page(request, "sso/settings/connection.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def rename(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    found = find_connection(request, connection_uid)
    form = ConnectionNameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            connections.rename_connection(
                connection=found, name=form.cleaned_data["name"], actor=signed_in_user(request)
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            return redirect("sso:connection", org_slug, connection_uid)
    return org_page(request, "sso/settings/connection_rename.html", {"connection": found, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def switch(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """GET asks before switching off. Switching on takes one click."""
    found = find_connection(request, connection_uid)
    if not found.is_enabled:
        return _switch_on(request, org_slug, found)
    form = LockOutForm(_posted(request), would_lock_out=connections.would_lock_out(found))
    if form.is_valid():
        try:
            connections.switch_off(connection=found, actor=signed_in_user(request), **form.cleaned_data)
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("%(connection)s is switched off, and its SSO sessions have ended.")
                % {"connection": found.name},
            )
            return redirect("sso:connection", org_slug, connection_uid)
    return org_page(request, "sso/settings/connection_switch_off.html", {"connection": found, "form": form})


def _posted(request: OrgRequest) -> QueryDict | None:
    """Unlike `request.POST or None`, also a form of which nothing was ticked."""
    return request.POST if request.method == "POST" else None


def _switch_on(request: OrgRequest, org_slug: str, found: Connection) -> HttpResponse:
    if request.method == "POST":
        connections.switch_on(connection=found, actor=signed_in_user(request))
        messages.success(request, _("%(connection)s is switched on.") % {"connection": found.name})
    return redirect("sso:connection", org_slug, found.uid)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def delete(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    found = find_connection(request, connection_uid)
    form = DeleteConnectionForm(_posted(request), would_lock_out=connections.would_lock_out(found))
    if form.is_valid():
        try:
            connections.delete_connection(
                connection=found, actor=signed_in_user(request), **form.cleaned_data
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("%(connection)s has been deleted.") % {"connection": found.name})
            return redirect("sso:settings", org_slug)
    return org_page(request, "sso/settings/connection_delete.html", {"connection": found, "form": form})
