"""SAML-36 and 37: metadata that an admin points at, where what answers is hostile."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hubsso import net
from sso.models import Connection
from tests.attacks.never_opened import never_opened
from tests.attacks.nothing_written import nothing_written
from tests.hubsso.net.conftest import Serve
from tests.hubsso.net.servers import Conversation, RawServer, answers, http_response
from tests.sso.saml.test_idp_metadata import aggregate, ago, entity, service
from tests.sso.settings.conftest import AcmeSettings

HONEST = entity("https://idp.acme.example")
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n<a>"


def codes(response: Any) -> list[str]:
    """The reason codes beside the fields of the page that asks where the metadata is."""
    errors: dict[str, list[Any]] = response.context["form"].errors.as_data()
    return [error.code for found in errors.values() for error in found]


def refused(acme: AcmeSettings, connection: Connection, code: str, **given: object) -> None:
    """Named beside the field, and nothing written: nothing is, until an admin saves what they were shown."""
    with nothing_written():
        response = acme.post("draft", connection.uid, action="check", **given)
    assert response.status_code == 200
    assert codes(response) == [code]


def understood(acme: AcmeSettings, connection: Connection, **given: object) -> str:
    """The honest twin: its values stand in the draft's form."""
    response = acme.post("draft", connection.uid, action="check", **given)
    page = str(response.content.decode())
    assert 'value="https://idp.acme.example"' in page
    return page


def url_of(server: RawServer, path: str = "/metadata") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.fixture
def honest_url(serve: Serve) -> str:
    return url_of(serve(answers(http_response(HONEST.encode()))))


# --- Where it is -----------------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-36")
@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "ftp://127.0.0.1/metadata",
        "gopher://127.0.0.1:25/_x",
        "data:text/xml,<x/>",
        "jar:https://idp.example!/x",
        "http://idp.example/metadata",
        "https://user@idp.example/",
        "https://127.0.0.1\\@idp.example/",
        "https://idp.example/#x",
    ],
)
def test_address_of_another_kind_is_refused(
    acme: AcmeSettings, saml_connection: Connection, honest_url: str, url: str
) -> None:
    refused(acme, saml_connection, "address_invalid", metadata_url=url)
    understood(acme, saml_connection, metadata_url=honest_url)


@pytest.mark.catalogue("SAML-36")
@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[::ffff:10.0.0.1]", "[fd00::1]", "[::]"],
)
def test_address_inside_the_house_is_refused(
    acme: AcmeSettings, saml_connection: Connection, honest_url: str, host: str
) -> None:
    refused(acme, saml_connection, "metadata_unreachable", metadata_url=f"https://{host}/metadata")
    understood(acme, saml_connection, metadata_url=honest_url)


@pytest.mark.catalogue("SAML-36")
def test_file_is_not_opened(
    acme: AcmeSettings, saml_connection: Connection, honest_url: str, tmp_path: Path
) -> None:
    with never_opened(tmp_path) as uri:
        refused(acme, saml_connection, "address_invalid", metadata_url=uri)
    understood(acme, saml_connection, metadata_url=honest_url)


@pytest.mark.catalogue("SAML-36")
@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_redirect_into_the_house_is_not_followed(
    acme: AcmeSettings, saml_connection: Connection, serve: Serve, honest_url: str, status: str
) -> None:
    """Where it leads there is even honest metadata."""
    inside = serve(answers(http_response(HONEST.encode())))
    moved = serve(answers(http_response(b"", f"Location: {url_of(inside)}", status=status)))
    refused(acme, saml_connection, "metadata_unreachable", metadata_url=url_of(moved))
    assert inside.connections == 0

    understood(acme, saml_connection, metadata_url=honest_url)


# --- How it answers --------------------------------------------------------------------------------------------------


def endless(conversation: Conversation) -> None:
    conversation.read_request()
    conversation.send(ENDLESS)
    while True:
        conversation.send(b" " * 65536)


def silent(conversation: Conversation) -> None:
    conversation.read_request()
    conversation.hang()


def dripping(conversation: Conversation) -> None:
    conversation.read_request()
    conversation.send(ENDLESS)
    conversation.drip(b" ")


@pytest.mark.catalogue("SAML-36")
@pytest.mark.parametrize(
    ("talk", "code"),
    [
        (endless, "metadata_too_large"),
        (answers(http_response(b" " * 3 * 1024 * 1024)), "metadata_too_large"),
        (answers(b"HTTP/1.1 200 OK\r\nContent-Length: 314572800\r\n\r\n<a>"), "metadata_too_large"),
        (silent, "metadata_unreachable"),
        (dripping, "metadata_unreachable"),
        (answers(b"nonsense\r\n\r\n"), "metadata_unreachable"),
        (answers(http_response(b"<a/>", status="404 Not Found")), "metadata_unreachable"),
        (answers(http_response(b"<html/>")), "metadata_malformed"),
        (answers(http_response(HONEST.encode()[:-1])), "metadata_malformed"),
    ],
    ids=[
        "endless",
        "3 MiB",
        "says 300 MiB",
        "silent",
        "dripping",
        "no HTTP",
        "404",
        "a web page",
        "cut short",
    ],
)
def test_server_that_misbehaves_is_left(
    acme: AcmeSettings,
    saml_connection: Connection,
    serve: Serve,
    honest_url: str,
    monkeypatch: pytest.MonkeyPatch,
    talk: Any,
    code: str,
) -> None:
    """By the real client, which is less patient here than the ten seconds it has."""
    monkeypatch.setattr(net, "fetch", partial(net.fetch, deadline_seconds=1))
    refused(acme, saml_connection, code, metadata_url=url_of(serve(talk)))
    understood(acme, saml_connection, metadata_url=honest_url)


# --- What it says ----------------------------------------------------------------------------------------------------


def sso(location: str) -> str:
    return service("SingleSignOnService", "HTTP-Redirect", location)


PAST = f'validUntil="{ago(seconds=1)}"'


@pytest.mark.catalogue("SAML-37")
@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (entity(attributes=PAST), "metadata_expired"),
        (entity(role_attributes=PAST), "metadata_expired"),
        (aggregate(HONEST, attributes=PAST), "metadata_expired"),
        (entity(attributes='validUntil="some day"'), "metadata_malformed"),
        (entity(sso=sso("javascript:alert(1)")), "metadata_without_idp"),
        (entity(sso=sso("data:text/html,x")), "metadata_without_idp"),
        (entity(sso=sso("file:///etc/passwd")), "metadata_without_idp"),
        (entity(sso=sso("//evil.example/")), "metadata_without_idp"),
        (entity(sso=sso("https://idp@evil.example/")), "metadata_without_idp"),
        (entity(sso=sso("https://evil.example;style-src/")), "metadata_without_idp"),
        (aggregate(HONEST, HONEST), "metadata_malformed"),
        (entity(role="SPSSODescriptor"), "metadata_without_idp"),
        (entity(keys=""), "metadata_without_idp"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + HONEST, "metadata_malformed"),
        (f"<a>{'<b/>' * 60_000}</a>", "metadata_too_large"),
        ("<a>" * 100 + "</a>" * 100, "metadata_too_large"),
    ],
    ids=[
        "out of date",
        "role out of date",
        "aggregate out of date",
        "no time",
        "script",
        "data",
        "file",
        "no scheme",
        "user in address",
        "policy in address",
        "one IdP twice",
        "an application",
        "no certificate",
        "DTD",
        "wide",
        "deep",
    ],
)
@pytest.mark.parametrize("way", ["text", "file"])
def test_metadata_that_can_not_be_used_is_refused(
    acme: AcmeSettings, saml_connection: Connection, way: str, xml: str, code: str
) -> None:
    def given(content: str) -> dict[str, object]:
        if way == "file":
            return {"metadata_file": SimpleUploadedFile("metadata.xml", content.encode())}
        return {"metadata_text": content}

    refused(acme, saml_connection, code, **given(xml))
    understood(acme, saml_connection, **given(HONEST))


@pytest.mark.catalogue("SAML-37")
def test_of_several_idps_none_is_taken_unasked(acme: AcmeSettings, saml_connection: Connection) -> None:
    xml = aggregate(entity("https://first.example"), HONEST)
    for chosen in ("", "https://third.example"):
        with nothing_written():
            response = acme.post(
                "draft", saml_connection.uid, action="check", metadata_text=xml, entity_id=chosen
            )
        assert "The metadata describes 2 identity providers" in response.content.decode()

    page = understood(acme, saml_connection, metadata_text=xml, entity_id="https://idp.acme.example")
    assert "https://first.example" not in page


@pytest.mark.catalogue("SAML-37")
def test_logout_address_that_is_a_script_is_left_out_and_said(
    acme: AcmeSettings, saml_connection: Connection
) -> None:
    slo = service("SingleLogoutService", "HTTP-POST", "javascript:alert(1)")
    page = understood(acme, saml_connection, metadata_text=entity("https://idp.acme.example", slo=slo))
    assert 'value="javascript:' not in page
    assert "single logout was left out" in page
