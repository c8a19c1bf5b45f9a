"""The SSO settings' first page, and what the organisation asks of its members."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import absolute, org_page
from sso import enforcement
from sso.browser import browser_session_of
from sso.forms.policy import PolicyForm, length_in_words
from sso.forms.refusals import show_refusal
from sso.forms.trial import trial_options
from sso.guides import vendors
from sso.models import SSOPolicy
from sso.progress import standings_of, steps_of
from sso.return_paths import with_next
from sso.settings_errors import EnforcingNeedsSession, SettingsRefused
from sso.types import Enforcement
from sso.viewer import start_url


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def overview(request: OrgRequest, org_slug: str) -> HttpResponse:
    org = request.access.org
    policy = enforcement.policy_of(org)
    standings = standings_of(org, user=signed_in_user(request))
    is_live = any(standing.is_serving for standing in standings)
    page = {
        "standings": standings,
        "policy": policy,
        "steps": steps_of(standings, policy),
        "vendors": vendors(),
        **trial_options(),
        "join_url": absolute(reverse("sso:join", args=[org.slug])) if is_live else "",
    }
    return org_page(request, "sso/settings/overview.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def policy(request: OrgRequest, org_slug: str) -> HttpResponse:
    current = enforcement.policy_of(request.access.org)
    form = PolicyForm(request.POST or None, policy=current)
    if request.method == "POST" and form.is_valid():
        try:
            enforcement.change_policy(
                org=request.access.org,
                enforcement=form.cleaned_data["enforcement"],
                session_timeout_seconds=form.cleaned_data["session_timeout_seconds"],
                actor=signed_in_user(request),
                browser_session=browser_session_of(request),
                now=timezone.now(),
                based_on=form.cleaned_data["based_on"],
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
            current = enforcement.policy_of(request.access.org)
        else:
            messages.success(request, "The rules have been saved and hold from the next request on.")
            return redirect("sso:policy", org_slug)
    return _policy_page(request, form, current)


def _policy_page(request: OrgRequest, form: PolicyForm, current: SSOPolicy) -> HttpResponse:
    refusal = enforcement.why_not(
        org=request.access.org,
        enforcement=Enforcement.ENFORCED,
        user=signed_in_user(request),
        browser_session=browser_session_of(request),
        now=timezone.now(),
    )
    slug = request.access.org.slug
    page = {
        "form": form,
        "current": current,
        "current_length": length_in_words(current.session_timeout_seconds),
        "why_not_enforced": refusal.message
        if refusal and current.enforcement != Enforcement.ENFORCED
        else "",
        "needs_session": isinstance(refusal, EnforcingNeedsSession),
        "authenticate_url": with_next(start_url(slug), reverse("sso:policy", args=[slug])),
    }
    return org_page(request, "sso/settings/policy.html", page)
