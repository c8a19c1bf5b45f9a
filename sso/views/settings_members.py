"""Members as single sign-on knows them: external collaborators, one member's page, live SSO sessions.

In a recovery session admins find here what is their own, so that they can come in again, and nobody else's.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import signed_in_user
from hubsso.text import key_in
from orgs.access import Area, OrgRequest, org_view
from orgs.errors import OrgError
from orgs.members import set_collaborator
from orgs.models import Membership, Organization
from orgs.paging import page_by_key
from orgs.roles import Ability
from orgs.views.answers import org_page, page_links, telling
from orgs.views.inputs import key_from
from orgs.views.members import MemberRow
from sso.browser import browser_session_of, browsers_of
from sso.enforcing import rollout
from sso.forms.members import MemberEmailForm
from sso.mapping import seen_attributes
from sso.members import member_access, relinking
from sso.members.member_details import MemberSession, details_of
from sso.sessions import live_sessions
from sso.settings_errors import SettingsRefused

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def collaborators(request: OrgRequest, org_slug: str) -> HttpResponse:
    """The list, with a form that adds one member; POST with `remove` takes one out."""
    if "remove" in request.POST:
        return _ask_sso_again(request, org_slug)
    form = MemberEmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _exempt(request, form):
        return redirect("sso:collaborators", org_slug)
    found = request.access.org.memberships.filter(is_external_collaborator=True).select_related("user")
    if request.access.is_recovery:
        found = found.none()
    page = page_by_key(found, key="pk", size=PAGE_SIZE, after=key_from(request, "after"))
    context = {
        "form": form,
        "collaborators": page.rows,
        "count": rollout.counted(rollout.collaborators(request.access.org)),
        **page_links(request, page),
    }
    return org_page(request, "sso/settings/collaborators.html", context)


def _exempt(request: OrgRequest, form: MemberEmailForm) -> bool:
    """Make the named member a collaborator. Where a rule says no, the form says so and keeps what was typed."""
    members = request.access.org.memberships.select_related("user")
    membership = members.filter(user__email__iexact=form.cleaned_data["email"]).first()
    if request.access.is_recovery:
        form.add_error("email", _("Authenticate first: a recovery session does not change who is exempt."))
        return False
    if membership is None:
        form.add_error("email", _("No member of this organisation has this address."))
        return False
    try:
        set_collaborator(membership=membership, is_external=True, actor=signed_in_user(request))
    except OrgError as refusal:
        form.add_error("email", refusal.message)
        return False
    messages.success(
        request,
        _("%(user)s is an external collaborator: no single sign-on is asked.") % {"user": membership.user},
    )
    return True


def _ask_sso_again(request: OrgRequest, org_slug: str) -> HttpResponse:
    members = request.access.org.memberships.select_related("user")
    membership = get_object_or_404(members, pk=key_in(request.POST["remove"]) or 0)
    _refuse_in_recovery(request, membership.user_id)
    with telling(
        request, _("%(user)s is asked for single sign-on like any other member.") % {"user": membership.user}
    ):
        set_collaborator(membership=membership, is_external=False, actor=signed_in_user(request))
    return redirect("sso:collaborators", org_slug)


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def member(request: OrgRequest, org_slug: str, member_id: int) -> HttpResponse:
    """One member: role and where it came from, identity, sessions, history, and a refused login to relink by."""
    membership = _membership(request, member_id)
    _refuse_in_recovery(request, membership.user_id)
    now = timezone.now()
    context = {
        "membership": membership,
        "details": details_of(membership=membership, now=now),
        "row": MemberRow.of(membership, request.access),
        "kept": seen_attributes.seen_in(org=request.access.org, user=membership.user, now=now),
        "this_browser": browser_session_of(request),
    }
    return org_page(request, "sso/member.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def unlink(request: OrgRequest, org_slug: str, identity_id: int) -> HttpResponse:
    identities = request.access.org.linked_identities.select_related("user", "org", "connection")
    identity = get_object_or_404(identities, pk=identity_id)
    _refuse_in_recovery(request, identity.user_id)
    membership = request.access.org.memberships.filter(user=identity.user_id).first()
    back = member_url(request.access.org, membership.pk if membership else None)
    if request.method == "POST":
        member_access.unlink_identity(identity=identity, actor=signed_in_user(request))
        text = _("%(user)s is unlinked, and their SSO sessions have ended.")
        messages.success(request, text % {"user": identity.user})
        return redirect(back)
    return org_page(request, "sso/settings/identity_unlink.html", {"identity": identity, "back": back})


@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def relink(request: OrgRequest, org_slug: str, reference: str) -> HttpResponse:
    """Old and new identity side by side, and the one button that replaces the one by the other."""
    now = timezone.now()
    traces = request.access.org.refusal_traces.filter(expires_at__gt=now, code__in=relinking.CODES)
    trace = get_object_or_404(traces.select_related("user", "connection"), reference=reference)
    _refuse_in_recovery(request, trace.user_id)
    try:
        found = relinking.relink_for(trace)
        if request.method == "POST":
            stamp = request.POST.get("based_on", "")
            relinking.replace_identity(trace=trace, actor=signed_in_user(request), now=now, based_on=stamp)
            text = _("%(member)s is linked to the new identity. Their next login finds it.")
            messages.success(request, text % {"member": found.membership.user})
            return redirect(member_url(request.access.org, found.membership.pk))
    except SettingsRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("sso:refusal" if request.method != "POST" else "sso:relink", org_slug, reference)
    return org_page(request, "sso/settings/relink.html", {"relink": found})


@require_safe
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def sessions(request: OrgRequest, org_slug: str) -> HttpResponse:
    found = live_sessions(org=request.access.org, now=timezone.now())
    page = page_by_key(found, key="pk", size=PAGE_SIZE, after=key_from(request, "before"), descending=True)
    browsers = browsers_of({row.user_id for row in page.rows})
    context = {
        "sessions": [MemberSession(row, browsers.get(row.browser_session)) for row in page.rows],
        "this_browser": browser_session_of(request),
        **page_links(request, page, key="before"),
    }
    return org_page(request, "sso/settings/sessions.html", context)


@require_POST
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def end_session(request: OrgRequest, org_slug: str, session_id: int) -> HttpResponse:
    found = request.access.org.sso_sessions.select_related("org", "user")
    session = get_object_or_404(found, pk=session_id)
    member_access.end_session(session=session, actor=signed_in_user(request))
    messages.success(request, _("The SSO session of %(user)s has ended.") % {"user": session.user})
    return redirect(_back_from_ending(request, session.user_id))


@require_POST
@org_view(Area.SETTINGS, needs=Ability.MANAGE)
def end_all_sessions(request: OrgRequest, org_slug: str, user_id: int) -> HttpResponse:
    org = request.access.org
    membership = get_object_or_404(org.memberships.select_related("user"), user_id=user_id)
    ended = member_access.end_all_sessions(org=org, user=membership.user, actor=signed_in_user(request))
    messages.success(
        request,
        ngettext(
            "%(number)s SSO session of %(user)s has ended.",
            "%(number)s SSO sessions of %(user)s have ended.",
            ended,
        )
        % {"number": ended, "user": membership.user},
    )
    return redirect(_back_from_ending(request, user_id))


def _back_from_ending(request: OrgRequest, user_id: int) -> str:
    """To the page the button was on: the member's, or the list of sessions."""
    org = request.access.org
    if "to_member" in request.POST:
        return member_url(org, org.memberships.filter(user=user_id).values_list("pk", flat=True).first())
    return reverse("sso:sessions", args=[org.slug])


def member_url(org: Organization, membership_id: int | None) -> str:
    """A member's page; that of all members where this one has left."""
    if membership_id is None:
        return reverse("orgs:members", args=[org.slug])
    return reverse("sso:member", args=[org.slug, membership_id])


def _refuse_in_recovery(request: OrgRequest, user_id: int | None) -> None:
    if not request.access.may_read_about(user_id):
        raise PermissionDenied("a recovery session is not for reading about members")


def _membership(request: OrgRequest, member_id: int) -> Membership:
    return get_object_or_404(request.access.org.memberships.select_related("user", "org"), pk=member_id)
