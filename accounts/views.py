"""The account pages that allauth does not have."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts import profiles, sessions
from accounts.forms import ProfileForm
from accounts.requests import signed_in_user


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    form = ProfileForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        profiles.change_name(user=user, name=form.cleaned_data["name"])
        messages.success(request, "Your profile has been saved.")
        return redirect("account_profile")
    return render(request, "account/profile.html", {"form": form})


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    session = get_object_or_404(UserSession, user=signed_in_user(request), pk=session_id)
    sessions.end_session(session=session)
    messages.success(request, "The session has been ended.")
    return redirect("usersessions_list")
