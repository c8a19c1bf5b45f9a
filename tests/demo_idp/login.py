"""The login page and the IdP's own sessions. Protocol-free: a pending login knows how to answer for itself."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from typing import Protocol

from werkzeug.wrappers import Request, Response

from tests.demo_idp.experiments import Group
from tests.demo_idp.faults import Fault
from tests.demo_idp.lab import NotOffered, groups_for, picked
from tests.demo_idp.pages import frames_page, message_page, page, redirect
from tests.demo_idp.registration import OIDC_OPTIONAL
from tests.demo_idp.saml_slo import tell_service_providers
from tests.demo_idp.single_logout import end_everywhere
from tests.demo_idp.tenant import IdPSession, Tenant

NO_FAULTS: frozenset[Fault] = frozenset()


class Refusal(Enum):
    """Why a login ends without anybody signed in."""

    LOGIN_REQUIRED = "login_required"
    CANCELLED = "cancelled"


class PendingLogin(Protocol):
    """A login that some RP or SP asked for and that awaits a person."""

    @property
    def requester(self) -> str:
        """Who asks, in words for the page."""

    @property
    def return_origin(self) -> str:
        """Where the browser goes afterwards; for the page's CSP."""

    @property
    def is_passive(self) -> bool:
        """No page may be shown (`prompt=none`, `IsPassive`)."""

    @property
    def is_forced(self) -> bool:
        """A session is not enough (`prompt=login`, `ForceAuthn`)."""

    @property
    def max_age_seconds(self) -> int | None:
        """How old the session may be."""

    @property
    def login_hint(self) -> str | None:
        """Subject or e-mail of the person it is probably for."""

    @property
    def protocol(self) -> str:
        """`oidc` or `saml`."""

    def unfit_faults(self, tenant: Tenant) -> frozenset[Fault]:
        """Those of the failure lab that would change nothing in this login."""

    def answer(self, tenant: Tenant, session: IdPSession, faults: frozenset[Fault]) -> Response:
        """Send the browser back, signed in, with these faults beside those that wait."""

    def refuse(self, tenant: Tenant, refusal: Refusal) -> Response:
        """Send the browser back with an error."""


def begin_login(tenant: Tenant, request: Request, pending: PendingLogin) -> Response:
    """Start a login that was asked for and found in order.

    A POST from another site brings no Lax cookie, so it goes on as a GET of our own, which does.
    """
    key = secrets.token_urlsafe(24)
    tenant.pending_logins[key] = pending
    if request.method == "POST":
        return redirect(f"{tenant.url}/login?pending={key}")
    return _continue_login(tenant, request, key)


def login(tenant: Tenant, request: Request) -> Response:
    """`/login`: GET goes on with a pending login; POST is a button of its page."""
    key = request.values.get("pending", "")
    if key and key not in tenant.pending_logins:
        return message_page(
            "This login is over", "It was finished or given up. Go back to the portal and start again."
        )
    if request.method == "GET":
        return _continue_login(tenant, request, key) if key else redirect(f"{tenant.url}/")
    if "cancel" in request.form and key:
        return tenant.pending_logins.pop(key).refuse(tenant, Refusal.CANCELLED)  # type: ignore[no-any-return]
    return _sign_in(tenant, request.form, key)


def logout(tenant: Tenant, request: Request) -> Response:
    """`/logout`: end the IdP session everywhere; return to the pending login if there is one."""
    session = current_session(tenant, request)
    frames = end_everywhere(tenant, session) if session is not None else []
    round_trip = tell_service_providers(tenant, session) if session is not None else None
    if round_trip is not None:
        return forget_session(tenant, round_trip)
    key = request.form.get("pending", "")
    target = f"{tenant.url}/" + (f"login?pending={key}" if key in tenant.pending_logins else "")
    return forget_session(tenant, frames_page(frames, target) if frames else redirect(target))


def tenant_page(tenant: Tenant, request: Request) -> Response:
    """`/`: who is signed in, where one can go, and what a portal must be told to connect."""
    return page(
        "tenant.html",
        tenant=tenant,
        session=current_session(tenant, request),
        optional_uris=OIDC_OPTIONAL,
    )


def current_session(tenant: Tenant, request: Request) -> IdPSession | None:
    """The IdP session of this browser."""
    return tenant.sessions.get(request.cookies.get(_cookie_name(tenant), ""))


def forget_session(tenant: Tenant, response: Response) -> Response:
    """Take the session's cookie away."""
    response.delete_cookie(_cookie_name(tenant), path=f"/{tenant.slug}")
    return response


def _continue_login(tenant: Tenant, request: Request, key: str) -> Response:
    pending: PendingLogin = tenant.pending_logins[key]
    if tenant.auto_login is not None:
        return _answer(tenant, key, tenant.start_session(tenant.auto_login), NO_FAULTS)
    session = current_session(tenant, request)
    if session is not None and _is_enough(session, pending, tenant):
        return _answer(tenant, key, session, NO_FAULTS)
    if pending.is_passive:
        del tenant.pending_logins[key]
        return pending.refuse(tenant, Refusal.LOGIN_REQUIRED)
    return page(
        "login.html",
        form_origin=pending.return_origin,
        tenant=tenant,
        pending=pending,
        pending_key=key,
        session=session,
        lab=_lab_of(tenant, pending),
    )


def _lab_of(tenant: Tenant, pending: PendingLogin) -> list[Group]:
    return groups_for(pending.protocol, unfit=pending.unfit_faults(tenant))


def _is_enough(session: IdPSession, pending: PendingLogin, tenant: Tenant) -> bool:
    if pending.is_forced:
        return False
    if pending.max_age_seconds is None:
        return True
    return tenant.clock() - session.authenticated_at <= timedelta(seconds=pending.max_age_seconds)


def _sign_in(tenant: Tenant, form: Mapping[str, str], key: str) -> Response:
    """Somebody is chosen, and perhaps an experiment. With one nobody stays signed in here, so that the next
    login asks again.
    """
    if form.get("subject") not in tenant.people:
        return message_page(
            "No such person", "Nobody by that name signs in here.", status=HTTPStatus.NOT_FOUND
        )
    try:
        faults = (
            picked(_lab_of(tenant, tenant.pending_logins[key]), form.get("fault", "")) if key else NO_FAULTS
        )
    except NotOffered:
        return message_page("No such experiment", "Go back and pick another.", status=HTTPStatus.NOT_FOUND)
    session = tenant.start_session(form["subject"])
    response = _answer(tenant, key, session, faults) if key else redirect(f"{tenant.url}/")
    if faults:
        return forget_session(tenant, response)
    response.set_cookie(
        _cookie_name(tenant), session.key, path=f"/{tenant.slug}", httponly=True, samesite="Lax"
    )
    return response


def _answer(tenant: Tenant, key: str, session: IdPSession, faults: frozenset[Fault]) -> Response:
    pending: PendingLogin = tenant.pending_logins.pop(key)
    return pending.answer(tenant, session, faults)


def _cookie_name(tenant: Tenant) -> str:
    """Cookies ignore ports, so the name must suit every server on this host."""
    return f"demo_idp_{tenant.slug}"
