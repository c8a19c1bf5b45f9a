"""How logins ended: a chart of the last days, the reasons of refusals, and the list."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.access import Area, OrgRequest, org_view
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links
from orgs.views.inputs import key_from
from sso.forms.activity import ActivityFilterForm
from sso.watching import activity, activity_reading

PAGE_SIZE = 50


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def logins(request: OrgRequest, org_slug: str) -> HttpResponse:
    org, now = request.access.org, timezone.now()
    activity.record_abandoned_of(org.pk, now=now)
    form = ActivityFilterForm(request.GET, org=org, by_person=not request.access.is_recovery)
    chosen = form.chosen
    found = activity_reading.records(org, chosen)
    page = page_by_key(found, key="pk", size=PAGE_SIZE, after=key_from(request, "before"), descending=True)
    context = {
        "form": form,
        "chosen": chosen,
        "overview": activity_reading.overview(org, connection=chosen.connection, now=now),
        "chart_days": activity_reading.CHART_DAYS,
        "keep_days": activity.KEEP.days,
        "records": page.rows,
        "with_traces": activity_reading.with_traces(org, page.rows, now=now),
        **page_links(request, page, key="before"),
    }
    return org_page(request, "sso/settings/activity.html", context)
