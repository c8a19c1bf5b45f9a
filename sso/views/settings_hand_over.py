"""Hand-over links on the admins' side: made and shown once, listed, withdrawn."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import absolute, org_page
from sso.forms.hand_over import HandOverForm
from sso.forms.refusals import show_refusal
from sso.revisions import hand_overs
from sso.settings_errors import SettingsRefused
from sso.views.settings_lookup import find_connection


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def links(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """The open links, and a form for another; a new link is shown in the answer, and never again."""
    connection = find_connection(request, connection_uid)
    form, link = HandOverForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        try:
            _made, token = hand_overs.make_hand_over(
                connection=connection,
                actor=signed_in_user(request),
                now=timezone.now(),
                is_in_recovery=request.is_in_recovery,  # type: ignore[attr-defined]  # the middleware says so
                **form.cleaned_data,
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            link, form = absolute(reverse("sso:hand_over", args=[token])), HandOverForm()
    now = timezone.now()
    listed = hand_overs.listed_hand_overs(connection, now=now)
    page = {"connection": connection, "form": form, "link": link, "hand_overs": listed}
    return org_page(request, "sso/settings/hand_overs.html", page)


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def revoke(request: OrgRequest, org_slug: str, connection_uid: UUID, hand_over_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    found = get_object_or_404(connection.hand_overs.select_related("org", "connection"), uid=hand_over_uid)
    hand_overs.revoke_hand_over(hand_over=found, actor=signed_in_user(request), now=timezone.now())
    messages.success(
        request, _("The link for %(recipient)s leads nowhere now.") % {"recipient": found.recipient}
    )
    return redirect("sso:hand_overs", org_slug, connection_uid)
