""" "Why was I blocked?": what happened under a reference, for the person it happened to."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.requests import signed_in_user
from orgs.access import gate_exempt
from orgs.models import Organization
from sso.explaining.references import as_typed
from sso.explaining.way_on import way_on
from sso.explaining.why import for_member
from sso.gate import live_connections
from sso.models import RefusalTrace
from sso.return_paths import safe_path
from sso.throttles import WHY_BY_ACCOUNT, WHY_BY_ADDRESS, throttled
from sso.viewer import retry_url


@throttled(by_address=WHY_BY_ADDRESS, by_account=WHY_BY_ACCOUNT)
@gate_exempt("explains to a person what the gate or a login refused them, so it can't be behind the gate")
@login_required
@never_cache
@require_safe
def why(request: HttpRequest, org_slug: str, reference: str) -> HttpResponse:
    """Only references of one's own; another's is as unknown as one that was made up."""
    org = get_object_or_404(Organization, slug=org_slug)
    kept = org.refusal_traces.filter(user=signed_in_user(request), expires_at__gt=timezone.now())
    trace = kept.select_related("connection").filter(reference=as_typed(reference)).first()
    if trace is None and not org.memberships.filter(user=signed_in_user(request)).exists():
        raise Http404
    if trace is None:
        return render(request, "sso/why_unknown.html", {"reference": as_typed(reference)}, status=404)
    request.is_blocked = True  # type: ignore[attr-defined]  # the page has the banner's button itself
    page = {
        "org": org,
        "trace": trace,
        "why": for_member(trace),
        "way_on": way_on(trace.code, org=org, viewer=signed_in_user(request)),
        "start_url": _again(request, trace) if live_connections(org).exists() else "",
    }
    return render(request, "sso/why.html", page)


def _again(request: HttpRequest, trace: RefusalTrace) -> str:
    """Another try; it leads to the page from which the person came to ask why they may not see it."""
    next_path = safe_path(request.GET.get("next"), fallback="")
    return retry_url(trace.org.slug, purpose=trace.purpose, next_path=next_path)
