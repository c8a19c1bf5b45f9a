"""Logout that begins at the IdP: what a signed LogoutRequest ends, and that nothing else does."""

import base64
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from hubsso.net import origin_of
from orgs.models import AuditEvent
from sso.models import SSOSession
from tests.builders import make_member, make_sso_session, make_user
from tests.demo_idp.saml_names import tag
from tests.sso.framing import frame_ancestors
from tests.sso.saml.slo import BINDINGS, Logout, logout
from tests.sso.whole_login import change_revision

__all__ = ["logout"]


def answer_in(response: Any) -> etree._Element:
    """The LogoutResponse that the browser carries back, by either binding."""
    if response.status_code == 302:
        query = parse_qs(urlsplit(response["Location"]).query)
        return etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLResponse"][0]), wbits=-15))
    form = response.context["fields"]
    return etree.fromstring(base64.b64decode(form["SAMLResponse"]))


# --- What ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("binding", BINDINGS)
def test_a_signed_request_ends_the_session_it_names_and_is_answered(logout: Logout, binding: str) -> None:
    change_revision(logout.globex, slo_binding=binding)
    message = logout.honest
    response = logout.send(message, binding, relay_state="opaque")

    assert not SSOSession.objects.exists()
    assert not logout.globex.can_read()
    answer = answer_in(response)
    assert answer.tag == tag("samlp:LogoutResponse")
    assert answer.get("InResponseTo") == message.message_id
    assert answer.get("Destination") == logout.globex.tenant.saml_slo_url
    assert AuditEvent.objects.get(event="org.sso_idp_logout").actor == logout.globex.max.user


def test_the_answer_is_signed_so_that_the_idp_can_tell(logout: Logout) -> None:
    change_revision(logout.globex, slo_binding="post")
    answer = answer_in(logout.send(logout.honest))
    assert answer.find(tag("ds:Signature")) is not None


def test_without_a_session_index_every_session_of_the_person_ends(logout: Logout) -> None:
    make_sso_session(logout.globex.max, browser_session="another", connection=logout.globex.connection)
    logout.send(logout.honest.but(session_indexes=()))
    assert not SSOSession.objects.exists()


def test_only_the_sessions_of_the_indexes_end(logout: Logout) -> None:
    kept = make_sso_session(
        logout.globex.max, browser_session="b", connection=logout.globex.connection, idp_session_id="other"
    )
    logout.send(logout.honest.but(session_indexes=("unknown", logout.session.idp_session_id)))
    assert list(SSOSession.objects.all()) == [kept]


def test_a_session_that_is_gone_is_a_success(logout: Logout) -> None:
    SSOSession.objects.all().delete()
    answer = answer_in(logout.send(logout.honest))
    assert answer.find(f".//{tag('samlp:StatusCode')}").get("Value").endswith(":Success")  # type: ignore[union-attr]


def test_a_switched_off_connection_takes_no_logout(logout: Logout) -> None:
    connection = logout.globex.connection
    connection.is_enabled = False
    connection.save()
    logout.refuses("logout_not_expected", lambda: logout.send(logout.honest))
    connection.is_enabled = True
    connection.save()
    logout.ends(lambda: logout.send(logout.honest))


def test_another_persons_sessions_stay(logout: Logout) -> None:
    zoe = make_member(logout.globex.org, make_user("zoe@globex.example"))
    kept = make_sso_session(zoe, browser_session="z", connection=logout.globex.connection)
    logout.send(logout.honest.but(session_indexes=()))
    assert list(SSOSession.objects.all()) == [kept]


def test_an_idp_without_an_address_for_answers_leads_to_our_own_page(logout: Logout) -> None:
    change_revision(logout.globex, slo_url="")
    response = logout.send(logout.honest)
    assert response.status_code == 303
    assert "/signed-out/" in response["Location"]
    assert not SSOSession.objects.exists()


def test_escapes_in_lower_case_verify_as_they_were_sent(logout: Logout) -> None:
    query = logout.honest.query("a b+c", lower_case_escapes=True)
    assert "%2b" in query or "%2f" in query
    logout.browser.get(f"{logout.url}?{query}")
    assert not SSOSession.objects.exists()


def test_a_long_relay_state_is_not_carried_back(logout: Logout) -> None:
    change_revision(logout.globex, slo_binding="post")
    response = logout.send(logout.honest, relay_state="r" * 81)
    assert "RelayState" not in response.context["fields"]


# --- In a frame of the IdP's -----------------------------------------------------------------------------


@pytest.mark.parametrize("binding", BINDINGS)
def test_the_answer_may_be_framed_by_its_idp_and_nobody_else(logout: Logout, binding: str) -> None:
    change_revision(logout.globex, slo_binding=binding, slo_url="https://signout.idp.example:8443/bye?a=b")
    response = logout.send(logout.honest, binding)
    assert frame_ancestors(response) == [
        origin_of(logout.globex.tenant.url),
        "https://signout.idp.example:8443",
    ]
    assert "X-Frame-Options" not in response


def test_the_page_in_the_frame_says_nothing_of_the_viewer(logout: Logout) -> None:
    change_revision(logout.globex, slo_binding="post")
    logout.browser = logout.globex.client  # an IdP of the same site: our cookie comes along
    page = logout.send(logout.honest).content.decode()
    assert "signed out" in page
    assert "Max" not in page
    assert "Globex" not in page


@pytest.mark.parametrize("binding", BINDINGS)
def test_what_is_refused_is_framed_by_nobody(logout: Logout, binding: str) -> None:
    response = logout.send(logout.honest.but(issuer="https://other.example"), binding)
    assert frame_ancestors(response) == ["'none'"]
    assert response["X-Frame-Options"] == "DENY"
