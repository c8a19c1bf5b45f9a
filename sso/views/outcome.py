"""How every login ends, whatever the protocol: the session and the way back, the test's result, or a refusal."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.requests import signed_in_user
from orgs.models import Membership
from sso import login
from sso.errors import SilentLoginFailed, SSOError
from sso.explaining.way_on import way_on
from sso.gate import NOBODY, live_connections
from sso.models import Connection, LoginAttempt, RevisionTest, SSOSession
from sso.posted_forms import see_other
from sso.refusals import record_refusal
from sso.return_paths import safe_path, with_next
from sso.revisions import revision_tests
from sso.throttles import counted_as_failed
from sso.types import IdentityAssertion, Purpose, SessionLimit
from sso.viewer import choice_url, retry_url
from sso.watching import activity

# How long the person is in, by the limit that won.
_HOW_LONG = {
    SessionLimit.ORG_TIMEOUT: gettext_noop(
        "You are authenticated for %(org)s until %(until)s, by the organisation's session length."
    ),
    SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER: gettext_noop(
        "You are authenticated for %(org)s until %(until)s, by your identity provider's session length."
    ),
    SessionLimit.OIDC_MAX_AGE: gettext_noop(
        "You are authenticated for %(org)s until %(until)s, by how long ago you signed in at your identity provider."
    ),
    SessionLimit.OIDC_ID_TOKEN_EXP: gettext_noop(
        "You are authenticated for %(org)s until %(until)s, by your identity provider's token lifetime."
    ),
}


def finish(request: HttpRequest, attempt: LoginAttempt, assertion: IdentityAssertion) -> HttpResponse:
    """Complete the login, or record the test, and return the browser to the page it came for."""
    now = timezone.now()
    if attempt.purpose == Purpose.TEST:
        test = revision_tests.record_test(attempt=attempt, assertion=assertion, now=now)
        return redirect("sso:revision_test", attempt.org.slug, attempt.connection.uid, test.pk)
    try:
        completed = login.complete_login(attempt=attempt, assertion=assertion, now=now)
    except SSOError as error:
        return refuse(request, error, connection=attempt.connection, attempt=attempt, assertion=assertion)
    request.session.cycle_key()  # a session key known before this proof must not carry it
    if not attempt.is_silent:  # they did nothing, and are where they were
        messages.success(request, _how_long(completed.session))
    if completed.has_confirmed_revision:
        messages.success(request, _confirmed(attempt))
    return redirect(_return_path(attempt))


def refuse(
    request: HttpRequest,
    error: SSOError,
    *,
    connection: Connection,
    attempt: LoginAttempt | None = None,
    assertion: IdentityAssertion | None = None,
) -> HttpResponse:
    """The member's page of a refusal, with its reference.

    A silent login that fails, for whatever reason, goes back to the page it came from, where the banner shows.
    """
    if isinstance(error, SilentLoginFailed) and attempt is not None:
        activity.forget(attempt)
        return redirect(_return_path(attempt))
    member = _member_behind(request, connection, attempt)
    reference = record_refusal(
        error,
        connection=connection,
        attempt=attempt,
        member=member,
        assertion=assertion,
        now=timezone.now(),
    )
    if attempt is not None and attempt.is_silent:
        return redirect(_return_path(attempt))
    if attempt is not None and (result := _test_result(attempt, reference)):
        return counted_as_failed(result)
    page = {
        "org": connection.org,
        "error": error,
        "reference": reference,
        "why_url": _why_url(connection, attempt, reference) if member else "",
        "retry_url": _retry_url(connection, attempt),
        "choice_url": _choice_url(connection, attempt),
        "is_test": attempt is not None and attempt.purpose == Purpose.TEST,
        "way_on": way_on(error.code, org=connection.org, viewer=request.user),
        "at": timezone.now(),
    }
    response = render(request, "sso/refused.html", page, status=error.status)
    response["Cache-Control"] = "no-store"
    if error.retry_after_seconds is not None:
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


def _test_result(attempt: LoginAttempt, reference: str) -> HttpResponse | None:
    """On to the page of the test that this refusal ended, if there is one."""
    if attempt.purpose != Purpose.TEST:
        return None
    test = (
        RevisionTest.objects.filter(revision=attempt.revision_id, user=attempt.user_id)
        .order_by("-pk")
        .first()
    )
    if test is None or test.details.get("reference") != reference:
        return None
    return see_other(reverse("sso:revision_test", args=[attempt.org.slug, attempt.connection.uid, test.pk]))


def _member_behind(request: HttpRequest, connection: Connection, attempt: LoginAttempt | None) -> User | None:
    """Whom the organisation's admins may read of: who made the attempt, else a signed-in member."""
    if attempt is not None:
        return attempt.user
    is_member = Membership.objects.filter(org=connection.org_id, user_id=request.user.pk or NOBODY).exists()
    return signed_in_user(request) if is_member else None


def _retry_url(connection: Connection, attempt: LoginAttempt | None) -> str:
    purpose, next_path = (attempt.purpose, attempt.next_path) if attempt else (Purpose.LOGIN, "")
    return retry_url(connection.org.slug, purpose=purpose, next_path=next_path)


def _why_url(connection: Connection, attempt: LoginAttempt | None, reference: str) -> str:
    url = reverse("sso:why", args=[connection.org.slug, reference])
    return with_next(url, attempt.next_path if attempt else "")


def _choice_url(connection: Connection, attempt: LoginAttempt | None) -> str:
    """Where another IdP can be chosen; empty where there is no other."""
    if live_connections(connection.org).exclude(pk=connection.pk).exists():
        if attempt is not None and attempt.purpose == Purpose.JOIN:
            return reverse("sso:join", args=[connection.org.slug]) + "?choose=1"
        return with_next(choice_url(connection.org.slug), attempt.next_path if attempt else "")
    return ""


def _return_path(attempt: LoginAttempt) -> str:
    return safe_path(attempt.next_path, fallback=attempt.org.get_absolute_url())


def _confirmed(attempt: LoginAttempt) -> str:
    return _("Revision %(number)s of %(connection)s is confirmed: it stays live.") % {
        "number": attempt.revision.number,
        "connection": attempt.connection.name,
    }


def _how_long(session: SSOSession) -> str:
    until = date_format(localtime(session.expires_at), "DATETIME_ZONE_FORMAT")
    return _(_HOW_LONG[SessionLimit(session.limit)]) % {"org": session.org.name, "until": until}
