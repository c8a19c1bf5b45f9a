"""Puts the gate in front of every URL that names an organisation, and turns its decision into a response.

Deny by default: a view that names an organisation is gated as `Area.MEMBERS` unless it is marked otherwise
(`orgs.access.org_view`), and only a mark with a reason (`gate_exempt`) takes it out. `sso.policy` decides.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.handlers.exception import response_for_exception
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.functional import SimpleLazyObject

from accounts.requests import signed_in_user
from hubsso.negotiation import wants_json
from hubsso.request_context import note
from orgs.access import Area, OrgAccess
from orgs.models import Organization
from orgs.organisations import current_slug
from sso import responses, viewer
from sso.browser import browser_session_of
from sso.enforcing import reporting
from sso.expiring import expiry_warnings
from sso.gate import GatedOrg, Who, find_org
from sso.renewal import renewal_of
from sso.revisions import trial_strip
from sso.settings_errors import ConnectionGone
from sso.types import Decision, Outcome, Reason
from sso.watching import metrics

# URL arguments that name an organisation or something that belongs to one.
ORG_ARGUMENTS = frozenset({"org_slug", "org_uid", "connection_uid", "invitation_token", "hand_over_token"})

Responder = Callable[[HttpRequest, GatedOrg, Decision], HttpResponseBase | None]


class SSOGateMiddleware:
    """Sets `request.viewer` on every request, and `request.access` on those that the gate lets through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        portal_view = SimpleLazyObject(lambda: viewer.look(who_is(request), now=timezone.now()))
        request.portal_view = portal_view  # type: ignore[attr-defined]
        request.viewer = SimpleLazyObject(lambda: portal_view.viewer)  # type: ignore[attr-defined]
        response = self.get_response(request)
        _report(request, response)
        _warn_of_expiry(request, response)
        _keep_out_of_caches(request, response)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if ORG_ARGUMENTS.isdisjoint(kwargs) or hasattr(view, "gate_exempt_reason"):
            return None
        if "org_slug" not in kwargs:
            raise Http404  # names an organisation in a way the gate can't read: closed
        request.is_gated = True  # type: ignore[attr-defined]
        return self._gate(request, kwargs["org_slug"], getattr(view, "org_area", Area.MEMBERS))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """What turned out not to be there.

        An exempt view looks its organisation up itself: what it does not find may have another slug now.
        """
        if isinstance(exception, ConnectionGone):
            return response_for_exception(request, Http404())
        route = request.resolver_match
        if not isinstance(exception, Http404) or route is None or getattr(request, "is_gated", False):
            return None
        return _at_new_slug(request, route.kwargs.get("org_slug", ""))

    def _gate(self, request: HttpRequest, slug: str, area: Area) -> HttpResponseBase | None:
        now = timezone.now()
        gated = find_org(slug, who=who_is(request), now=now, area=area)
        if gated is None:
            moved = _at_new_slug(request, slug)
            if moved is None:
                raise Http404
            return moved
        decision = gated.decide(area=area, now=now)
        note(org_id=gated.org.pk)
        metrics.count_decision(decision)
        trial_strip.keep_for_strip(request, gated)
        if decision.may_renew_silently and responses.is_page_navigation(request):
            return responses.renew_silently(request, gated)
        request.is_settings_page = area in (Area.SETTINGS, Area.SSO_SETTINGS)  # type: ignore[attr-defined]
        request.would_be_blocked_from = gated.org if decision.would_block else None  # type: ignore[attr-defined]
        request.gate_area = area  # type: ignore[attr-defined]
        return _RESPONDERS[decision.outcome](request, gated, decision)


def who_is(request: HttpRequest) -> Who:
    """The viewer behind a request. A deactivated account is nobody."""
    if request.user.is_authenticated and request.user.is_active:
        return Who(user_id=request.user.pk, browser_session=browser_session_of(request))
    return Who(user_id=None, browser_session="")


def _channel(request: HttpRequest) -> str:
    return "json" if wants_json(request) else "html"


def _report(request: HttpRequest, response: HttpResponseBase) -> None:
    """For report-only: count what was let in and found.

    The path is that of the route, as we write it, so that nobody fills the report with paths of their own making.
    """
    org: Organization | None = getattr(request, "would_be_blocked_from", None)
    route = request.resolver_match
    if route is None or org is None or org.pk is None or response.status_code >= HTTPStatus.BAD_REQUEST:
        return  # not let in, not found, or gone by this very request
    reporting.record(
        org=org,
        user_id=signed_in_user(request).pk,
        path=reverse(route.view_name, kwargs=route.kwargs),
        channel=_channel(request),
    )


def _warn_of_expiry(request: HttpRequest, response: HttpResponseBase) -> None:
    """Small portals have no daily job: once a day an admin who opens the settings has what expires looked up."""
    access: OrgAccess | None = getattr(request, "access", None)
    if access is None or not getattr(request, "is_settings_page", False):
        return
    if request.method == "GET" and response.status_code == HTTPStatus.OK:
        expiry_warnings.look_once_a_day(access.org, now=timezone.now())


def _keep_out_of_caches(request: HttpRequest, response: HttpResponseBase) -> None:
    """Whatever a signed-in person is answered is theirs alone, unless the view has said so in its own words."""
    if getattr(request, "is_gated", False):
        patch_vary_headers(response, ["Cookie"])
    if not response.has_header("Cache-Control") and request.user.is_authenticated:
        patch_cache_control(response, private=True, no_store=True)


def _at_new_slug(request: HttpRequest, slug: str) -> HttpResponse | None:
    """Links by a slug that an organisation gave up lead to the one it has now."""
    new_slug = current_slug(slug) if slug and request.method in ("GET", "HEAD") else None
    if new_slug is None:
        return None
    return redirect(request.get_full_path().replace(f"/{slug}/", f"/{new_slug}/", 1))


def _let_in(request: HttpRequest, gated: GatedOrg, decision: Decision) -> None:
    is_recovery = decision.reason is Reason.RECOVERY_SESSION
    request.access = gated.access(who_is(request), is_recovery=is_recovery)  # type: ignore[attr-defined]
    request.renewal = renewal_of(gated, decision, now=timezone.now())  # type: ignore[attr-defined]
    request.recovery_until = gated.facts.recovery_until  # type: ignore[attr-defined]  # the SSO settings say so
    request.is_in_recovery = decision.reason is Reason.RECOVERY_SESSION  # type: ignore[attr-defined]


def _not_found(request: HttpRequest, gated: GatedOrg, decision: Decision) -> HttpResponse:
    raise Http404


def _forbidden(request: HttpRequest, gated: GatedOrg, decision: Decision) -> HttpResponse:
    raise PermissionDenied(decision.reason)


# An outcome without a responder is a KeyError, never access.
_RESPONDERS: dict[Outcome, Responder] = {
    Outcome.ALLOW: _let_in,
    Outcome.ALLOW_WITH_BANNER: _let_in,
    Outcome.REQUIRE_SSO: responses.block,
    Outcome.LOG_IN: responses.log_in,
    Outcome.NOT_FOUND: _not_found,
    Outcome.FORBIDDEN: _forbidden,
}
