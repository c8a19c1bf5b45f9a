"""Max signs in at an IdP made of pysaml2, which reads our metadata and checks the signatures of our requests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from saml2 import BINDING_HTTP_POST
from saml2.sigver import pre_encryption_part

from sso.key_pairs import ensure_key_pair
from sso.models import LinkedIdentity, LoginAttempt, SSOSession
from sso.saml.metadata import sp_metadata
from sso.saml.sp import service_provider
from sso.types import SSOProtocol
from tests.demo_idp.saml_names import XENC11
from tests.interop.portal import Portal, make_portal
from tests.interop.pysaml2_idp import BINDINGS, SUBJECT, PySAML2IdP, serve_pysaml2
from tests.interop.saml_browser import carry_to_idp, message_in, sign_in

pytestmark = [pytest.mark.interop, pytest.mark.django_db]


@pytest.fixture
def idp(tmp_path: Path) -> Iterator[PySAML2IdP]:
    with serve_pysaml2(tmp_path) as idp:
        yield idp


@pytest.fixture
def portal_for(client: Client, idp: PySAML2IdP) -> Callable[..., Portal]:
    """Acme's portal, whose metadata the IdP has read."""

    def make(**revision: Any) -> Portal:
        fields = {
            "issuer": idp.entity_id,
            "sso_url": f"{idp.url}/sso",
            "certificates": [idp.pair.certificate_pem],
            "slo_url": f"{idp.url}/slo",
        }
        portal = make_portal(client, SSOProtocol.SAML, **{**fields, **revision})
        signs = bool(revision.get("sign_requests"))
        if signs:
            ensure_key_pair(portal.connection, now=timezone.now())
        idp.learn_sp(sp_metadata(portal.connection), want_signed_requests=signs)
        return portal

    return make


@pytest.mark.parametrize("binding", ["redirect", "post"])
@pytest.mark.parametrize("sign_requests", [False, True])
def test_member_signs_in(portal_for: Callable[..., Portal], binding: str, sign_requests: bool) -> None:
    portal = portal_for(sso_binding=binding, sign_requests=sign_requests)
    assert not portal.can_read()

    response = sign_in(portal.start(), {}).deliver(portal.client)

    assert (response.status_code, response["Location"]) == (302, portal.page_path), portal.refusals()
    assert portal.can_read()
    identity = LinkedIdentity.objects.get()
    assert (identity.subject, identity.email) == (SUBJECT, "max@acme.example")


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_idp_that_wants_signed_requests_really_checks_them(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, binding: str
) -> None:
    portal = portal_for(sso_binding=binding, sign_requests=True)
    start = portal.start()
    portal.connection.key_pairs.all().delete()
    ensure_key_pair(portal.connection, now=timezone.now())
    idp.learn_sp(sp_metadata(portal.connection), want_signed_requests=True)

    with pytest.raises(requests.HTTPError):
        sign_in(start, {})


def test_idp_finds_our_acs_in_our_metadata(portal_for: Callable[..., Portal], idp: PySAML2IdP) -> None:
    portal = portal_for()
    sp = service_provider(portal.connection.uid)

    services = idp.server.metadata.assertion_consumer_service(sp.entity_id, BINDING_HTTP_POST)

    assert [service["location"] for service in services] == [sp.acs_url]


@pytest.mark.parametrize("sign_response", [True, False])
@pytest.mark.parametrize("is_self_contained", [True, False])
def test_member_signs_in_by_an_assertion_that_xmlsec_encrypted(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, sign_response: bool, is_self_contained: bool
) -> None:
    """The certificate is that of our metadata. What is not self-contained leaves its prefixes undeclared."""
    portal = encrypting_portal(portal_for, idp)
    idp.response_options |= {
        "sign_response": sign_response,
        "encrypt_assertion_self_contained": is_self_contained,
    }
    template = pre_encryption_part(msg_enc=f"{XENC11}aes256-gcm")
    encrypt = idp.server.sec.encrypt_assertion

    def encrypt_by_gcm(response: Any, certificate: str, _: Any, node_xpath: str | None = None) -> Any:
        return encrypt(response, certificate, template, key_type="aes-256", node_xpath=node_xpath)

    idp.server.sec.encrypt_assertion = encrypt_by_gcm

    sign_in(portal.start(), {}).deliver(portal.client)

    assert portal.refusals() == []
    assert portal.can_read()


def test_encryption_that_pysaml2_does_by_itself_is_refused(
    portal_for: Callable[..., Portal], idp: PySAML2IdP
) -> None:
    """Triple DES in CBC mode, whatever our metadata says."""
    portal = encrypting_portal(portal_for, idp)

    assert sign_in(portal.start(), {}).deliver(portal.client).status_code == 403
    assert portal.refusals() == ["algorithm_not_allowed"]


def encrypting_portal(portal_for: Callable[..., Portal], idp: PySAML2IdP) -> Portal:
    portal = portal_for(want_encrypted=True)
    ensure_key_pair(portal.connection, now=timezone.now())
    idp.learn_sp(sp_metadata(portal.connection))
    idp.response_options = {"encrypt_assertion": True}
    return portal


def test_response_to_a_request_of_ours_answers_no_other(portal_for: Callable[..., Portal]) -> None:
    portal = portal_for()
    answer = sign_in(portal.start(), {})
    LoginAttempt.objects.all().delete()
    portal.start()

    assert answer.deliver(portal.client).status_code == 400
    assert portal.refusals() == ["attempt_unknown"]


# --- Single logout


@pytest.mark.parametrize("ours", BINDINGS)
@pytest.mark.parametrize("theirs", BINDINGS)
def test_member_signs_out_of_both(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, ours: str, theirs: str
) -> None:
    portal, session = signed_in(portal_for, slo_binding=ours)
    idp.logout_binding = theirs

    answer = carry_to_idp(portal.client.post(reverse("sso:sign_out", args=[session.pk])))
    page = message_in(answer.headers.get("Location"), answer.content).deliver(portal.client)

    assert idp.signed_out == [(SUBJECT, [session.idp_session_id])]
    assert portal.refusals() == []
    assert "signed out there too" in page.content.decode()
    assert not portal.can_read()


@pytest.mark.parametrize("ours", BINDINGS)
def test_idp_signs_nobody_out_by_another_key(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, ours: str
) -> None:
    portal, session = signed_in(portal_for, slo_binding=ours)
    portal.connection.key_pairs.all().delete()
    ensure_key_pair(portal.connection, now=timezone.now())

    with pytest.raises(requests.HTTPError):
        carry_to_idp(portal.client.post(reverse("sso:sign_out", args=[session.pk])))

    assert idp.signed_out == []
    assert not portal.can_read()


@pytest.mark.parametrize("ours", BINDINGS)
@pytest.mark.parametrize("theirs", BINDINGS)
def test_member_signs_out_at_the_idp(
    portal_for: Callable[..., Portal], idp: PySAML2IdP, ours: str, theirs: str
) -> None:
    portal, session = signed_in(portal_for, slo_binding=ours)
    idp.logout_binding = theirs
    request_id, request = idp.logout_request(
        service_provider(portal.connection.uid).entity_id, session.idp_session_id
    )

    carry_to_idp(request.send())

    assert portal.refusals() == []
    assert not portal.can_read()
    assert idp.answered == [request_id]


def signed_in(portal_for: Callable[..., Portal], **revision: Any) -> tuple[Portal, SSOSession]:
    portal = portal_for(sign_requests=True, **revision)
    sign_in(portal.start(), {}).deliver(portal.client)
    assert portal.can_read()
    return portal, SSOSession.objects.get()
