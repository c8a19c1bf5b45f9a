"""Answers by form post: parked without our cookie, redeemed in the browser that began the login, and nowhere else."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from hubsso.request_sizes import SMALL_BODY_BYTES
from sso.models import LoginAttempt, RefusalTrace
from sso.oidc import discovery
from sso.types import ResponseMode
from tests.builders import make_connection, make_org, make_user
from tests.conftest import log_in
from tests.demo_idp import IdPAnswer, IdPBrowser
from tests.demo_idp.browser import FORM
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.whole_login import change_revision


@pytest.fixture
def rp(acme: AcmeLogin) -> AcmeLogin:
    """Acme, whose OP answers by form post."""
    change_revision(acme, response_mode=ResponseMode.FORM_POST)
    return acme


def callback(acme: AcmeLogin) -> str:
    return f"/sso/{acme.connection.uid}/oidc/callback/"


def error_answer(acme: AcmeLogin, error: str, **more: str) -> IdPAnswer:
    state = LoginAttempt.objects.get().state
    return IdPAnswer(callback(acme), {"state": state, "iss": acme.tenant.issuer, "error": error, **more})


def test_request_asks_for_a_form(rp: AcmeLogin) -> None:
    query = parse_qs(urlsplit(rp.start()["Location"]).query)
    assert query["response_mode"] == ["form_post"]


def test_form_is_parked_sealed_and_asks_the_op_for_nothing(rp: AcmeLogin) -> None:
    answer = rp.go_to_idp()
    asked = len(rp.idp.requests)
    response = answer.deliver(Client())
    assert response.status_code == 303
    assert urlsplit(response["Location"]).path == f"/sso/{rp.connection.uid}/oidc/finish/"
    assert "no-cache" in response["Cache-Control"]
    attempt = LoginAttempt.objects.get()
    assert answer.parameters["code"] not in attempt.parked_sealed
    assert attempt.answered_at is not None
    assert len(rp.idp.requests) == asked
    rp.assert_nothing_was_opened()


def test_member_who_finishes_is_let_in_once(rp: AcmeLogin) -> None:
    location = rp.go_to_idp().deliver(Client())["Location"]
    response = rp.client.get(location)
    assert (response.status_code, response["Location"]) == (302, rp.page_path)
    assert rp.can_read()
    assert LoginAttempt.objects.get().parked_sealed == ""
    assert rp.client.get(location).status_code == 400
    assert rp.refusals() == ["attempt_unknown"]


def test_ticket_in_another_browser_is_refused_and_stays_good(rp: AcmeLogin) -> None:
    location = rp.go_to_idp().deliver(Client())["Location"]
    other = Client()
    log_in(other, make_user("zoe@globex.example"))
    same_person = Client()
    log_in(same_person, rp.max.user)
    for client in (other, Client(), same_person):
        assert client.get(location).status_code == 400
    assert rp.refusals() == ["wrong_browser"] * 3
    rp.assert_nothing_was_opened()
    rp.client.get(location)
    assert rp.can_read()


def test_second_form_for_the_same_attempt_is_refused(rp: AcmeLogin) -> None:
    answer = rp.go_to_idp()
    answer.deliver(Client())
    assert answer.deliver(Client()).status_code == 400
    assert rp.refusals() == ["attempt_used"]


def test_ticket_that_waited_too_long_is_refused(rp: AcmeLogin) -> None:
    location = rp.go_to_idp().deliver(Client())["Location"]
    LoginAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert rp.client.get(location).status_code == 400
    assert rp.refusals() == ["attempt_expired"]
    rp.assert_nothing_was_opened()


def test_form_at_another_connections_callback_is_refused(rp: AcmeLogin) -> None:
    other = make_connection(make_org("globex"), issuer=rp.tenant.issuer, response_mode="form_post")
    answer = IdPAnswer(f"/sso/{other.uid}/oidc/callback/", dict(rp.go_to_idp().parameters))
    assert answer.deliver(Client()).status_code == 400
    assert RefusalTrace.objects.get().code == "connection_mismatch"


# --- Errors --------------------------------------------------------------------------------------------


@pytest.mark.catalogue("OIDC-EXTRA-form-post-error")
def test_error_is_shown_and_opens_nothing(rp: AcmeLogin) -> None:
    rp.start()
    page = rp.bring(error_answer(rp, "server_error", error_description="planted-description"))
    assert page.status_code == 403
    assert rp.refusals() == ["idp_error"]
    trace = RefusalTrace.objects.get()
    assert "server_error" in trace.admin_detail
    assert trace.reference in page.content.decode()
    assert "planted-description" not in trace.admin_detail + page.content.decode()
    rp.assert_nothing_was_opened()


def test_cancelled_login_says_so(rp: AcmeLogin) -> None:
    rp.bring(IdPBrowser().cancel_login(rp.start()["Location"]))
    assert rp.refusals() == ["login_cancelled"]


def test_silent_login_that_fails_goes_back_to_the_banner(rp: AcmeLogin) -> None:
    response = rp.bring(IdPBrowser().follow(rp.start(silent=True)["Location"]))
    assert (response.status_code, response["Location"]) == (302, rp.page_path)
    assert rp.refusals() == []


def test_form_of_another_issuer_is_refused(rp: AcmeLogin) -> None:
    answer = rp.go_to_idp()
    rp.bring(IdPAnswer(answer.url, {**answer.parameters, "iss": "https://evil.example"}))
    assert rp.refusals() == ["issuer_parameter_mismatch"]
    rp.assert_nothing_was_opened()


# --- The other mode ------------------------------------------------------------------------------------


def test_answer_in_the_address_is_refused_where_a_form_was_asked_for(rp: AcmeLogin) -> None:
    query = rp.go_to_idp().parameters
    assert rp.client.get(callback(rp), query).status_code == 400
    assert rp.refusals() == ["response_mode_mismatch"]
    assert rp.idp.requests.to("token") == []
    rp.assert_nothing_was_opened()


def test_form_is_refused_where_the_address_was_asked_for_and_spoils_nothing(acme: AcmeLogin) -> None:
    answer = acme.go_to_idp()
    posted = IdPAnswer(callback(acme), dict(answer.parameters))
    for client in (Client(), acme.client):
        assert posted.deliver(client).status_code == 400
    assert acme.refusals() == ["response_mode_mismatch"] * 2
    acme.assert_nothing_was_opened()
    answer.deliver(acme.client)
    assert acme.can_read()


def test_op_that_does_not_know_the_mode_is_named(rp: AcmeLogin) -> None:
    rp.start()
    fields = error_answer(rp, "unsupported_response_mode").parameters
    assert rp.client.get(callback(rp), fields).status_code == 400
    assert rp.refusals() == ["response_mode_mismatch"]
    assert "unsupported_response_mode" in RefusalTrace.objects.get().admin_detail


# --- What else can be posted ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        ("code=c", FORM, "attempt_unknown"),
        ("state=unknown&code=c", FORM, "attempt_unknown"),
        ("state=%00&code=c", FORM, "attempt_unknown"),
        ("state=a&state=b&code=c", FORM, "answer_malformed"),
        ("state=a&code=c&code=d", FORM, "answer_malformed"),
        ("state=a&iss=x&iss=y", FORM, "answer_malformed"),
        ("&".join(f"f{n}=" for n in range(1001)), FORM, "answer_malformed"),
        ("state=a&code=c", "multipart/form-data; boundary=x", "answer_malformed"),
        ("state=a&code=c", "text/plain", "answer_malformed"),
        ("state=a&code=c", f"{FORM}; charset=utf-16", "answer_malformed"),
        ('{"state": "a"}', "application/json", "answer_malformed"),
        (f"state=a&code={'c' * SMALL_BODY_BYTES}", FORM, "answer_too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_other_bodies_are_refused(rp: AcmeLogin, body: str, content_type: str, code: str) -> None:
    response: Any = Client().post(callback(rp), body, content_type=content_type)
    assert response.status_code == 400
    assert rp.refusals() == [code]


def test_unknown_fields_are_not_looked_at(rp: AcmeLogin) -> None:
    answer = rp.go_to_idp()
    rp.bring(IdPAnswer(answer.url, {**answer.parameters, "session_state": "x", "id_token": "a.b.c"}))
    assert rp.can_read()


def test_op_that_is_away_at_the_last_step_is_named(rp: AcmeLogin) -> None:
    location = rp.go_to_idp().deliver(Client())["Location"]
    discovery.forget_all()
    rp.idp.stop()
    assert rp.client.get(location).status_code == 502
    assert rp.refusals() == ["discovery_unreachable"]
    rp.assert_nothing_was_opened()


@pytest.mark.parametrize("ticket", ["", "unknown", "t" * 5000])
def test_unknown_ticket_is_refused(rp: AcmeLogin, ticket: str) -> None:
    path = f"/sso/{rp.connection.uid}/oidc/finish/?ticket={ticket}"
    assert rp.client.get(path).status_code == 400
    assert rp.refusals() == ["attempt_unknown"]


def test_last_step_takes_no_post(rp: AcmeLogin) -> None:
    assert rp.client.post(f"/sso/{rp.connection.uid}/oidc/finish/").status_code == 405
