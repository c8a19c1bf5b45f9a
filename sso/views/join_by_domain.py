"""Joining by a verified address in one of the organisation's domains, where there is no IdP to join through."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import signed_in_user
from orgs import domains
from orgs.access import gate_exempt
from orgs.errors import AlreadyMember, NotInvitedByDomain
from orgs.models import Organization
from sso.enforcing.enforcement import policy_of
from sso.gate import live_connections
from sso.policy import joining_needs_sso
from sso.throttles import JOIN_BY_ACCOUNT, JOIN_BY_ADDRESS, throttled
from sso.types import Enforcement


def offer(request: HttpRequest, org: Organization) -> HttpResponse:
    """The join link of an organisation without a live connection: a button for those whom a domain lets in."""
    if not domains.may_join(org=org, user=signed_in_user(request)):
        raise Http404
    if _needs_sso(org):
        return render(request, "sso/unavailable.html", {"org": org}, status=503)
    return render(request, "sso/join_by_domain.html", {"org": org})


@throttled(by_address=JOIN_BY_ADDRESS, by_account=JOIN_BY_ACCOUNT)
@gate_exempt("whoever joins by a verified address is not a member yet")
@login_required
@require_POST
def join(request: HttpRequest, org_slug: str) -> HttpResponse:
    org, user = get_object_or_404(Organization, slug=org_slug), signed_in_user(request)
    if domains.may_join(org=org, user=user) and (live_connections(org).exists() or _needs_sso(org)):
        return redirect("sso:join", org_slug)
    try:
        domains.join(org=org, user=user)
    except AlreadyMember:
        return redirect(org)
    except NotInvitedByDomain:
        raise Http404 from None
    messages.success(request, _("Welcome to %(org)s.") % {"org": org.name})
    return redirect(org)


def _needs_sso(org: Organization) -> bool:
    return joining_needs_sso(Enforcement(policy_of(org).enforcement))
