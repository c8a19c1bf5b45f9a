"""What a connection's IdP may decide: matching e-mail domains, roles, seats in resource groups.

A mapping is entered, previewed and saved at one address: the buttons say which (`forms.mapping_steps`).
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import signed_in_user
from hubsso.heavy import one_of_few
from hubsso.text import key_in
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso.forms.mapping import DomainsForm, domains_initial
from sso.forms.mapping_steps import CHANGES_THE_FORM, Step, shown_rows, step_of
from sso.forms.refusals import show_refusal
from sso.forms.stamps import StampedForm
from sso.mapping import mappings, seen_attributes
from sso.mapping.attribute_suggestions import suggestions_for
from sso.mapping.mapping_preview import as_numbers
from sso.models import Connection
from sso.settings_errors import AdminRuleNeeded, NoAdminLeft, PreviewNeeded, SettingsRefused
from sso.views.mapping_editors import GroupMappingEditor, MappingEditor, RoleMappingEditor
from sso.views.settings_lookup import find_connection

SUMMARY_SALT = "sso.mapping.mapping_preview"


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def domains(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    form = DomainsForm(_posted(request), initial=domains_initial(connection))
    if form.is_valid() and _is_saved(request, connection, form, mappings.save_email_domains):
        messages.success(request, _("The matching e-mail domains have been saved."))
        return redirect("sso:domains", org_slug, connection_uid)
    page = {"connection": connection, "form": form, "routes": mappings.domain_routes(request.access.org)}
    return org_page(request, "sso/settings/domains.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def role_mapping(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponseBase:
    return _edit(request, RoleMappingEditor(find_connection(request, connection_uid)))


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def group_mapping(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponseBase:
    return _edit(request, GroupMappingEditor(find_connection(request, connection_uid)))


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def keep_attributes(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Switch on or off, for the whole organisation, that members' last attributes are kept."""
    connection = find_connection(request, connection_uid)
    keeps = "keep" in request.POST
    seen_attributes.set_keeping(org=request.access.org, keeps=keeps, actor=signed_in_user(request))
    if keeps:
        messages.success(request, _("From the next logins on, members' attributes are kept for 30 days."))
    else:
        messages.success(request, _("Members' attributes are no longer kept, and what was kept is deleted."))
    return redirect("sso:mapping", org_slug, connection.uid)


def _edit(request: OrgRequest, editor: MappingEditor) -> HttpResponseBase:
    if request.method != "POST":
        return _editor_page(request, editor)
    step = step_of(request.POST)
    if step in CHANGES_THE_FORM:
        editor.restart(request.POST)
        return _editor_page(request, editor)
    if not editor.take(request.POST):
        return _editor_page(request, editor)
    return one_of_few(request, request.access.org.pk, lambda: _dry_run(request, editor, step))


def _dry_run(request: OrgRequest, editor: MappingEditor, step: Step) -> HttpResponse:
    """Preview or save, which looks for an admin who is left: both may read every member."""
    try:
        return _save(request, editor) if step is Step.SAVE else _preview_page(request, editor)
    except (PreviewNeeded, AdminRuleNeeded, NoAdminLeft) as refusal:
        return _preview_page(request, editor, refusal)
    except SettingsRefused as refusal:
        show_refusal(editor.form, refusal)
        editor.connection.refresh_from_db()
        return _editor_page(request, editor)


def _save(request: OrgRequest, editor: MappingEditor) -> HttpResponse:
    actor = signed_in_user(request)
    editor.save(actor=actor, now=timezone.now(), previewed=request.POST.get("previewed", ""))
    messages.success(request, _("The mapping has been saved. It takes effect at each member's next login."))
    return redirect(editor.url_name, request.access.org.slug, editor.connection.uid)


def _editor_page(request: OrgRequest, editor: MappingEditor) -> HttpResponse:
    suggestions = suggestions_for(connection=editor.connection, now=timezone.now())
    page = {
        "connection": editor.connection,
        "form": editor.form,
        "rows": editor.rows,
        "suggestions": suggestions,
        "attribute": editor.attribute,
        "seen_values": () if request.access.is_recovery else suggestions.values_of(editor.attribute),
        "keeps_attributes": seen_attributes.keeps_attributes(request.access.org.pk),
        **editor.page(),
    }
    return org_page(request, editor.template, page)


def _preview_page(
    request: OrgRequest, editor: MappingEditor, refusal: SettingsRefused | None = None
) -> HttpResponse:
    """The members as they would be. Later pages carry the first one's numbers along, signed for this proposal."""
    mapping = editor.propose()
    stamp = mappings.preview_stamp(mapping)
    salt = f"{SUMMARY_SALT}:{editor.connection.uid}:{editor.url_name}:{stamp}"
    carried = _carried_summary(request.POST.get("summary", ""), salt)
    after = key_in(request.POST.get("after", "")) if carried else None
    show = shown_rows(request.POST)
    preview = editor.preview(now=timezone.now(), show=show, after=after)
    summary = as_numbers(preview.summary) if preview.summary else carried or {}
    not_savable = editor.why_not_savable(mapping, summary)
    page = {
        "connection": editor.connection,
        "mapping": mapping,
        "refusal": not_savable or refusal,
        "can_be_saved": not_savable is None,
        "fields": editor.hidden_fields(),
        "previewed": stamp,
        "summary": summary,
        "carried": signing.dumps(summary, salt=salt),
        "rows": [] if request.access.is_recovery else editor.shown(mapping, preview.rows),
        "next_key": None if request.access.is_recovery else preview.next_key,
        "is_first_page": after is None,
        "show": show,
    }
    return org_page(request, editor.preview_template, page)


def _carried_summary(text: str, salt: str) -> dict[str, int] | None:
    try:
        return dict(signing.loads(text, salt=salt))
    except signing.BadSignature:
        return None


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


def _posted(request: OrgRequest) -> Any:
    return request.POST if request.method == "POST" else None
