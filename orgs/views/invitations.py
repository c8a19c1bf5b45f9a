"""Inviting people by e-mail, and accepting."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import signed_in_user
from hubsso import throttle
from orgs import invitations
from orgs.access import Area, OrgRequest, gate_exempt, org_view
from orgs.errors import AdminCantBeCollaborator, Forbidden, InvitationGone, OrgError
from orgs.forms import InviteForm
from orgs.models import Invitation
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links, telling
from orgs.views.inputs import key_from

PAGE_SIZE = 50
# A mail each, to whomever one likes, in our name. By account: an organisation is made in a minute.
INVITED_BY_ACCOUNT = throttle.Limit("orgs.invite.account", 200, seconds=3600)


@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def invitations_list(request: OrgRequest, org_slug: str) -> HttpResponse:
    """The open invitations, and the form that sends one."""
    form = InviteForm(request.POST or None, invitations_off=request.access.invitations_off)
    if request.method == "POST" and form.is_valid() and _invite(request, form):
        return redirect("orgs:invitations", org_slug)
    open_invitations = request.access.org.invitations.select_related("invited_by")
    page = page_by_key(
        open_invitations, key="pk", size=PAGE_SIZE, after=key_from(request, "after"), descending=True
    )
    context = {"form": form, "invitations": page.rows, **page_links(request, page), "now": timezone.now()}
    return org_page(request, "orgs/invitations.html", context)


@require_POST
@org_view(Area.MEMBERS, needs=Ability.MANAGE)
def revoke(request: OrgRequest, org_slug: str, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(request.access.org.invitations.select_related("org"), pk=invitation_id)
    invitations.revoke(invitation=invitation, actor=signed_in_user(request))
    messages.success(
        request, _("The invitation of %(email)s has been withdrawn.") % {"email": invitation.email}
    )
    return redirect("orgs:invitations", org_slug)


@gate_exempt("Shows nothing: only finds the organisation of a link and goes on to its own, gated page.")
def find(request: HttpRequest, invitation_token: str) -> HttpResponse:
    """The address in the mail. It outlives a change of the organisation's slug."""
    try:
        invitation = invitations.find(invitation_token)
    except InvitationGone:
        raise Http404 from None
    return redirect("orgs:accept_invitation", invitation.org.slug, invitation_token)


@org_view(Area.PUBLIC)
def accept(request: OrgRequest, org_slug: str, invitation_token: str) -> HttpResponse:
    """Ask, and then join. Nothing but the organisation's name and description is shown."""
    invitation = _find(request, invitation_token)
    refusal = _why_not(request, invitation)
    if request.method == "POST" and not refusal and request.user.is_authenticated:
        with telling(request, _("Welcome to %(org)s.") % {"org": invitation.org.name}):
            invitations.accept(
                token=invitation_token,
                user=signed_in_user(request),
                now=timezone.now(),
                invitations_off=request.access.invitations_off,
            )
        return redirect(invitation.org)
    off = invitations.off_for(invitation, invitations_off=request.access.invitations_off)
    context = {"invitation": invitation, "refusal": refusal, "invitations_off": off}
    return org_page(request, "orgs/invitation_accept.html", context, status=403 if refusal else 200)


def _invite(request: OrgRequest, form: InviteForm) -> bool:
    """Send one. Where a rule says no, the form says so and keeps what was typed."""
    if throttle.count(INVITED_BY_ACCOUNT, request.access.user_id, now=timezone.now()) is not None:
        form.add_error(None, _("You have sent many invitations within an hour. Go on later."))
        return False
    try:
        issued = invitations.invite(
            org=request.access.org,
            actor=signed_in_user(request),
            now=timezone.now(),
            invitations_off=request.access.invitations_off,
            **form.cleaned_data,
        )
    except Forbidden:
        raise
    except OrgError as refusal:
        form.add_error("role" if isinstance(refusal, AdminCantBeCollaborator) else "email", refusal.message)
        return False
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    if issued.is_sent:
        messages.success(
            request, _("%(email)s has been invited as %(role)s.") % {"email": email, "role": role.label}
        )
    else:
        messages.warning(
            request,
            _("%(email)s has been invited, but the mail could not be sent. Send it again later.")
            % {"email": email},
        )
    return True


def _find(request: OrgRequest, token: str) -> Invitation:
    try:
        invitation = invitations.find(token)
    except InvitationGone:
        raise Http404 from None
    if invitation.org_id != request.access.org.pk:
        raise Http404
    return invitation


def _why_not(request: OrgRequest, invitation: Invitation) -> str:
    """Why this viewer can't accept; empty where they can, or where they have yet to sign in."""
    if off := invitations.off_for(invitation, invitations_off=request.access.invitations_off):
        return off
    if not request.user.is_authenticated:
        return ""
    try:
        invitations.check_acceptable(invitation, user=signed_in_user(request), now=timezone.now())
    except OrgError as refusal:
        return refusal.message
    return ""
