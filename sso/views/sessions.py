"""The member's own SSO sessions: see them, end them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import signed_in_user
from sso import sessions
from sso.browser import browser_session_of


@login_required
@require_GET
def my_sessions(request: HttpRequest) -> HttpResponse:
    page = {
        "sessions": sessions.sessions_of_user(user=signed_in_user(request), now=timezone.now()),
        "this_browser": browser_session_of(request),
    }
    return render(request, "sso/my_sessions.html", page)


@login_required
@require_POST
def end_my_session(request: HttpRequest, session_id: int) -> HttpResponse:
    if sessions.end_own_session(user=signed_in_user(request), session_id=session_id):
        messages.success(request, "The SSO session was ended.")
    return redirect("sso:my_sessions")
