"""The audit log: the page with its filters, the export, and how long entries are kept. For admins."""

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import signed_in_user
from hubsso.heavy import one_of_few
from orgs import audit, audit_export, audit_retention
from orgs.access import Area, OrgRequest, org_view
from orgs.audit_export import CONTENT_TYPES, ExportFormat
from orgs.audit_forms import AuditExportForm, AuditFilterForm, AuditRetentionForm
from orgs.audit_reading import AuditFilter, entries
from orgs.errors import OrgError
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links
from orgs.views.inputs import key_from

PAGE_SIZE = 50


@require_safe
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def log(request: OrgRequest, org_slug: str) -> HttpResponse:
    org = request.access.org
    form = AuditFilterForm(request.GET)
    page = page_by_key(
        entries(org, form.chosen),
        key="seq",
        size=PAGE_SIZE,
        after=key_from(request, "before"),
        descending=True,
    )
    context = {
        "entries": [audit.describe(entry) for entry in page.rows],
        "form": form,
        "chosen": form.chosen,
        **page_links(request, page, key="before"),
    }
    return org_page(request, "orgs/settings/audit.html", context)


@require_POST
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def export(request: OrgRequest, org_slug: str) -> HttpResponseBase:
    """The entries that the filters of the address leave, as a file. It is made while it is sent."""
    org, form = request.access.org, AuditExportForm(request.POST)
    if not form.is_valid():
        return redirect("orgs:audit", org_slug)
    export_format = ExportFormat(form.cleaned_data["format"])
    chosen = AuditFilterForm(request.GET).chosen
    return one_of_few(request, org.pk, lambda: _file(request, chosen, export_format))


def _file(request: OrgRequest, chosen: AuditFilter, export_format: ExportFormat) -> StreamingHttpResponse:
    org = request.access.org
    pieces = audit_export.export(
        org=org, chosen=chosen, export_format=export_format, actor=signed_in_user(request)
    )
    response = StreamingHttpResponse(pieces, content_type=CONTENT_TYPES[export_format])
    name = f"{org.slug}-audit-{timezone.localdate():%Y-%m-%d}.{export_format.value}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def retention(request: OrgRequest, org_slug: str) -> HttpResponse:
    org = request.access.org
    form = AuditRetentionForm(request.POST or None, initial={"days": org.audit_retention_days})
    if request.method == "POST":
        form = AuditRetentionForm(request.POST)
        if form.is_valid() and _set_retention(request, form):
            return redirect("orgs:audit", org_slug)
    return org_page(request, "orgs/settings/audit_retention.html", {"form": form})


def _set_retention(request: OrgRequest, form: AuditRetentionForm) -> bool:
    try:
        audit_retention.set_retention(
            org=request.access.org, days=form.cleaned_data["days"], actor=signed_in_user(request)
        )
    except OrgError as refusal:
        form.add_error("days", refusal.message)
        return False
    messages.success(request, _("How long the audit log is kept has been saved."))
    return True
