"""What an operator sees of a whole login: counts, a trace and log lines, and a crash report without secrets."""

import json
import logging
from collections.abc import Iterator
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from sentry_sdk.transport import Transport

from hubsso.request_context import JSONFormatter, RequestContextFilter
from hubsso.telemetry import error_tracking, tracing
from sso.models import LoginAttempt
from tests.counted import value
from tests.sso.oidc.conftest import AcmeLogin


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.use(SimpleSpanProcessor(exporter))
    yield exporter
    tracing.use(None)


def test_logins_and_decisions_are_counted(
    acme: AcmeLogin, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    login = {"org_id": str(acme.org.pk), "protocol": "oidc", "purpose": "login"}
    blocked = {"outcome": "require_sso", "reason": "sso_missing"}
    passed = value("hubsso_logins_total", **login, result="ok")
    refused = value("hubsso_logins_total", **login, result="account_linked_to_another")
    before = value("hubsso_gate_decisions_total", **blocked)
    asked = value("hubsso_idp_request_seconds_count", asked_for="token_endpoint", result="answered")
    assert not acme.can_read()
    with django_capture_on_commit_callbacks(execute=True):
        acme.sign_in()
    assert value("hubsso_gate_decisions_total", **blocked) == before + 1
    assert value("hubsso_logins_total", **login, result="ok") == passed + 1
    assert (
        value("hubsso_idp_request_seconds_count", asked_for="token_endpoint", result="answered") == asked + 1
    )
    acme.bring(acme.go_to_idp("olivia"))
    assert value("hubsso_logins_total", **login, result="account_linked_to_another") == refused + 1


def test_a_login_is_one_trace_a_request_and_its_attempt_joins_them(
    acme: AcmeLogin, spans: InMemorySpanExporter
) -> None:
    acme.sign_in()
    attempt = LoginAttempt.objects.get()
    finished = spans.get_finished_spans()
    requests = [span for span in finished if span.parent is None]
    about_it = [span for span in requests if (span.attributes or {}).get("hubsso.attempt_id") == attempt.pk]
    assert [span.name for span in about_it] == ["GET sso:start", "GET sso:oidc_callback"]
    callback = about_it[-1]
    steps = [span.name for span in finished if span.context.trace_id == callback.context.trace_id]
    assert {"idp.request", "sso.check_answer", "sso.complete_login"} <= set(steps)
    told = json.dumps([json.loads(span.to_json()) for span in finished])
    for secret in (attempt.state, attempt.nonce, attempt.code_verifier, acme.max.user.email, "code="):
        assert secret not in told


def test_nobody_outside_makes_names_for_spans(client: Client, spans: InMemorySpanExporter) -> None:
    client.generic("MADEUP", "/made/up/")
    assert [span.name for span in spans.get_finished_spans()] == ["other none"]


def test_a_refused_login_names_no_more_than_the_refusal(acme: AcmeLogin, spans: InMemorySpanExporter) -> None:
    acme.sign_in()
    acme.bring(acme.go_to_idp("olivia"))
    [failed] = [
        span
        for span in spans.get_finished_spans()
        if span.name == "sso.complete_login" and not span.status.is_ok
    ]
    assert dict(failed.attributes or {}) == {"error.type": "AccountLinkedToAnother"}
    assert failed.events == ()


def test_log_lines_of_a_login_carry_its_ids(acme: AcmeLogin, caplog: pytest.LogCaptureFixture) -> None:
    acme.sign_in()
    caplog.handler.addFilter(RequestContextFilter())
    with caplog.at_level(logging.INFO, logger="sso.refusals"):
        acme.bring(acme.go_to_idp("olivia"))
    [said] = [record for record in caplog.records if record.name == "sso.refusals"]
    line = json.loads(JSONFormatter().format(said))
    assert line["org_id"] == acme.org.pk
    assert line["attempt_id"] == LoginAttempt.objects.latest("pk").pk
    assert len(line["request_id"]) == 32


class _Kept(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.said.append(envelope.serialize().decode())


def test_a_crash_is_reported_without_what_was_sent(
    acme: AcmeLogin, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SENTRY_DSN = "https://key@errors.example.org/1"
    transport = _Kept()
    error_tracking.start(transport)
    monkeypatch.setattr("sso.oidc.views.finish", _crash)
    acme.client.raise_request_exception = False
    answer = acme.go_to_idp()
    try:
        assert acme.bring(answer).status_code == 500
    finally:
        error_tracking.stop()
    told = "".join(transport.said)
    assert "RuntimeError" in told
    assert "sso:oidc_callback" in told
    assert f'"org_id":"{acme.org.pk}"' in told
    code = parse_qs(urlsplit(answer.url).query)["code"][0]
    for secret in (code, LoginAttempt.objects.get().state, acme.max.user.email):
        assert secret not in told


def _crash(*args: object, **kwargs: object) -> None:
    attempt = LoginAttempt.objects.get()
    try:
        raise SMTPRecipientsRefused({attempt.user.email: (550, b"unknown")})
    except SMTPRecipientsRefused as error:
        raise RuntimeError(attempt.state) from error
