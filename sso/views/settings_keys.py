"""Our own keys for a connection: rolled over in three steps, and handed out as certificates."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso import key_pairs
from sso.forms.keys import RemoveOldForm, SwitchOverForm
from sso.views.settings_lookup import find_connection

NOTHING_TO_DO = gettext_noop(
    "There was nothing to do: somebody may have been faster. See below how the keys stand now."
)


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def add(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Publish a next key. It changes nothing yet, so nothing is asked."""
    connection = find_connection(request, connection_uid)
    pair = key_pairs.add_next(connection=connection, actor=signed_in_user(request), now=timezone.now())
    if pair is None:
        messages.error(request, _(NOTHING_TO_DO))
    else:
        messages.success(request, _("The next key is published. Give it to your identity provider now."))
    return redirect("sso:connection_certificates", org_slug, connection_uid)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def switch_over(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    form = SwitchOverForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if key_pairs.switch_over(connection=connection, actor=signed_in_user(request)):
            messages.success(
                request, _("The next key is in use. The old one still opens what is encrypted for it.")
            )
        else:
            messages.error(request, _(NOTHING_TO_DO))
        return redirect("sso:connection_certificates", org_slug, connection_uid)
    return org_page(request, "sso/settings/key_switch.html", {"connection": connection, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def remove_old(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    form = RemoveOldForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if key_pairs.remove_old(connection=connection, actor=signed_in_user(request)):
            messages.success(request, _("The old key is gone."))
        else:
            messages.error(request, _(NOTHING_TO_DO))
        return redirect("sso:connection_certificates", org_slug, connection_uid)
    return org_page(request, "sso/settings/key_remove.html", {"connection": connection, "form": form})


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def certificate(request: OrgRequest, org_slug: str, connection_uid: UUID, key_uid: UUID) -> HttpResponse:
    """A certificate as a file, for IdPs that don't read metadata."""
    connection = find_connection(request, connection_uid)
    pair = get_object_or_404(connection.key_pairs, uid=key_uid)
    name = pair.fingerprint_sha256.replace(":", "")[:8].lower()
    return HttpResponse(
        pair.certificate,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": f'attachment; filename="hubsso-{name}.pem"'},
    )
