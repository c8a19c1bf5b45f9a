"""The account pages that allauth does not have."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import languages, profiles, sessions
from accounts.forms import LanguageForm, ProfileForm
from accounts.requests import signed_in_user


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    own = {"name": user.name, "language": user.language, "time_zone": user.time_zone}
    form = ProfileForm(request.POST or None, initial=own)
    if request.method == "POST" and form.is_valid():
        profiles.change_name(user=user, name=form.cleaned_data["name"])
        profiles.change_language(user=user, language=form.cleaned_data["language"])
        profiles.change_time_zone(user=user, time_zone=form.cleaned_data["time_zone"])
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Your profile has been saved."))
        response = redirect("account_profile")
        languages.remember(response, language=user.language)
        return response
    return render(request, "account/profile.html", {"form": form})


def language(request: HttpRequest) -> HttpResponse:
    """Choose the language: of this browser, and of the account that is signed in."""
    form = LanguageForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"languages": settings.LANGUAGES, "next": languages.page_before(request)}
        return render(request, "account/language.html", context)
    chosen = form.cleaned_data["language"]
    if request.user.is_authenticated:
        profiles.change_language(user=signed_in_user(request), language=chosen)
    response = redirect(form.cleaned_data["next"])
    languages.remember(response, language=chosen)
    return response


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    session = get_object_or_404(UserSession, user=signed_in_user(request), pk=session_id)
    sessions.end_session(session=session)
    messages.success(request, _("The session has been ended."))
    return redirect("usersessions_list")
