"""What the gate answers: the block page, its JSON twin, the way to the login, and silent renewal."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.requests import signed_in_user
from hubsso.negotiation import wants_json
from orgs.access import Area
from orgs.roles import Role
from sso import held_posts, sessions
from sso.browser import browser_session_of
from sso.explaining import blocks
from sso.gate import GatedOrg, Who
from sso.return_paths import with_next
from sso.types import Decision, Reason
from sso.viewer import REASON_TEXTS, choice_url, start_url

PROBLEM_TYPE = "urn:hubsso:problem:"


def is_page_navigation(request: HttpRequest) -> bool:
    """An ordinary visit to a page by a person: the only thing that is ever sent to an IdP by itself."""
    return (
        request.method == "GET"
        and not wants_json(request)
        and "HX-Request" not in request.headers
        and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def block(request: HttpRequest, gated: GatedOrg, decision: Decision) -> HttpResponse:
    """403 and nothing of the organisation but its name, the way to authenticate, and a reference."""
    reference = blocks.note_block(
        gated,
        decision,
        who=Who(user_id=signed_in_user(request).pk, browser_session=browser_session_of(request)),
        area=getattr(request, "gate_area", Area.MEMBERS),
        channel="json" if wants_json(request) else "html",
        now=timezone.now(),
    )
    if wants_json(request):
        return _block_json(request, gated, decision, reference)
    request.is_blocked = True  # type: ignore[attr-defined]
    page = {**_block_page(request, gated, decision), "reference": reference}
    response = render(request, "sso/blocked.html", page, status=403)
    response["X-HubSSO-SSO"] = _sso_header(_start(gated, ""))
    return response


def log_in(request: HttpRequest, gated: GatedOrg, decision: Decision) -> HttpResponseBase:
    if wants_json(request):
        return _problem(401, Reason.ANONYMOUS, {"login_url": settings.BASE_URL + reverse("account_login")})
    return redirect_to_login(
        request.get_full_path() if request.method == "GET" else gated.org.get_absolute_url()
    )


def renew_silently(request: HttpRequest, gated: GatedOrg) -> HttpResponse:
    """Send the browser to the IdP once without showing it (`prompt=none`, `IsPassive`)."""
    sessions.mark_renewal_tried(
        org=gated.org, user_id=signed_in_user(request).pk, browser_session=browser_session_of(request)
    )
    return redirect(_start(gated, request.get_full_path()) + "&silent=1")


def _block_page(request: HttpRequest, gated: GatedOrg, decision: Decision) -> dict[str, Any]:
    next_path = request.get_full_path() if request.method in ("GET", "HEAD") else gated.org.get_absolute_url()
    held_path = ""
    if request.method == "POST":
        held_path = _hold(request, gated)
    back_to = held_path or next_path
    return {
        "org": gated.org,
        "idp_name": gated.idp_name,
        "idp_host": gated.idp_host,
        "reason": decision.reason,
        "reason_text": _(REASON_TEXTS[decision.reason]),
        "start_url": _start(gated, back_to) if gated.facts.has_live_connection else "",
        "choice_url": with_next(choice_url(gated.org.slug), back_to) if gated.has_idp_choice else "",
        "back_to": back_to,
        "can_recover": gated.member is not None and gated.member.role is Role.ADMIN,
        "is_post_held": bool(held_path),
        "is_post_lost": request.method == "POST" and not held_path,
    }


def _hold(request: HttpRequest, gated: GatedOrg) -> str:
    token = held_posts.hold(
        org=gated.org,
        user_id=signed_in_user(request).pk,
        browser_session=browser_session_of(request),
        path=request.get_full_path(),
        fields=None if request.FILES else [(name, request.POST.getlist(name)) for name in request.POST],
        now=timezone.now(),
    )
    return reverse("sso:held_post", args=[gated.org.slug, token]) if token else ""


def _block_json(request: HttpRequest, gated: GatedOrg, decision: Decision, reference: str) -> HttpResponse:
    url = settings.BASE_URL + _start(gated, "")
    response = _problem(
        403,
        decision.reason,
        {
            "org": gated.org.slug,
            "authenticate_url": url,
            "reference": reference,
            "title": _("%(org)s asks for single sign-on") % {"org": gated.org.name},
        },
    )
    response["X-HubSSO-SSO"] = _sso_header(_start(gated, ""))
    return response


def _problem(status: int, reason: Reason, fields: dict[str, Any]) -> HttpResponse:
    """RFC 9457 problem details."""
    body = {"type": PROBLEM_TYPE + reason.value, "status": status, "reason": reason.value, **fields}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _sso_header(start: str) -> str:
    return f"required; url={settings.BASE_URL}{start}"


def _start(gated: GatedOrg, next_path: str) -> str:
    return with_next(start_url(gated.org.slug), next_path)
