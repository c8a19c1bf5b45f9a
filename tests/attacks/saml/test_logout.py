"""SAML-35: logouts that nobody signed, that somebody else signed, or that were meant for another time or place."""

import base64
import zlib
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from orgs.models import AuditEvent
from sso.models import Connection, SSOSession
from sso.types import SSOProtocol
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.builders import make_connection, make_org
from tests.demo_idp import DemoIdP
from tests.demo_idp.browser import FORM
from tests.demo_idp.saml_logout import LogoutMessage
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_request import MAX_REQUEST_BYTES
from tests.demo_idp.saml_response import new_id
from tests.demo_idp.saml_signing import sign_element
from tests.parallel import in_parallel
from tests.sso.saml.conftest import make_globex
from tests.sso.saml.exchange import find, key_pair
from tests.sso.saml.slo import BINDINGS, Logout
from tests.sso.whole_login import change_revision

Changes = Callable[[datetime], dict[str, Any]]


def add(name: str) -> Callable[[etree._Element], object]:
    return lambda root: etree.SubElement(root, tag(name))


@pytest.mark.catalogue("SAML-35")
@pytest.mark.parametrize("binding", BINDINGS)
def test_unsigned_logout_ends_nothing(logout: Logout, binding: str) -> None:
    logout.refuses("logout_unsigned", lambda: logout.send(logout.honest.but(signing_key=None), binding))
    logout.ends(lambda: logout.send(logout.honest, binding))


@pytest.mark.catalogue("SAML-35")
@pytest.mark.parametrize("binding", BINDINGS)
@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("signature_invalid", lambda now: {"signing_key": key_pair("mallory")}),
        ("issuer_mismatch", lambda now: {"issuer": "https://other.example"}),
        ("destination_mismatch", lambda now: {"destination": None}),
        ("destination_mismatch", lambda now: {"destination": "http://testserver/sso/elsewhere/saml/slo/"}),
        (
            "logout_not_timely",
            lambda now: {"issued_at": now - timedelta(minutes=7), "not_on_or_after": None},
        ),
        ("logout_not_timely", lambda now: {"issued_at": now + timedelta(minutes=30)}),
        ("logout_not_timely", lambda now: {"not_on_or_after": now - timedelta(seconds=61)}),
        ("logout_malformed", lambda now: {"name_id": ""}),
        ("logout_malformed", lambda now: {"session_indexes": ("",)}),
        ("logout_malformed", lambda now: {"session_indexes": tuple(map(str, range(101)))}),
        (
            "logout_malformed",
            lambda now: {"name_id_attributes": (("SPNameQualifier", "https://other.example"),)},
        ),
        ("logout_malformed", lambda now: {"change": add("saml:NameID")}),
        ("encryption_not_supported", lambda now: {"change": add("saml:EncryptedID")}),
        ("element_not_allowed", lambda now: {"change": add("samlp:Extensions")}),
        ("element_not_allowed", lambda now: {"change": add("saml:Assertion")}),
        ("response_malformed", lambda now: {"change": lambda root: root.set("IssueInstant", "yesterday")}),
        ("response_malformed", lambda now: {"change": lambda root: root.set("Version", "1.1")}),
        ("document_forbidden", lambda now: {"change": lambda root: root.append(etree.Comment("x"))}),
    ],
    ids=[
        "another key",
        "another issuer",
        "no destination",
        "another destination",
        "old",
        "of the future",
        "expired",
        "nobody",
        "empty index",
        "many indexes",
        "for another SP",
        "two people",
        "encrypted ID",
        "extensions",
        "assertion",
        "no time",
        "SAML 1.1",
        "comment",
    ],
)
def test_logout_that_is_wrong_ends_nothing(logout: Logout, binding: str, code: str, changes: Changes) -> None:
    wrong = logout.honest.but(**changes(timezone.now()))
    logout.refuses(code, lambda: logout.send(wrong, binding))
    logout.ends(lambda: logout.send(logout.honest, binding))


# --- Signatures in the document ------------------------------------------------------------------------


def name_another(root: etree._Element) -> None:
    find(root, "saml:NameID").text = "zoe"


def other_id(root: etree._Element) -> None:
    root.set("ID", new_id())


def wrap(root: etree._Element) -> None:
    """The signed request as a copy inside its own signature, the outer one about somebody else."""
    original = deepcopy(root)
    original.remove(find(original, "ds:Signature"))
    etree.SubElement(find(root, "ds:Signature"), tag("ds:Object")).append(original)
    name_another(root)


def borrow_signature(root: etree._Element) -> None:
    """The IdP's signature of its metadata, say, in a request under the same ID."""
    other = etree.Element("other", ID=root.get("ID", ""))
    signature = find(sign_element(other, key_pair("globex")), "ds:Signature")
    root.replace(find(root, "ds:Signature"), signature)


@pytest.mark.catalogue("SAML-35")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (name_another, "signature_invalid"),
        (other_id, "reference_not_allowed"),
        (wrap, "duplicate_id"),
        (borrow_signature, "signature_invalid"),
    ],
)
def test_signature_that_covers_something_else_ends_nothing(
    logout: Logout, change: Callable[[etree._Element], object], code: str
) -> None:
    logout.refuses(code, lambda: logout.send(logout.honest.but(change_signed=change)))
    logout.ends(lambda: logout.send(logout.honest))


@pytest.mark.catalogue("SAML-35")
@pytest.mark.parametrize(
    ("binding", "weakness"),
    [
        ("redirect", {"signature_algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}),
        ("post", {"digest_algorithm": "http://www.w3.org/2000/09/xmldsig#sha1"}),
    ],
)
def test_weak_algorithm_ends_nothing(logout: Logout, binding: str, weakness: dict[str, str]) -> None:
    logout.refuses("algorithm_not_allowed", lambda: logout.send(logout.honest.but(**weakness), binding))
    logout.ends(lambda: logout.send(logout.honest, binding))


@pytest.mark.catalogue("SAML-35")
def test_document_type_ends_nothing(logout: Logout) -> None:
    xml = b'<!DOCTYPE x [<!ENTITY e "x">]>' + etree.tostring(logout.honest.element())
    logout.refuses("document_forbidden", lambda: logout.post({"SAMLRequest": base64.b64encode(xml).decode()}))
    logout.ends(lambda: logout.send(logout.honest))


# --- Signatures in the query --------------------------------------------------------------------------


def get(logout: Logout, query: str) -> Any:
    return logout.browser.get(f"{logout.url}?{query}")


def deflated(xml: bytes) -> str:
    return urlencode({"SAMLRequest": base64.b64encode(zlib.compress(xml, wbits=-15)).decode()})


@pytest.mark.catalogue("SAML-35")
@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (lambda query: query + "&SAMLRequest=PGE+", "response_malformed"),
        (lambda query: query + "&RelayState=x&RelayState=y", "response_malformed"),
        (lambda query: query.replace("SAMLRequest", "SAMLResponse"), "response_malformed"),
        (lambda query: "", "response_malformed"),
        (lambda query: "SAMLRequest=%2A", "response_malformed"),
        (lambda query: query + "&SAMLEncoding=urn%3Aother", "response_malformed"),
        (lambda query: query + "&RelayState=x", "signature_invalid"),
        (lambda query: query.partition("&Signature=")[0], "logout_unsigned"),
        (lambda query: query.partition("&Signature=")[0] + "&Signature=", "logout_unsigned"),
        (lambda query: query.partition("&Signature=")[0] + "&Signature=AAAA", "signature_invalid"),
    ],
    ids=[
        "twice",
        "two relay states",
        "called an answer",
        "nothing",
        "no base64",
        "another encoding",
        "a relay state added",
        "signature cut off",
        "empty signature",
        "another signature",
    ],
)
def test_query_that_was_changed_ends_nothing(logout: Logout, tamper: Callable[[str], str], code: str) -> None:
    logout.refuses(code, lambda: get(logout, tamper(logout.honest.query())))
    logout.ends(lambda: logout.send(logout.honest, "redirect"))


@pytest.mark.catalogue("SAML-35")
def test_signature_in_the_document_counts_for_nothing_by_redirect(logout: Logout) -> None:
    """Bindings 3.4.4.1: there the query is what is signed."""
    signed = base64.b64decode(logout.honest.post_fields()["SAMLRequest"])
    logout.refuses("signature_not_allowed", lambda: get(logout, deflated(signed)))
    logout.ends(lambda: logout.send(logout.honest, "redirect"))


@pytest.mark.catalogue("SAML-35", "SAML-32")
def test_message_that_inflates_without_end_is_given_up(logout: Logout) -> None:
    """8 MiB in 8 kB, which is about as long as an address may be."""
    bomb = base64.b64encode(zlib.compress(b" " * (8 * 1024 * 1024), 9, wbits=-15)).decode()
    assert len(bomb) < MAX_REQUEST_BYTES
    logout.refuses("response_too_large", lambda: get(logout, urlencode({"SAMLRequest": bomb})))
    logout.ends(lambda: logout.send(logout.honest, "redirect"))


# --- Again, elsewhere, and to a connection that is off ----------------------------------------------------


@pytest.mark.catalogue("SAML-35")
def test_same_request_counts_once(logout: Logout) -> None:
    message = logout.honest
    logout.ends(lambda: logout.send(message))
    logout.globex.sign_in()

    with nothing_written_but_refusal(logout.globex.org, "logout_replayed", event="org.sso_logout_refused"):
        assert logout.send(message).status_code == 400
    assert logout.globex.can_read()


@pytest.mark.catalogue("SAML-35")
@pytest.mark.django_db(transaction=True)
def test_of_the_same_request_several_times_at_once_one_counts(demo_idp: DemoIdP, client: Client) -> None:
    logout = Logout(make_globex(demo_idp, client))
    message = logout.honest
    responses = in_parallel(lambda: logout.send(message), times=3)
    assert sorted(response.status_code for response in responses) == [303, 400, 400]
    assert not SSOSession.objects.exists()
    assert AuditEvent.objects.filter(event="org.sso_idp_logout").count() == 1


@pytest.mark.catalogue("SAML-35")
def test_connection_that_is_switched_off_takes_no_logout(logout: Logout) -> None:
    def switch(is_enabled: bool) -> None:
        Connection.objects.filter(pk=logout.globex.connection.pk).update(is_enabled=is_enabled)

    switch(False)
    logout.refuses("logout_not_expected", lambda: logout.send(logout.honest))
    switch(True)
    logout.ends(lambda: logout.send(logout.honest))


@pytest.mark.catalogue("SAML-35")
def test_idp_of_another_organisation_ends_nothing_here(logout: Logout) -> None:
    """Acme's IdP, right in everything of its own, names Globex's Max and his session, at both addresses."""
    acme_key = key_pair("acme")
    acme = make_connection(
        make_org("acme"),
        SSOProtocol.SAML,
        issuer="https://idp.acme.example",
        certificates=[acme_key.certificate_pem],
    )
    foreign = logout.honest.but(issuer="https://idp.acme.example", signing_key=acme_key)
    logout.refuses("signature_invalid", lambda: logout.send(foreign))

    at_acme = logout.url.replace(str(logout.globex.connection.uid), str(acme.uid))
    fields = foreign.but(destination=f"http://testserver{at_acme}").post_fields()
    response = logout.browser.post(at_acme, urlencode(fields), content_type=FORM)
    assert (
        response.status_code == 303
    )  # Acme's own word at Acme's address, about somebody it has no session of
    assert SSOSession.objects.filter(pk=logout.session.pk).exists()

    logout.ends(lambda: logout.send(logout.honest))


@pytest.mark.catalogue("SAML-35")
def test_refusal_says_the_same_to_everybody(logout: Logout) -> None:
    change_revision(logout.globex, slo_binding="post")
    page = logout.send(logout.honest.but(signing_key=None)).content.decode()
    assert "nothing was ended here" in page
    assert "Globex" not in page


# --- Answers to a sign-out of ours -------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-35")
@pytest.mark.parametrize("binding", BINDINGS)
def test_answer_that_nobody_asked_for_is_refused(logout: Logout, binding: str) -> None:
    answer = LogoutMessage.response(
        issuer=logout.honest.issuer,
        destination=logout.honest.destination,
        issued_at=timezone.now(),
        signing_key=logout.honest.signing_key,
        in_response_to="_nobody-asked",
    )
    logout.refuses("logout_answer_unknown", lambda: logout.send(answer, binding))
    logout.refuses("logout_unsigned", lambda: logout.send(answer.but(signing_key=None), binding))
    logout.ends(lambda: logout.send(logout.honest, binding))
