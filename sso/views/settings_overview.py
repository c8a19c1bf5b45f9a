"""The SSO settings' first page."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import absolute, org_page
from sso.enforcing import enforcement
from sso.enforcing.progress import standings_of, steps_of
from sso.forms.trial import trial_options
from sso.guides import vendors


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
