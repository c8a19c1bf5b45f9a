"""The next certificate of an IdP, and the end of an old one. Both make a draft: see `certificate_drafts`."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso.expiring.expiry import keys_of
from sso.forms.refusals import show_refusal
from sso.models import Connection
from sso.saml.certificate_drafts import add_certificates, drop_certificate, is_last_certificate
from sso.saml.forms import AddCertificateForm
from sso.settings_errors import SettingsRefused
from sso.types import SSOProtocol
from sso.views.settings_lookup import find_connection


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def add(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = _saml_connection(request, connection_uid)
    is_posted = request.method == "POST"
    form = AddCertificateForm(request.POST if is_posted else None, request.FILES if is_posted else None)
    if form.is_valid():
        try:
            draft = add_certificates(
                connection=connection,
                certificates=form.found,
                actor=signed_in_user(request),
                now=timezone.now(),
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            _say_saved(request, draft.number)
            return redirect("sso:connection_certificates", org_slug, connection_uid)
    return org_page(request, "sso/settings/certificate_add.html", {"connection": connection, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def remove(request: OrgRequest, org_slug: str, connection_uid: UUID, certificate_slug: str) -> HttpResponse:
    """GET shows what is known of the certificate's use before it is left out of a draft."""
    connection = _saml_connection(request, connection_uid)
    (keys,) = keys_of([connection], now=timezone.now())
    row = next((row for row in keys.certificates if row.slug == certificate_slug), None)
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            draft = drop_certificate(
                connection=connection,
                fingerprint=row.certificate.fingerprint,
                actor=signed_in_user(request),
                now=timezone.now(),
            )
        except SettingsRefused as refusal:
            messages.error(request, refusal.message)
        else:
            _say_saved(request, draft.number)
        return redirect("sso:connection_certificates", org_slug, connection_uid)
    is_only = is_last_certificate(
        connection=connection, fingerprint=row.certificate.fingerprint, now=timezone.now()
    )
    page = {"connection": connection, "row": row, "is_only": is_only}
    return org_page(request, "sso/settings/certificate_remove.html", page)


def _saml_connection(request: OrgRequest, connection_uid: UUID) -> Connection:
    connection = find_connection(request, connection_uid)
    if connection.protocol != SSOProtocol.SAML:
        raise Http404
    return connection


def _say_saved(request: OrgRequest, number: int) -> None:
    messages.success(
        request, _("Draft %(number)d is saved. Test it, then make it live.") % {"number": number}
    )
