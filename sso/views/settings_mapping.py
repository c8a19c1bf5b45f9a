"""What a connection's IdP may decide: matching e-mail domains, roles, seats in resource groups."""

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
    group_rows,
    role_rows,
)
from sso.forms.refusals import show_refusal
from sso.settings_errors import SettingsRefused
from sso.views.settings_lookup import find_connection


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def domains(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    form = DomainsForm(_posted(request), initial={"domains": "\n".join(connection.email_domains)})
    if form.is_valid():
        try:
            mappings.save_email_domains(
                connection=connection, domains=form.cleaned_data["domains"], actor=signed_in_user(request)
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "The matching e-mail domains have been saved.")
            return redirect("sso:domains", org_slug, connection_uid)
    return org_page(request, "sso/settings/domains.html", {"connection": connection, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def role_mapping(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    initial = {"is_enabled": connection.role_mapping_enabled, "attribute": connection.role_attribute}
    rules = list(connection.role_rules.values("value", "role"))
    form = MappingForm(_posted(request), initial=initial)
    rows = RoleRuleFormSet(_posted(request), initial=rules)
    if form.is_valid() and rows.is_valid():
        try:
            mappings.save_role_mapping(
                connection=connection,
                rows=role_rows(rows),
                actor=signed_in_user(request),
                **form.cleaned_data,
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request, "The role mapping has been saved. It holds from each member's next login."
            )
            return redirect("sso:mapping", org_slug, connection_uid)
    page: dict[str, Any] = {"connection": connection, "form": form, "rows": rows}
    return org_page(request, "sso/settings/mapping.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def group_mapping(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    org = request.access.org
    initial = {"is_enabled": connection.group_mapping_enabled, "attribute": connection.group_attribute}
    rules = list(connection.group_rules.values("value", "group", "role"))
    form = MappingForm(_posted(request), initial=initial)
    rows = GroupRuleFormSet(_posted(request), initial=rules, form_kwargs={"org": org})
    if form.is_valid() and rows.is_valid():
        try:
            mappings.save_group_mapping(
                connection=connection,
                rows=group_rows(rows),
                actor=signed_in_user(request),
                **form.cleaned_data,
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request, "The group mapping has been saved. It holds from each member's next login."
            )
            return redirect("sso:group_mapping", org_slug, connection_uid)
    has_groups = org.resource_groups.exists()
    page = {"connection": connection, "form": form, "rows": rows, "has_groups": has_groups}
    return org_page(request, "sso/settings/group_mapping.html", page)


def _posted(request: OrgRequest) -> Any:
    return request.POST if request.method == "POST" else None
