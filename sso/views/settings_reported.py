"""What report-only recorded: whom enforcing would have stopped, where and how often."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.access import Area, OrgRequest, org_view
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links
from orgs.views.inputs import key_from
from sso.enforcing import reporting, rollout
from sso.enforcing.enforcement import policy_of
from sso.types import Enforcement

PAGE_SIZE = 50


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def reported(request: OrgRequest, org_slug: str) -> HttpResponse:
    org, now = request.access.org, timezone.now()
    found = reporting.reported_memberships(org=org, now=now)
    if request.access.is_recovery:
        found = found.filter(user=request.access.user_id)
    page = page_by_key(found, key="pk", size=PAGE_SIZE, after=key_from(request, "after"))
    policy = policy_of(org)
    context = {
        "chart": reporting.per_day(org=org, now=now),
        "rollout": rollout.rollout_of(org, now=now),
        "step": rollout.steps_from(Enforcement(policy.enforcement))[-1],
        "current": policy,
        "reported": reporting.reported_members(page.rows, org=org, now=now),
        "policy": policy,
        "are_names_withheld": request.access.is_recovery,
        "shown_days": reporting.SHOWN_DAYS,
        "max_places": reporting.MAX_PLACES,
        **page_links(request, page),
    }
    return org_page(request, "sso/settings/reported.html", context)
