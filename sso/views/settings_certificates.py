"""Certificates, keys and secrets: of all connections, and of one with what can be done about them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso.enforcing.progress import standing_of
from sso.expiring.expiry import keys_of
from sso.forms.trial import trial_options
from sso.models import Revision
from sso.protocols import adapter_for
from sso.throttles import TEST_BY_ACCOUNT, TEST_BY_ADDRESS, throttled
from sso.views.settings_lookup import find_connection


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def certificates(request: OrgRequest, org_slug: str) -> HttpResponse:
    connections = list(request.access.org.connections.order_by("pk"))
    page = {"all_keys": keys_of(connections, now=timezone.now())}
    return org_page(request, "sso/settings/certificates.html", page)


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def connection_certificates(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    (keys,) = keys_of([connection], now=timezone.now())
    page = {
        "connection": connection,
        "keys": keys,
        "rollover": keys.rollover,
        "standing": standing_of(connection, user=signed_in_user(request)),
        **trial_options(),
    }
    return org_page(request, "sso/settings/connection_certificates.html", page)


@throttled(by_address=TEST_BY_ADDRESS, by_account=TEST_BY_ACCOUNT)
@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def read_metadata(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Read the metadata of the live revision and of the draft now, as `refresh_metadata` does from time to time."""
    connection = find_connection(request, connection_uid)
    current = connection.revisions.exclude(status=Revision.Status.RETIRED).select_related("connection__org")
    now = timezone.now()
    checks = [adapter_for(connection.protocol).refresh(revision, now=now) for revision in current]
    done = [check for check in checks if check is not None]
    if not done:
        messages.error(request, _("There is no metadata address to read."))
    elif any(check.code for check in done):
        messages.error(request, _("The metadata could not be read. See below why."))
    else:
        messages.success(request, _("The metadata has been read."))
    return redirect("sso:connection_certificates", org_slug, connection_uid)
