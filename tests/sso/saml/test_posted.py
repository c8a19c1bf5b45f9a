"""What arrives at the ACS: only the form that a browser sends is read, and everything else is a refusal."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.demo_idp import IdPAnswer
from tests.demo_idp.browser import FORM
from tests.sso.saml.conftest import GlobexLogin

MULTIPART_BODY = b'--x\r\nContent-Disposition: form-data; name="SAMLResponse"\r\n\r\nPGEvPg==\r\n--x--\r\n'


def post(globex: GlobexLogin, body: bytes | str, content_type: str) -> Any:
    acs = reverse("sso:saml_acs", kwargs={"connection_uid": globex.connection.uid})
    return Client().generic("POST", acs, body, content_type)


def assert_refused(globex: GlobexLogin, response: Any, code: str, *, status: int = 400) -> None:
    """By the page that names a reference, which is also what the organisation's admins find."""
    assert response.status_code == status
    assert "reference" in response.content.decode()
    assert globex.refusals() == [code]


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=utf-8"])
def test_form_of_a_browser_is_read(globex: GlobexLogin, content_type: str) -> None:
    answer = globex.go_to_idp()

    assert post(globex, urlencode(answer.parameters), content_type).status_code == 303


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=hex",
        f"{FORM}; charset=hex",
        f"{FORM}; charset=utf-16",
        f"{FORM}; charset=utf-7",
        f"{FORM}; charset=nonsense",
        f"{FORM}; charset=",
    ],
)
def test_body_of_another_kind_is_refused_and_no_error(globex: GlobexLogin, content_type: str) -> None:
    """Also where it holds a genuine response."""
    answer = globex.go_to_idp()
    body = MULTIPART_BODY if "multipart" in content_type else urlencode(answer.parameters).encode()

    assert_refused(globex, post(globex, body, content_type), "response_malformed")
    assert globex.finish(globex.post(answer)).status_code == 302  # and it used nothing up


def test_body_over_the_size_limit_is_refused_with_a_reference(globex: GlobexLogin) -> None:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert limit is not None

    response = post(globex, b"SAMLResponse=" + b"A" * limit, FORM)

    assert_refused(globex, response, "response_too_large", status=413)


def test_form_of_too_many_fields_is_refused_with_a_reference(globex: GlobexLogin) -> None:
    fields = {f"field-{number}": "" for number in range(2000)}
    acs = reverse("sso:saml_acs", kwargs={"connection_uid": globex.connection.uid})

    assert_refused(globex, IdPAnswer(acs, fields).deliver(Client()), "response_malformed")


def test_bytes_that_are_no_text_are_refused(globex: GlobexLogin) -> None:
    assert_refused(globex, post(globex, b"SAMLResponse=\xff\xfe%ff%00", FORM), "response_malformed")
