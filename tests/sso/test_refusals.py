"""What a refusal leaves: a page for the member, a trace for the admins, an audit event and a log line."""

import html
import importlib
import logging
import pkgutil
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

import sso
from orgs.models import AuditEvent
from orgs.roles import Role
from sso import errors
from sso.errors import SSOError
from sso.models import LoginAttempt, RefusalTrace, RevisionTest
from sso.refusals import record_refusal
from sso.types import Purpose
from sso.views import outcome
from tests.builders import make_attempt
from tests.conftest import World, log_in, log_in_with_sso


def all_errors() -> list[type[SSOError]]:
    """Every class of the catalogue, wherever it is defined."""
    for module in pkgutil.walk_packages(sso.__path__, "sso."):
        if module.name.endswith("errors"):
            importlib.import_module(module.name)
    found: list[type[SSOError]] = []
    waiting = [SSOError]
    while waiting:
        current = waiting.pop()
        found.append(current)
        waiting += current.__subclasses__()
    return found


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_refusal_has_a_code_a_status_and_a_text_that_helps(error: type[SSOError]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]+", error.code)
    assert HTTPStatus(error.status) >= HTTPStatus.BAD_REQUEST
    assert error.user_message.endswith(".")
    assert not re.search(r"\b(nonce|JWKS|XML|xmlsec|signature|claim|exception)\b", error.user_message)


def test_no_two_refusals_of_one_protocol_share_a_code() -> None:
    """OIDC and SAML share the codes of what both check, such as `audience_mismatch`."""
    own_codes = [(error.__module__, error.code) for error in all_errors() if "code" in vars(error)]
    assert len(own_codes) == len(set(own_codes))


def refuse(world: World, error: SSOError | None = None, **attempt: Any) -> tuple[Any, LoginAttempt]:
    made = make_attempt(world.acme_idp, world.max.user, **attempt)
    request = RequestFactory().get("/")
    request.user = world.max.user
    error = error or errors.EmailMissing("The IdP sent no e-mail address.", subject="s-1")
    return outcome.refuse(request, error, connection=world.acme_idp, attempt=made), made


def test_the_page_tells_the_member_what_to_do_and_a_reference_and_no_detail(world: World) -> None:
    response, _ = refuse(world, next_path="/orgs/acme/r/private-marker/")
    page = html.unescape(response.content.decode())
    trace = RefusalTrace.objects.get()
    assert response.status_code == 403
    assert response["Cache-Control"] == "no-store"
    assert trace.reference in page
    assert errors.EmailMissing.user_message in page
    assert trace.admin_detail not in page
    assert "/orgs/acme/sso/?next=%2Forgs%2Facme%2Fr%2Fprivate-marker%2F" in page


@pytest.mark.parametrize(
    ("error", "first", "tells_admins"),
    [
        (errors.EmailMissing("none sent"), "Go to your other organisations", True),
        (errors.LoginCancelled("cancelled"), "Try again", False),
        (errors.EmailNotYours("another's"), "Go to your e-mail addresses", False),
    ],
)
def test_what_helps_is_offered_first(world: World, error: SSOError, first: str, tells_admins: bool) -> None:
    page = refuse(world, error)[0].content.decode()
    assert re.findall(r'class="btn btn-primary" href="[^"]*">([^<]+)<', page) == [first]
    assert ">Try again<" in page
    assert (f"Reference: {RefusalTrace.objects.get().reference}" in page) is tells_admins


def test_only_an_admin_is_shown_the_way_by_a_recovery_code(world: World) -> None:
    assert "sso/recovery/" not in refuse(world)[0].content.decode()
    world.max.role = Role.ADMIN
    world.max.save()
    assert "/orgs/acme/sso/recovery/" in refuse(world)[0].content.decode()


def test_the_trace_is_kept_for_a_week_and_names_code_person_and_revision(world: World) -> None:
    _, attempt = refuse(world)
    trace = RefusalTrace.objects.get()
    assert (trace.code, trace.user, trace.revision) == ("email_missing", world.max.user, attempt.revision)
    assert trace.expires_at - trace.at == timedelta(days=7)
    assert trace.fields == {"subject": "s-1"}


def test_admins_find_the_detail_under_the_reference_until_it_expires(client: Client, world: World) -> None:
    refuse(world)
    trace = RefusalTrace.objects.get()
    log_in_with_sso(client, world.olivia)
    url = f"/orgs/acme/settings/sso/refusals/{trace.reference}/"
    assert "The IdP sent no e-mail address." in client.get(url).content.decode()
    RefusalTrace.objects.update(expires_at=timezone.now())
    assert client.get(url).status_code == 404


def test_the_audit_log_has_the_code_and_the_reference_but_not_the_detail(world: World) -> None:
    refuse(world)
    event = AuditEvent.objects.get(event="org.sso_refused")
    assert event.actor == world.max.user
    assert event.data == {
        "code": "email_missing",
        "reference": RefusalTrace.objects.get().reference,
        "connection": "Acme Login",
    }


def test_one_log_line_names_the_refusal_by_constant_word_and_fields(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="sso.refusals"):
        refuse(world)
    [record] = [record for record in caplog.records if record.name == "sso.refusals"]
    assert record.getMessage() == "sso.login.refused"
    assert record.__dict__["code"] == "email_missing"


def test_a_silent_login_that_fails_goes_back_to_the_banner_and_leaves_nothing(world: World) -> None:
    response, _ = refuse(world, errors.SilentLoginFailed("login_required"), next_path="/orgs/acme/")
    assert response["Location"] == "/orgs/acme/"
    assert not RefusalTrace.objects.exists()


def test_a_silent_login_that_fails_otherwise_goes_back_as_well_but_is_recorded(world: World) -> None:
    response, _ = refuse(world, is_silent=True, next_path="/orgs/acme/")
    assert response["Location"] == "/orgs/acme/"
    assert RefusalTrace.objects.get().code == "email_missing"


def test_a_login_that_cannot_begin_is_the_members_and_is_found_whatever_strangers_send(
    client: Client, world: World
) -> None:
    for _ in range(100):
        record_refusal(
            errors.AttemptUnknown("made up"), connection=world.acme_idp, attempt=None, now=timezone.now()
        )
    log_in(client, world.max.user)
    page = client.get(
        "/orgs/acme/sso/?next=/orgs/acme/"
    ).content.decode()  # the IdP's address answers to nobody
    trace = RefusalTrace.objects.get(user=world.max.user)
    assert trace.reference in page
    assert trace.purpose == Purpose.LOGIN
    assert not LoginAttempt.objects.exists()
    silent = client.get("/orgs/acme/sso/?next=/orgs/acme/&silent=1")
    assert silent["Location"] == "/orgs/acme/"


def test_a_refusal_without_an_attempt_is_the_signed_in_members(world: World) -> None:
    request = RequestFactory().get("/")
    for person, expected in ((world.max.user, world.max.user), (world.zoe.user, None)):
        RefusalTrace.objects.all().delete()
        request.user = person
        outcome.refuse(request, errors.AttemptUnknown("no ticket"), connection=world.acme_idp)
        assert RefusalTrace.objects.get().user == expected


def test_one_person_cannot_fill_the_database(world: World) -> None:
    for _ in range(40):
        refuse(world)
    assert RefusalTrace.objects.count() == 30


def test_a_refused_test_login_marks_the_revision_as_failed(world: World) -> None:
    response, attempt = refuse(world, purpose=Purpose.TEST)
    test = RevisionTest.objects.get()
    assert (test.passed, test.code, test.revision) == (False, "email_missing", attempt.revision)
    assert test.details["reference"] == RefusalTrace.objects.get().reference
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"].endswith(f"/tests/{test.pk}/")


def test_a_refused_join_leads_back_to_the_join_link(world: World) -> None:
    response, _ = refuse(world, purpose=Purpose.JOIN)
    assert 'href="/orgs/acme/join/"' in response.content.decode()


def test_answers_that_belong_to_no_attempt_cannot_fill_the_database(world: World) -> None:
    now = timezone.now()
    for _ in range(105):
        record_refusal(errors.AttemptUnknown("made up"), connection=world.acme_idp, attempt=None, now=now)
    assert RefusalTrace.objects.count() == 100
    refuse(world)
    assert RefusalTrace.objects.count() == 101


def test_one_attempt_cannot_fill_the_database(world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    for _ in range(10):
        error = errors.EmailMissing("again")
        record_refusal(error, connection=world.acme_idp, attempt=attempt, now=timezone.now())
    assert RefusalTrace.objects.count() == AuditEvent.objects.count() == 5
