"""Resource groups: their resources, and the seats in them."""

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import signed_in_user
from orgs import groups
from orgs.access import Area, OrgRequest, org_view
from orgs.errors import GroupNotEmpty
from orgs.forms import GroupForm, SeatForm
from orgs.models import ResourceGroup
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links, telling
from orgs.views.inputs import key_from

PAGE_SIZE = 50


@require_safe
@org_view(Area.MEMBERS)
def groups_list(request: OrgRequest, org_slug: str) -> HttpResponse:
    visible = groups.visible_to(request.access)
    page = page_by_key(visible, key="pk", size=PAGE_SIZE, after=key_from(request, "after"))
    return org_page(request, "orgs/groups.html", {"groups": page.rows, **page_links(request, page)})


@require_safe
@org_view(Area.MEMBERS)
def detail(request: OrgRequest, org_slug: str, group_slug: str) -> HttpResponse:
    return _group_page(request, _find(request, group_slug), SeatForm())


@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def create(request: OrgRequest, org_slug: str) -> HttpResponse:
    form = GroupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        group = groups.create_group(
            org=request.access.org, actor=signed_in_user(request), **form.cleaned_data
        )
        messages.success(
            request, _("%(group)s has been created. Give seats to its members next.") % {"group": group.name}
        )
        return redirect("orgs:group", org_slug, group.slug)
    return org_page(request, "orgs/group_form.html", {"form": form})


@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def edit(request: OrgRequest, org_slug: str, group_slug: str) -> HttpResponse:
    group = _find(request, group_slug)
    form = GroupForm(request.POST or None, initial=model_to_dict(group, GroupForm.Meta.fields))
    if request.method == "POST" and form.is_valid():
        groups.update_group(group=group, actor=signed_in_user(request), **form.cleaned_data)
        messages.success(request, _("%(group)s has been saved.") % {"group": group.name})
        return redirect("orgs:group", org_slug, group.slug)
    return org_page(request, "orgs/group_form.html", {"form": form, "group": group})


@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def delete(request: OrgRequest, org_slug: str, group_slug: str) -> HttpResponse:
    group = _find(request, group_slug)
    if request.method == "POST":
        try:
            groups.delete_group(group=group, actor=signed_in_user(request))
        except GroupNotEmpty as refusal:
            messages.error(request, refusal.message)
            return redirect("orgs:group", org_slug, group_slug)
        messages.success(request, _("%(group)s has been deleted.") % {"group": group.name})
        return redirect("orgs:groups", org_slug)
    return org_page(request, "orgs/group_delete.html", {"group": group})


@require_POST
@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def give_seat(request: OrgRequest, org_slug: str, group_slug: str) -> HttpResponse:
    group = _find(request, group_slug)
    form = SeatForm(request.POST)
    if not form.is_valid():
        return _group_page(request, group, form)
    found = request.access.org.memberships.filter(user__email__iexact=form.cleaned_data["email"])
    membership = found.select_related("user").first()
    if membership is None:
        form.add_error("email", _("No member of this organisation has this address."))
        return _group_page(request, group, form)
    groups.set_seat(
        group=group, membership=membership, role=form.cleaned_data["role"], actor=signed_in_user(request)
    )
    messages.success(
        request, _("%(user)s has a seat in %(group)s.") % {"user": membership.user, "group": group.name}
    )
    return redirect("orgs:group", org_slug, group_slug)


@require_POST
@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def take_seat(request: OrgRequest, org_slug: str, group_slug: str, seat_id: int) -> HttpResponse:
    group = _find(request, group_slug)
    seat = get_object_or_404(group.seats.select_related("group__org", "membership__user"), pk=seat_id)
    with telling(
        request,
        _("%(user)s no longer has this seat in %(group)s.")
        % {"user": seat.membership.user, "group": group.name},
    ):
        groups.remove_seat(seat=seat, actor=signed_in_user(request))
    return redirect("orgs:group", org_slug, group_slug)


def _group_page(request: OrgRequest, group: ResourceGroup, form: SeatForm) -> HttpResponse:
    access = request.access
    seats = group.seats.select_related("membership__user")
    page = page_by_key(seats, key="pk", size=PAGE_SIZE, after=key_from(request, "after"))
    shown = access.org.resources.visible_to(access.viewer).filter(group=group)
    context = {
        "group": group,
        "seats": page.rows,
        **page_links(request, page),
        "resources": shown.select_related("org", "group").order_by("title")[:PAGE_SIZE],
        "form": form,
    }
    return org_page(request, "orgs/group.html", context)


def _find(request: OrgRequest, group_slug: str) -> ResourceGroup:
    return get_object_or_404(groups.visible_to(request.access).select_related("org"), slug=group_slug)
