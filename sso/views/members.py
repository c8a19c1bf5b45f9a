"""The admins' one table of members, shown at the members' own address, and changes of several of them."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.requests import signed_in_user
from hubsso.text import key_in
from orgs.access import Area, OrgRequest, org_view
from orgs.models import Membership
from orgs.roles import ROLE_DESCRIPTIONS, Ability, Role
from orgs.views.answers import org_page, page_links, page_to_return_to
from orgs.views.inputs import key_from
from sso.forms.members import BulkRoleForm, MemberFilterForm
from sso.members import bulk_members
from sso.members.bulk_members import MAX_MEMBERS, BulkAction, BulkResult
from sso.members.member_list import (
    COUNTED,
    MemberFilter,
    MemberLine,
    Sort,
    count_of_members,
    lines_of,
    page_of_members,
)


def members_page(request: OrgRequest) -> HttpResponse:
    """Shown in the place of the plain list (`orgs.member_page`); the gate and the role were asked there."""
    org, now = request.access.org, timezone.now()
    form = MemberFilterForm(request.GET)
    wanted = form.wanted
    after = key_from(request, "after")
    page = page_of_members(org=org, wanted=wanted, after=after, now=now)
    count = count_of_members(org=org, wanted=wanted, now=now, first_page=page if after is None else None)
    context = {
        "form": form,
        "wanted": wanted,
        "lines": lines_of(org=org, memberships=page.rows, now=now),
        "count": min(count, COUNTED),
        "is_more": count > COUNTED,
        "sorts": _sort_links(request, wanted),
        "role_descriptions": [(role.label, ROLE_DESCRIPTIONS[role]) for role in Role],
        **page_links(request, page),
    }
    return org_page(request, "sso/members.html", context)


@require_POST
@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def bulk(request: OrgRequest, org_slug: str) -> HttpResponse:
    """Ask first, with the members listed; done when the question is answered."""
    try:
        action = BulkAction(request.POST.get("action", ""))
    except ValueError:
        raise Http404 from None
    lines = _chosen_lines(request)
    if not lines:
        messages.error(request, _("Tick the members first."))
        return redirect(page_to_return_to(request, "orgs:members"))
    form = BulkRoleForm(request.POST if "confirmed" in request.POST else None)
    if "confirmed" in request.POST and (action is not BulkAction.SET_ROLE or form.is_valid()):
        return _run(request, action, lines, form)
    return _question(request, action, lines, form)


def _question(
    request: OrgRequest, action: BulkAction, lines: list[MemberLine], form: BulkRoleForm
) -> HttpResponse:
    lock = request.access.role_lock
    rows = [(line, bulk_members.why_not(action, line, role_lock=lock)) for line in lines]
    context = {
        "action": action.value,
        "rows": rows,
        "number": sum(1 for _line, reason in rows if not reason),
        "form": form,
        "back": page_to_return_to(request, "orgs:members"),
    }
    return org_page(request, "sso/members_bulk.html", context)


def _run(
    request: OrgRequest, action: BulkAction, lines: list[MemberLine], form: BulkRoleForm
) -> HttpResponse:
    result = bulk_members.run(
        action,
        _unhindered(action, lines, request.access.role_lock),
        actor=signed_in_user(request),
        role=form.cleaned_data["role"] if action is BulkAction.SET_ROLE else None,
        role_lock=request.access.role_lock,
    )
    _tell(request, result)
    return redirect(page_to_return_to(request, "orgs:members"))


def _unhindered(action: BulkAction, lines: list[MemberLine], role_lock: str) -> list[Membership]:
    return [line.membership for line in lines if not bulk_members.why_not(action, line, role_lock=role_lock)]


def _tell(request: OrgRequest, result: BulkResult) -> None:
    number = len(result.done)
    if number:
        text = ngettext("%(number)s member was changed.", "%(number)s members were changed.", number)
        messages.success(request, text % {"number": number})
    for membership, reason in result.refused:
        messages.error(request, _("%(member)s: %(reason)s") % {"member": membership.user, "reason": reason})


def _chosen_lines(request: OrgRequest) -> list[MemberLine]:
    """The members that were ticked, as far as they are this organisation's."""
    keys = [key_in(text) or 0 for text in request.POST.getlist("member")[:MAX_MEMBERS]]
    org = request.access.org
    found = Membership.objects.filter(org=org, pk__in=keys).select_related("user", "org")
    return lines_of(org=org, memberships=list(found.order_by("listed_as", "pk")), now=timezone.now())


def _sort_links(request: OrgRequest, wanted: MemberFilter) -> dict[str, dict[str, Any]]:
    """For each sortable column where its heading leads, and which way the list goes now."""
    links = {}
    for column, sort in (("name", Sort.NAME), ("joined", Sort.JOINED_DOWN), ("sso", Sort.LAST_SSO_DOWN)):
        is_current = wanted.sort in (sort, sort.other_way)
        query = request.GET.copy()
        query.pop("after", None)
        query["sort"] = wanted.sort.other_way if is_current else sort
        direction = ("descending" if wanted.sort.descends else "ascending") if is_current else ""
        links[column] = {"url": f"?{query.urlencode()}", "direction": direction}
    return links
