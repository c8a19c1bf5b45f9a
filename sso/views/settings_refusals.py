"""Logins that were refused and members that were blocked in the last days, by the reference that they were shown."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.access import Area, OrgRequest, org_view
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links
from orgs.views.inputs import key_from
from sso.explaining.why import for_admins
from sso.forms.activity import RefusalSearchForm
from sso.members.relinking import may_relink
from sso.watching.activity_reading import matching_traces

PAGE_SIZE = 50


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def refusals(request: OrgRequest, org_slug: str) -> HttpResponse:
    org = request.access.org
    by_person = not request.access.is_recovery
    form = RefusalSearchForm(request.GET, by_person=by_person)
    found = matching_traces(
        org,
        search=form.searched,
        reason=form.chosen,
        now=timezone.now(),
        by_person=by_person,
    )
    page = page_by_key(
        found.select_related("user", "connection"),
        key="pk",
        size=PAGE_SIZE,
        after=key_from(request, "before"),
        descending=True,
    )
    context = {
        "refusals": page.rows,
        "form": form,
        "is_narrowed": bool(form.searched or form.chosen),
        **page_links(request, page, key="before"),
    }
    return org_page(request, "sso/settings/refusals.html", context)


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def refusal(request: OrgRequest, org_slug: str, reference: str) -> HttpResponse:
    found = request.access.org.refusal_traces.filter(expires_at__gt=timezone.now())
    trace = get_object_or_404(found.select_related("user", "connection", "revision"), reference=reference)
    may_read = request.access.may_read_about(trace.user_id)
    page = {
        "refusal": trace,
        "why": for_admins(trace, with_claims=may_read),
        "may_read": may_read,
        "may_relink": may_read and may_relink(trace),
    }
    return org_page(request, "sso/settings/refusal.html", page)
