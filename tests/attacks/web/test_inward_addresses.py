"""Addresses that lead into the house, wherever an admin or an IdP can name one: none is connected to.

What counts as such an address, in all its notations, is in `tests/hubsso/net`. Here each place that takes one is
tried: the issuer, what discovery names, and SAML metadata.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from orgs.models import Organization
from sso.models import Connection, RefusalTrace
from sso.oidc import discovery
from sso.oidc.discovery import provider_metadata
from sso.saml.idp_metadata import fetch_metadata
from sso.saml.metadata_errors import MetadataUnreachable
from tests.builders import make_attempt, make_connection, make_member, make_org, make_user
from tests.conftest import log_in
from tests.sso.oidc.fake_op import FakeOP

pytestmark = pytest.mark.catalogue("WEB-SSRF")
DOCUMENT = "/.well-known/openid-configuration"
INWARD = [
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "https://100.100.100.200/",
    "https://[fd00:ec2::254]/",
    "https://192.168.1.1:8443/",
    "https://0xa9fea9fe/",
    "https://2852039166/",
]
AS_WRITTEN = [
    "http://169.254.169.254/",
    "https://user@idp.example.org/",
    "https://idp.example.org./",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "https://127.0.0.1@evil.example/",
]
"""Refused before anything is looked up."""
OF_LOOPBACK = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://[::1]/",
]


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as op:
        yield op


@pytest.fixture
def acme(db: None) -> Organization:
    return make_org("acme")


def start(acme: Organization, connection: Connection) -> int:
    client = Client()
    log_in(client, make_member(acme, make_user()).user)
    return client.get("/orgs/acme/sso/", {"connection": str(connection.uid)}).status_code


@pytest.mark.parametrize("url", [*INWARD, *AS_WRITTEN, *OF_LOOPBACK])
def test_issuer_that_leads_inward_is_never_asked(acme: Organization, settings: Settings, url: str) -> None:
    settings.EGRESS_ALLOW_HTTP_LOOPBACK = False  # as in production
    assert start(acme, make_connection(acme, issuer=url)) == 403
    trace = RefusalTrace.objects.get()
    if url in AS_WRITTEN:
        assert trace.code == "issuer_url_invalid"
    else:
        assert (trace.code, trace.fields["reason"]) == ("discovery_invalid", "address_not_allowed")


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("url", [INWARD[0], INWARD[2], INWARD[9]])
def test_endpoint_that_discovery_names_is_judged_anew(
    acme: Organization, op: FakeOP, name: str, url: str
) -> None:
    """An honest issuer whose document sends us inward: each endpoint is refused when it would be asked."""
    op.documents[DOCUMENT][name] = url
    op.documents["/token"] = {
        "access_token": "x",
        "token_type": "Bearer",
        "id_token": "eyJhbGciOiJSUzI1NiJ9.e30.x",
    }
    connection = make_connection(acme, issuer=op.issuer, client_secret="secret")
    client = Client()
    user = make_member(acme, make_user()).user
    attempt = make_attempt(
        connection, user, browser_session=log_in(client, user), nonce="n", code_verifier="v"
    )
    response = client.get(f"/sso/{connection.uid}/oidc/callback/", {"state": attempt.state, "code": "c"})
    assert response.status_code == 403
    trace = RefusalTrace.objects.get()
    assert trace.fields["reason"] == "address_not_allowed"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_inward_is_not_followed(acme: Organization, op: FakeOP, status: int) -> None:
    op.answers[DOCUMENT] = (status, "")
    assert start(acme, make_connection(acme, issuer=op.issuer)) == 403
    assert RefusalTrace.objects.get().fields["reason"] == "redirect_refused"
    assert op.requests == [DOCUMENT]


@pytest.mark.parametrize("url", [*INWARD, *AS_WRITTEN, *OF_LOOPBACK])
def test_metadata_address_that_leads_inward_is_never_asked(settings: Settings, url: str) -> None:
    settings.EGRESS_ALLOW_HTTP_LOOPBACK = False
    with pytest.raises(MetadataUnreachable) as refused:
        fetch_metadata(url)
    assert refused.value.log_fields["reason"] == (
        "url_not_allowed" if url in AS_WRITTEN else "address_not_allowed"
    )


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
def test_proxy_of_the_environment_sees_nothing(
    op: FakeOP, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with FakeOP() as proxy:
        monkeypatch.setenv(variable, proxy.issuer)
        monkeypatch.setenv("NO_PROXY", "")
        discovery.forget_all()
        assert provider_metadata(op.issuer, now=timezone.now()).issuer == op.issuer
        assert proxy.requests == []
    assert urlsplit(op.issuer).hostname == "127.0.0.1"
