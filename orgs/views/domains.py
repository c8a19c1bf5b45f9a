"""An organisation's e-mail domains: claimed, proven by a DNS record, used for joining, removed."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import signed_in_user
from hubsso.domain_names import shown
from orgs import domains
from orgs.access import Area, OrgRequest, org_view
from orgs.domains import Challenge
from orgs.errors import DomainRefused
from orgs.forms import AutoJoinForm, DomainForm
from orgs.models import Domain
from orgs.roles import Ability
from orgs.views.answers import org_page, telling


@dataclass(frozen=True, slots=True)
class DomainRow:
    """A domain as the page shows it. `label` is its relative record name, for forms that add the rest."""

    domain: Domain
    shown: str
    challenge: Challenge

    @classmethod
    def of(cls, domain: Domain) -> "DomainRow":
        return cls(domain, shown(domain.name), domains.challenge_of(domain))


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def domains_list(request: OrgRequest, org_slug: str) -> HttpResponse:
    """The list, with a form that claims one more."""
    org = request.access.org
    form = DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            domain = domains.add_domain(
                org=org, typed=form.cleaned_data["name"], actor=signed_in_user(request)
            )
        except DomainRefused as refusal:
            form.add_error("name", refusal.message)
        else:
            messages.success(
                request,
                _("%(domain)s has been added. Now prove that it is yours.") % {"domain": shown(domain.name)},
            )
            return redirect("orgs:domains", org_slug)
    found = org.domains.order_by("name")[: domains.MAX_DOMAINS]
    context = {
        "form": form,
        "rows": [DomainRow.of(domain) for domain in found],
        "fail_days": domains.FAIL_FOR.days,
    }
    return org_page(request, "orgs/settings/domains.html", context)


@require_POST
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def check(request: OrgRequest, org_slug: str, domain_id: int) -> HttpResponse:
    domain = get_object_or_404(request.access.org.domains, pk=domain_id)
    with telling(request, _("The record of %(domain)s is there.") % {"domain": shown(domain.name)}):
        domains.check_domain(domain=domain, actor=signed_in_user(request), now=timezone.now())
    return redirect("orgs:domains", org_slug)


@require_POST
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def auto_join(request: OrgRequest, org_slug: str, domain_id: int) -> HttpResponse:
    domain = get_object_or_404(request.access.org.domains.select_related("org"), pk=domain_id)
    form = AutoJoinForm(request.POST)
    is_on = form.is_valid() and bool(form.cleaned_data["is_on"])
    domains.set_auto_join(domain=domain, is_on=is_on, actor=signed_in_user(request))
    told = (
        _("People with an address in %(domain)s can join from now on.")
        if is_on
        else _("People with an address in %(domain)s need an invitation or the join link again.")
    )
    messages.success(request, told % {"domain": shown(domain.name)})
    return redirect("orgs:domains", org_slug)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def remove(request: OrgRequest, org_slug: str, domain_id: int) -> HttpResponse:
    domain = get_object_or_404(request.access.org.domains.select_related("org"), pk=domain_id)
    if request.method == "POST":
        domains.remove_domain(domain=domain, actor=signed_in_user(request))
        messages.success(request, _("%(domain)s has been removed.") % {"domain": shown(domain.name)})
        return redirect("orgs:domains", org_slug)
    context = {"domain": domain, "shown": shown(domain.name)}
    return org_page(request, "orgs/settings/domain_remove.html", context)
