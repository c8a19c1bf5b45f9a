"""A person's own organisations' SSO: see it, end sessions, sign out at the IdP as well."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import signed_in_user
from orgs.access import gate_exempt
from sso import logout, sessions
from sso.browser import browser_session_of
from sso.errors import SSOError
from sso.models import Connection
from sso.my_organisations import my_organisations
from sso.views.to_idp import to_idp_from_form


@login_required
@require_GET
def my_sessions(request: HttpRequest) -> HttpResponse:
    found = my_organisations(
        user=signed_in_user(request), this_browser=browser_session_of(request), now=timezone.now()
    )
    return render(request, "sso/my_organisations.html", {"organisations": found})


@login_required
@require_POST
def end_my_session(request: HttpRequest, session_id: int) -> HttpResponse:
    if sessions.end_own_session(user=signed_in_user(request), session_id=session_id):
        messages.success(request, _("The SSO session was ended."))
    return redirect("sso:my_sessions")


@login_required
@require_POST
def sign_out(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of this browser's sessions here, then at its IdP."""
    session = logout.own_session(
        user=signed_in_user(request), browser_session=browser_session_of(request), session_id=session_id
    )
    if session is None:
        return redirect("sso:my_sessions")
    try:
        browser_request = logout.sign_out(session, now=timezone.now())
    except SSOError:
        browser_request = None
    if browser_request is None:
        messages.warning(
            request,
            _("The SSO session was ended here. %(connection)s could not be asked to sign you out there too.")
            % {"connection": session.connection.name},
        )
        return redirect("sso:my_sessions")
    return to_idp_from_form(request, browser_request)


@gate_exempt("where an IdP sends people who signed out; it says nothing of the organisation")
@never_cache
@require_GET
def signed_out(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Where an OP sends people back to (RP-Initiated Logout 3). Here the session is over, whatever `state` says."""
    connection = get_object_or_404(Connection, uid=connection_uid)
    answered = logout.take_answered(
        connection=connection,
        browser_session=browser_session_of(request),
        now=timezone.now(),
        state=request.GET.get("state", ""),
    )
    return render(request, "sso/signed_out.html", {"at_idp": answered is not None})
