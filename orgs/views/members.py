"""Who belongs to the organisation: the list, roles, collaborators, removing and leaving."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import signed_in_user
from hubsso.negotiation import wants_json
from orgs import member_page, members
from orgs.access import Area, OrgAccess, OrgRequest, gate_exempt, org_view
from orgs.errors import LastAdmin
from orgs.forms import BELOW_ADMIN, CollaboratorForm, RoleForm
from orgs.member_emails import shown_emails
from orgs.models import Membership
from orgs.paging import page_by_key
from orgs.roles import ROLE_DESCRIPTIONS, Ability, Role
from orgs.views import json_shapes
from orgs.views.answers import (
    json_answer,
    org_page,
    page_links,
    page_to_return_to,
    telling,
    vary_on_accept,
)
from orgs.views.inputs import key_from, text_from

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member with what may be changed of them.

    The locks say why the role can't be set by hand, why it can't be admin, and why the member can't be made an
    external collaborator; they are empty where nothing stands in the way.
    """

    membership: Membership
    role_lock: str
    admin_lock: str
    collaborator_lock: str

    @classmethod
    def of(cls, membership: Membership, access: OrgAccess) -> "MemberRow":
        return cls(
            membership=membership,
            role_lock=members.lock_on(membership, role_lock=access.role_lock),
            admin_lock=members.admin_lock_on(membership),
            collaborator_lock=members.collaborator_lock_on(membership),
        )

    @property
    def roles(self) -> Sequence[tuple[str, str | Promise]]:
        """What the control offers, as value and label."""
        return BELOW_ADMIN if self.admin_lock else Role.choices


@require_safe
@org_view(Area.MEMBERS, needs=Ability.READ)
def members_list(request: OrgRequest, org_slug: str) -> HttpResponse:
    access = request.access
    can_manage = access.can(Ability.MANAGE)
    if can_manage and not wants_json(request) and (page_of_admins := member_page.admins_page()):
        return vary_on_accept(page_of_admins(request))
    query = text_from(request, "q")
    found = _matching(access.org.memberships.select_related("user"), query, by_email=can_manage)
    page = page_by_key(found, key="pk", size=PAGE_SIZE, after=key_from(request, "after"))
    emails = shown_emails(page.rows, access)
    if wants_json(request):
        return json_answer(json_shapes.members(access.org, page, emails=emails))
    context = {
        "members": [(membership, emails.get(membership.pk, "")) for membership in page.rows],
        **page_links(request, page),
        "query": query,
        "role_descriptions": [(role.label, ROLE_DESCRIPTIONS[role]) for role in Role],
    }
    return vary_on_accept(org_page(request, "orgs/members.html", context))


@require_POST
@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def change_role(request: OrgRequest, org_slug: str, member_id: int) -> HttpResponse:
    membership = get_object_or_404(request.access.org.memberships.select_related("user"), pk=member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles."))
        return redirect(page_to_return_to(request, "orgs:members"))
    role: Role = form.cleaned_data["role"]
    with telling(
        request, _("%(user)s now has the role %(role)s.") % {"user": membership.user, "role": role.label}
    ):
        members.change_role(
            membership=membership,
            role=role,
            actor=signed_in_user(request),
            role_lock=request.access.role_lock,
        )
    return redirect(page_to_return_to(request, "orgs:members"))


@require_POST
@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def set_collaborator(request: OrgRequest, org_slug: str, member_id: int) -> HttpResponse:
    membership = get_object_or_404(request.access.org.memberships.select_related("user"), pk=member_id)
    form = CollaboratorForm(request.POST)
    is_external = form.is_valid() and form.cleaned_data["is_external"]
    told = (
        _("%(user)s is now an external collaborator.")
        if is_external
        else _("%(user)s is no longer an external collaborator.")
    )
    with telling(request, told % {"user": membership.user}):
        members.set_collaborator(
            membership=membership, is_external=is_external, actor=signed_in_user(request)
        )
    return redirect(page_to_return_to(request, "orgs:members"))


@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def remove(request: OrgRequest, org_slug: str, member_id: int) -> HttpResponse:
    membership = get_object_or_404(request.access.org.memberships.select_related("user"), pk=member_id)
    if request.method == "POST":
        with telling(request, _("%(user)s is no longer a member.") % {"user": membership.user}):
            members.remove_member(membership=membership, actor=signed_in_user(request))
        return redirect("orgs:members", org_slug)
    context = {"membership": membership, "why_not": members.removal_lock_on(membership)}
    return org_page(request, "orgs/member_remove.html", context)


@gate_exempt("Whoever belongs to an organisation may leave it without SSO; the page shows only its name.")
@login_required
def leave(request: HttpRequest, org_slug: str) -> HttpResponse:
    membership = get_object_or_404(
        Membership.objects.select_related("org"), org__slug=org_slug, user=signed_in_user(request)
    )
    if request.method == "POST":
        try:
            members.leave(membership=membership)
        except LastAdmin:
            pass  # the page says why, and what to do first
        else:
            messages.success(request, _("You have left %(org)s.") % {"org": membership.org.name})
            return redirect("home")
    context = {
        "org": membership.org,
        "why_not": members.removal_lock_on(membership),
        "is_alone": not membership.org.memberships.exclude(pk=membership.pk).exists(),
    }
    return render(request, "orgs/leave.html", context)


def _matching(found: QuerySet[Membership], query: str, *, by_email: bool) -> QuerySet[Membership]:
    if not query:
        return found
    matches = Q(user__name__icontains=query)
    return found.filter(matches | Q(user__email__icontains=query) if by_email else matches)
