"""What the organisation asks of its members: the rules, each step to other ones, and the session length."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page
from sso.browser import browser_session_of
from sso.enforcing import enforcement, rollout
from sso.forms.policy import SessionLengthForm, StepForm, length_in_words
from sso.forms.refusals import show_refusal
from sso.gate import live_connections
from sso.models import SSOPolicy
from sso.return_paths import with_next
from sso.settings_errors import (
    EnforcingNeedsRecoveryCodes,
    EnforcingNeedsSession,
    NoLiveConnection,
    SettingsRefused,
)
from sso.types import Enforcement
from sso.viewer import start_url


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def policy(request: OrgRequest, org_slug: str) -> HttpResponse:
    """The steps, and a form for the session length."""
    org = request.access.org
    current = enforcement.policy_of(org)
    form = SessionLengthForm(request.POST or None, policy=current)
    if request.method == "POST" and form.is_valid():
        try:
            enforcement.change_policy(
                org=org,
                session_timeout_seconds=form.cleaned_data["session_timeout_seconds"],
                actor=signed_in_user(request),
                browser_session=browser_session_of(request),
                now=timezone.now(),
                based_on=form.cleaned_data["based_on"],
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
            current = enforcement.policy_of(org)
        else:
            messages.success(
                request, _("The session length has been saved and holds from the next request on.")
            )
            return redirect("sso:policy", org_slug)
    return _policy_page(request, form, current)


def _policy_page(request: OrgRequest, form: SessionLengthForm, current: SSOPolicy) -> HttpResponse:
    org, now = request.access.org, timezone.now()
    page = {
        "form": form,
        "current": current,
        "current_length": length_in_words(current.session_timeout_seconds),
        "steps": rollout.steps_from(Enforcement(current.enforcement)),
        "rollout": rollout.rollout_of(org, now=now),
        "has_live_connection": live_connections(org).exists(),
    }
    return org_page(request, "sso/settings/policy.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def step(request: OrgRequest, org_slug: str, step: str) -> HttpResponse:
    """Say what the step changes, and take it once the admin says so."""
    org, wanted = request.access.org, Enforcement(step)
    current = enforcement.policy_of(org)
    if current.enforcement == wanted:
        return redirect("sso:policy", org_slug)
    posted = request.POST if request.method == "POST" else None
    form = StepForm(posted, initial={"based_on": enforcement.policy_stamp(current)})
    if form.is_valid():
        try:
            changed = enforcement.change_policy(
                org=org,
                enforcement=wanted,
                actor=signed_in_user(request),
                browser_session=browser_session_of(request),
                now=timezone.now(),
                based_on=form.cleaned_data["based_on"],
            )
        except SettingsRefused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _step_taken(changed))
            return redirect("sso:policy", org_slug)
    return _step_page(request, form, wanted)


def _step_taken(policy: SSOPolicy) -> str:
    return _("The rule is now “%(rule)s”. It holds from the next request on.") % {
        "rule": policy.get_enforcement_display()
    }


def _step_page(request: OrgRequest, form: StepForm, wanted: Enforcement) -> HttpResponse:
    org, now = request.access.org, timezone.now()
    current = enforcement.policy_of(org)
    steps = rollout.steps_from(Enforcement(current.enforcement))
    missing = enforcement.what_step_needs(
        org=org,
        enforcement=wanted,
        user=signed_in_user(request),
        browser_session=browser_session_of(request),
        now=now,
    )
    page = {
        "form": form,
        "current": current,
        "step": next(step for step in steps if step.value == wanted),
        "rollout": rollout.rollout_of(org, now=now),
        "missing": [(refusal, *_remedy(refusal, request, missing)) for refusal in missing],
    }
    return org_page(request, "sso/settings/policy_step.html", page)


def _remedy(
    refusal: SettingsRefused, request: OrgRequest, missing: Sequence[SettingsRefused]
) -> tuple[str, str]:
    """Where what is missing can be done: a label and a path; empty where it has to wait for something else."""
    slug = request.access.org.slug
    if isinstance(refusal, NoLiveConnection):
        return _("Go to the connections"), reverse("sso:settings", args=[slug])
    has_idp = not any(isinstance(other, NoLiveConnection) for other in missing)
    if isinstance(refusal, EnforcingNeedsSession) and has_idp:
        return _("Authenticate now"), with_next(start_url(slug), request.path)
    if isinstance(refusal, EnforcingNeedsRecoveryCodes):
        return _("Make recovery codes"), reverse("sso:recovery_codes", args=[slug])
    return "", ""
