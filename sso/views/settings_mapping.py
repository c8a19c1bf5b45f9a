"""What a connection's IdP may decide: matching e-mail domains, roles, seats in resource groups."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso import mappings
from sso.forms.mapping import (
    DomainsForm,
    GroupRuleFormSet,
    MappingForm,
    RoleRuleFormSet,
    domains_initial,
    group_mapping_initial,
    group_rows,
    role_mapping_initial,
    role_rows,
)
from sso.forms.refusals import show_refusal
from sso.forms.stamps import StampedForm
from sso.models import Connection
from sso.settings_errors import SettingsRefused
from sso.views.settings_lookup import find_connection

HOLDS_FROM = "It holds from each member's next login."


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def domains(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    form = DomainsForm(_posted(request), initial=domains_initial(connection))
    if form.is_valid() and _is_saved(request, connection, form, mappings.save_email_domains):
        messages.success(request, "The matching e-mail domains have been saved.")
        return redirect("sso:domains", org_slug, connection_uid)
    return org_page(request, "sso/settings/domains.html", {"connection": connection, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def role_mapping(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    form = MappingForm(_posted(request), initial=role_mapping_initial(connection))
    saved = connection.role_rules.values("value", "role")
    rows = RoleRuleFormSet(_posted(request), initial=_rows_to_begin_with(request, saved))
    if form.is_valid() and rows.is_valid():
        save = partial(mappings.save_role_mapping, rows=role_rows(rows))
        if _is_saved(request, connection, form, save):
            messages.success(request, f"The role mapping has been saved. {HOLDS_FROM}")
            return redirect("sso:mapping", org_slug, connection_uid)
    page = {
        "connection": connection,
        "form": form,
        "rows": rows,
        "saved_rules": connection.role_rules.all(),
    }
    return org_page(request, "sso/settings/mapping.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def group_mapping(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    org = request.access.org
    form = MappingForm(_posted(request), initial=group_mapping_initial(connection))
    saved = connection.group_rules.values("value", "group", "role")
    initial = _rows_to_begin_with(request, saved)
    rows = GroupRuleFormSet(_posted(request), initial=initial, form_kwargs={"org": org})
    if form.is_valid() and rows.is_valid():
        save = partial(mappings.save_group_mapping, rows=group_rows(rows))
        if _is_saved(request, connection, form, save):
            messages.success(request, f"The group mapping has been saved. {HOLDS_FROM}")
            return redirect("sso:group_mapping", org_slug, connection_uid)
    page = {
        "connection": connection,
        "form": form,
        "rows": rows,
        "saved_rules": connection.group_rules.select_related("group"),
        "has_groups": org.resource_groups.exists(),
    }
    return org_page(request, "sso/settings/group_mapping.html", page)


def _is_saved(
    request: OrgRequest, connection: Connection, form: StampedForm, save: Callable[..., object]
) -> bool:
    """Save what the form says; a refusal is shown by it, beside what is saved now."""
    try:
        save(connection=connection, actor=signed_in_user(request), **form.cleaned_data)
    except SettingsRefused as refusal:
        show_refusal(form, refusal)
        connection.refresh_from_db()
        return False
    return True


def _rows_to_begin_with(request: OrgRequest, saved: Iterable[Any]) -> list[Any]:
    """None beside posted rows: one that equals a saved row would count as untouched, and be lost."""
    return [] if request.method == "POST" else list(saved)


def _posted(request: OrgRequest) -> Any:
    return request.POST if request.method == "POST" else None
