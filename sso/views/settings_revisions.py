"""From draft to live: write a draft, test it by a real login, make it live, put an old one back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.requests import signed_in_user
from orgs.access import Area, OrgRequest, org_view
from orgs.roles import Ability
from orgs.views.answers import org_page, telling
from sso import begun, connections
from sso.browser import ensure_browser_session
from sso.enforcing.progress import standing_of
from sso.errors import SSOError
from sso.forms.trial import TrialForm, trial_options
from sso.login import begin_login, new_attempt
from sso.models import Connection, Revision, RevisionTest
from sso.protocols import BrowserRequest
from sso.revisions import trials
from sso.revisions.revision_tests import record_failed_start
from sso.throttles import TEST_BY_ACCOUNT, TEST_BY_ADDRESS, throttled
from sso.types import Purpose
from sso.views.drafting import work_on_draft
from sso.views.revision_test_page import shown_test
from sso.views.settings_lookup import find_connection, find_revision
from sso.views.to_idp import to_idp


@throttled(by_address=TEST_BY_ADDRESS, by_account=TEST_BY_ACCOUNT)
@require_http_methods(["GET", "HEAD", "POST"])
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def draft(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """What to enter at the IdP, and what it gives; saved once the admin has seen what was understood."""
    connection = find_connection(request, connection_uid)
    user = signed_in_user(request)
    drafting = work_on_draft(
        request,
        connection,
        worker=f"user-{user.pk}",
        save=lambda configuration, based_on: connections.save_draft(
            connection=connection,
            configuration=configuration,
            actor=user,
            now=timezone.now(),
            based_on=based_on,
        ),
    )
    if drafting.saved is None:
        is_begun = drafting.base is None and begun.is_untouched(connection)
        page = {**drafting.page(), "begun_until": begun.kept_until(connection) if is_begun else None}
        return org_page(request, "sso/settings/draft.html", page)
    messages.success(
        request, _("Draft %(number)s is saved. Test it next.") % {"number": drafting.saved.number}
    )
    return redirect("sso:connection", org_slug, connection_uid)


@throttled(by_address=TEST_BY_ADDRESS, by_account=TEST_BY_ACCOUNT)
@require_GET
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def draft_test(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """Send the admin to the IdP, through the draft if there is one and else through the live revision.

    A GET link, because CSP's `form-action` would also govern the redirect that follows a POST.
    """
    connection = find_connection(request, connection_uid)
    revision = connections.testable_revision(connection)
    if revision is None:
        messages.error(
            request, _("There is nothing to test yet. Enter the identity provider's values first.")
        )
        return redirect("sso:draft", org_slug, connection_uid)
    try:
        browser_request = _begin_test(request, connection, revision)
    except SSOError as error:
        test = record_failed_start(
            revision=revision, user_id=signed_in_user(request).pk, error=error, now=timezone.now()
        )
        return redirect("sso:revision_test", org_slug, connection_uid, test.pk)
    return to_idp(request, browser_request)


def _begin_test(request: OrgRequest, connection: Connection, revision: Revision) -> BrowserRequest:
    attempt = new_attempt(
        connection=connection,
        revision=revision,
        user=signed_in_user(request),
        browser_session=ensure_browser_session(request),
        purpose=Purpose.TEST,
        next_path=reverse("sso:connection", args=[connection.org.slug, connection.uid]),
        now=timezone.now(),
    )
    return begin_login(attempt)


@require_safe
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def revision_test(request: OrgRequest, org_slug: str, connection_uid: UUID, test_id: int) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    tests = RevisionTest.objects.filter(org=request.access.org, revision__connection=connection)
    test = get_object_or_404(tests.select_related("revision__connection", "user"), pk=test_id)
    page = {
        "connection": connection,
        "standing": standing_of(connection, user=signed_in_user(request)),
        "test": shown_test(test, now=timezone.now(), with_claims=request.access.may_read_about(test.user_id)),
        **trial_options(),
    }
    return org_page(request, "sso/settings/revision_test.html", page)


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def go_live(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    revision = find_revision(request, connection)
    with telling(request):
        live = connections.go_live(
            connection=connection,
            revision=revision,
            actor=signed_in_user(request),
            now=timezone.now(),
            trial_seconds=TrialForm(request.POST).seconds(),
        )
        messages.success(request, _now_live(connection, live))
    return redirect("sso:connection", org_slug, connection_uid)


def _now_live(connection: Connection, revision: Revision) -> str:
    names = {"number": revision.number, "connection": connection.name}
    if revision.confirm_by is None:
        return _("Revision %(number)s of %(connection)s is live.") % names
    return _(
        "Revision %(number)s of %(connection)s is live, on trial until %(time)s. Sign in through it to confirm it."
    ) % {**names, "time": date_format(localtime(revision.confirm_by), "TIME_FORMAT")}


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def trial_go_back(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    """The revision on trial is not awaited: the one before serves again now."""
    connection = find_connection(request, connection_uid)
    with telling(request, _("The revision before serves again, and so do the SSO sessions that it gave.")):
        trials.go_back(connection=connection, actor=signed_in_user(request), now=timezone.now())
    return redirect("sso:connection", org_slug, connection_uid)


@require_POST
@org_view(Area.SSO_SETTINGS, needs=Ability.MANAGE)
def put_back(request: OrgRequest, org_slug: str, connection_uid: UUID) -> HttpResponse:
    connection = find_connection(request, connection_uid)
    revision = find_revision(request, connection)
    with telling(
        request,
        _("Revision %(number)s is copied to a new draft. Test it next.") % {"number": revision.number},
    ):
        connections.put_back(
            connection=connection, revision=revision, actor=signed_in_user(request), now=timezone.now()
        )
    return redirect("sso:connection", org_slug, connection_uid)
