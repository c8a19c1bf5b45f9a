"""Request ids, client addresses and log lines."""

import json
import logging
import sys
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from hubsso.request_context import (
    JSONFormatter,
    RequestContextFilter,
    RequestContextMiddleware,
    client_ip,
    current_ip,
    current_request_id,
)


def serve(**headers: str) -> tuple[str, str | None, HttpResponse]:
    """What a view saw as its request id and address, and the response."""
    seen: list[tuple[str, str | None]] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((current_request_id(), current_ip()))
        return HttpResponse()

    response = RequestContextMiddleware(view)(RequestFactory().get("/", **headers))  # type: ignore[arg-type]
    assert isinstance(response, HttpResponse)
    return *seen[0], response


def log_line(event: str, *args: object, extra: dict[str, Any] | None = None, error: bool = False) -> str:
    exc_info = sys.exc_info() if error else None
    record = logging.LogRecord("hubsso.tests", logging.INFO, __file__, 1, event, args, exc_info)
    vars(record).update(extra or {})
    RequestContextFilter().filter(record)
    return JSONFormatter().format(record)


def test_every_request_has_an_id_of_its_own_that_the_response_names() -> None:
    first, _, response = serve()
    second, _, _ = serve()
    assert first != second
    assert len(first) == 32
    assert response["X-Request-ID"] == first


def test_request_id_of_the_client_is_not_taken() -> None:
    request_id, _, _ = serve(HTTP_X_REQUEST_ID="chosen-by-the-client")
    assert request_id != "chosen-by-the-client"


def test_nothing_of_a_request_outlives_it() -> None:
    serve(REMOTE_ADDR="203.0.113.7")
    assert current_request_id() == ""
    assert current_ip() is None


def test_nothing_of_a_request_outlives_a_crash() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise LookupError

    with pytest.raises(LookupError):
        RequestContextMiddleware(view)(RequestFactory().get("/"))
    assert current_request_id() == ""


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "203.0.113.7"),
        (1, None, "203.0.113.7"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 192.0.2.1", "198.51.100.1"),
        (2, "198.51.100.1", "203.0.113.7"),
        (1, "198.51.100.1:4711", "198.51.100.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "unknown", "203.0.113.7"),
        (1, "<script>", "203.0.113.7"),
    ],
)
def test_client_ip_counts_only_trusted_proxies(
    settings: Settings, trusted: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", **headers)  # type: ignore[arg-type]
    assert client_ip(request) == expected


@pytest.mark.parametrize(
    ("remote", "expected"),
    [("", None), ("fe80::1%eth0", "fe80::1"), ("::ffff:203.0.113.7", "203.0.113.7")],
)
def test_client_ip_is_an_address_or_none(remote: str, expected: str | None) -> None:
    assert client_ip(RequestFactory().get("/", REMOTE_ADDR=remote)) == expected


def test_log_line_is_one_json_object_with_the_fields_of_extra() -> None:
    line = json.loads(log_line("sso.login.refused", extra={"code": "nonce_mismatch", "org_id": 7}))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "hubsso.tests",
        "event": "sso.login.refused",
        "request_id": "",
        "code": "nonce_mismatch",
        "org_id": 7,
    }


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
@pytest.mark.parametrize("hostile", ["a\nb", 'a\r\n{"level": "INFO"}', "a\u2028b", 'a", "level": "ERROR'])
def test_no_value_can_begin_a_line_or_a_field_of_its_own(hostile: str) -> None:
    text = log_line("login of %s", hostile, extra={"email": hostile})
    assert len(text.splitlines()) == 1
    line = json.loads(text)
    assert (line["event"], line["email"], line["level"]) == (f"login of {hostile}", hostile, "INFO")


def test_extra_cannot_replace_the_line_s_own_fields() -> None:
    assert json.loads(log_line("real", extra={"event": "forged", "level": "DEBUG"}))["event"] == "real"


def test_requests_and_other_objects_are_named_but_not_printed() -> None:
    request = RequestFactory().post("/callback/?code=s3cret", {"SAMLResponse": "s3cret"})
    text = log_line("Forbidden", extra={"request": request, "raw": b"s3cret", "list": [request, 1]})
    assert "s3cret" not in text
    line = json.loads(text)
    assert (line["request"], line["raw"], line["list"]) == ("<WSGIRequest>", "<bytes>", ["<WSGIRequest>", 1])


def test_lines_about_a_request_that_is_over_still_have_its_id() -> None:
    request = RequestFactory().get("/")
    response = RequestContextMiddleware(lambda request: HttpResponse(status=404))(request)
    assert isinstance(response, HttpResponse)
    assert (
        json.loads(log_line("Not Found", extra={"request": request}))["request_id"]
        == response["X-Request-ID"]
    )


def test_exceptions_are_part_of_the_one_line() -> None:
    try:
        raise LookupError("no such org")
    except LookupError:
        text = log_line("crash", error=True)
    assert len(text.splitlines()) == 1
    assert "LookupError: no such org" in json.loads(text)["exception"]


def test_endless_values_are_cut() -> None:
    assert len(log_line("x" * 100_000, extra={"more": "y" * 100_000})) < 10_000


def test_tokens_in_paths_are_in_no_log_line() -> None:
    line = log_line("%s: %s", "Not Found", "/hand-over/abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE/")
    assert json.loads(line)["event"] == "Not Found: /hand-over/.../"
    mailed = (
        "/accounts/confirm-email/MTI:1vNa2b:abcdefghij_klm-nopqrstuv/",
        "/accounts/password/reset/key/1-abc-0123456789abcdef0123/",
    )
    for path in mailed:
        assert json.loads(log_line("%s", path))["event"].endswith(("/confirm-email/.../", "/key/.../"))
    kept = "/orgs/acme/settings/sso/connections/9c858901-8a57-4791-81fe-4c455b099bc9/hand-over/"
    assert json.loads(log_line("%s", kept))["event"] == kept
