"""What report-only recorded: whom enforcing would have stopped, where and how often."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.access import Area, OrgRequest, org_view
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links
from orgs.views.inputs import key_from
from sso import reporting
from sso.enforcement import policy_of

PAGE_SIZE = 50


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def reported(request: OrgRequest, org_slug: str) -> HttpResponse:
    org, now = request.access.org, timezone.now()
    found = reporting.reported_memberships(org=org, now=now)
    page = page_by_key(found, key="pk", size=PAGE_SIZE, after=key_from(request, "after"))
    context = {
        "reported": reporting.reported_members(page.rows, org=org, now=now),
        "policy": policy_of(org),
        "shown_days": reporting.SHOWN_DAYS,
        "max_places": reporting.MAX_PLACES,
        **page_links(request, page),
    }
    return org_page(request, "sso/settings/reported.html", context)
