"""The member's side of a login: the start page, "not now", the join link, and a form that was held up."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, gate_exempt, org_view
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso import first_use, held_posts, skipping
from sso.browser import browser_session_of, ensure_browser_session
from sso.errors import SSOError
from sso.gate import live_connections
from sso.login import begin_login, new_attempt
from sso.models import Connection, Revision
from sso.return_paths import safe_path
from sso.revisions import trials
from sso.throttles import (
    JOIN_BY_ACCOUNT,
    JOIN_BY_ADDRESS,
    START_AT_ONCE,
    START_BY_ACCOUNT,
    START_BY_ADDRESS,
    START_BY_ORG,
    throttled,
)
from sso.types import Purpose
from sso.views import join_by_domain
from sso.views.connection_choice import asked_connection, choices, is_silent
from sso.views.outcome import refuse
from sso.views.pressed import CONTINUE, came_from_another_site, join_token, must_ask_first, was_join_pressed
from sso.views.to_idp import to_idp


@throttled(
    by_address=START_BY_ADDRESS, by_account=START_BY_ACCOUNT, by_org=START_BY_ORG, at_once=START_AT_ONCE
)
@gate_exempt("the banner's target: the way through the gate can't be behind it")
@login_required
@require_GET
def start(request: HttpRequest, org_slug: str) -> HttpResponse:
    """Send a member to their organisation's IdP. Nobody else learns whether there is one."""
    org = get_object_or_404(Organization, slug=org_slug)
    membership = (
        Membership.objects.filter(org=org, user=signed_in_user(request)).select_related("org").first()
    )
    if membership is None:
        raise Http404
    trials.settle_if_due(org_id=org.pk, now=timezone.now())
    live = list(live_connections(org))
    if not live:
        page = {"org": org, "is_admin": membership.role == Role.ADMIN}
        return render(request, "sso/unavailable.html", page, status=503)
    connection = asked_connection(request, live)
    if connection is None:
        return render(request, "sso/choose.html", {"org": org, "choices": choices(request, live)})
    if must_ask_first(request) and first_use.is_first(org=org, user=signed_in_user(request)):
        return _first_use(request, membership, connection)
    return _to_idp(request, connection, Purpose.LOGIN)


@throttled(by_address=JOIN_BY_ADDRESS, by_account=JOIN_BY_ACCOUNT)
@gate_exempt("the join link: whoever follows it is not a member yet")
@login_required
@require_GET
def join(request: HttpRequest, org_slug: str) -> HttpResponse:
    """Explain what joining means; the page's own button sends the browser to the IdP."""
    org = get_object_or_404(Organization, slug=org_slug)
    if Membership.objects.filter(org=org, user_id=signed_in_user(request).pk).exists():
        return redirect(org)
    trials.settle_if_due(org_id=org.pk, now=timezone.now())
    live = list(live_connections(org))
    if not live:
        return join_by_domain.offer(request, org)
    connection = asked_connection(request, live)
    if connection is not None and was_join_pressed(request, org):
        return _to_idp(request, connection, Purpose.JOIN)
    page = {
        "org": org,
        "choices": choices(request, [connection] if connection else live, go=join_token(request, org)),
        "has_other_choices": connection is not None and len(live) > 1,
    }
    return render(request, "sso/join.html", page)


@login_required
@require_POST
def skip(request: HttpRequest) -> HttpResponse:
    """ "Not now": set the banner aside for every organisation that allows it."""
    waiting = request.portal_view.waiting  # type: ignore[attr-defined]
    skipping.skip(request, [item.org_id for item in waiting if item.can_skip])
    return redirect(safe_path(request.POST.get("next"), fallback="/"))


@org_view(Area.MEMBERS)
@require_GET
def renewed(request: OrgRequest, org_slug: str) -> HttpResponse:
    """Where the tab ends that renewed an SSO session while another one kept the person's place."""
    return render(request, "sso/renewed.html", {"org": request.access.org})


@gate_exempt("shows a member their own form again; sending it meets the gate")
@login_required
@require_GET
def held_post(request: HttpRequest, org_slug: str, token: str) -> HttpResponse:
    """Show a form that was held up, for the person to send on or drop."""
    org = get_object_or_404(Organization, slug=org_slug)
    opened = held_posts.open_held(
        org=org,
        token=token,
        user_id=signed_in_user(request).pk,
        browser_session=browser_session_of(request),
        now=timezone.now(),
    )
    if opened is None:
        raise Http404
    return render(request, "sso/held_post.html", {"org": org, "opened": opened})


def _first_use(request: HttpRequest, membership: Membership, connection: Connection) -> HttpResponse:
    revision = get_object_or_404(connection.revisions, status=Revision.Status.LIVE)
    page = {
        "org": membership.org,
        "shared": first_use.disclose(connection, revision),
        "continue_url": choices(request, [connection], **{CONTINUE: "1"})[0].url,
        "is_from_another_site": came_from_another_site(request),
        "can_recover": membership.role == Role.ADMIN,
    }
    return render(request, "sso/first_use.html", page)


def _to_idp(request: HttpRequest, connection: Connection, purpose: Purpose) -> HttpResponse:
    attempt = new_attempt(
        connection=connection,
        revision=get_object_or_404(connection.revisions, status=Revision.Status.LIVE),
        user=signed_in_user(request),
        browser_session=ensure_browser_session(request),
        purpose=purpose,
        next_path=safe_path(request.GET.get("next"), fallback=""),
        is_silent=is_silent(request),
        now=timezone.now(),
    )
    try:
        browser_request = begin_login(attempt)
    except SSOError as error:
        return refuse(request, error, connection=connection, attempt=attempt)
    return to_idp(request, browser_request)
