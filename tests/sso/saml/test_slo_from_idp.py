"""Logout that begins at the IdP: what a signed LogoutRequest ends, and that nothing else does."""

import base64
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from orgs.models import AuditEvent
from sso.models import ConsumedMessage, RefusalTrace, SSOSession
from sso.saml.sp import service_provider
from tests.builders import give_key_pair, make_member, make_sso_session, make_user
from tests.demo_idp import DemoIdP
from tests.demo_idp.browser import FORM
from tests.demo_idp.saml_logout import LogoutMessage
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_request import MAX_REQUEST_BYTES
from tests.parallel import in_parallel
from tests.sso.saml.conftest import GlobexLogin, make_globex
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.whole_login import change_revision

BINDINGS = ("post", "redirect")


class Logout:
    """Globex's IdP tells its SP that somebody signed out. `honest` is the request that ends Max's session."""

    def __init__(self, globex: GlobexLogin) -> None:
        self.globex = globex
        self.url = service_provider(globex.connection.uid).slo_url.removeprefix("http://testserver")
        globex.sign_in()
        assert globex.can_read()
        self.session = SSOSession.objects.get()
        self.browser = Client()  # no cookie of ours: the IdP's page posts from another site

    @property
    def honest(self) -> LogoutMessage:
        return LogoutMessage.request(
            issuer=self.globex.tenant.saml_entity_id,
            destination=service_provider(self.globex.connection.uid).slo_url,
            issued_at=timezone.now(),
            signing_key=self.globex.tenant.saml_key_pair,
            name_id="max",
            session_indexes=(self.session.idp_session_id,),
        )

    def send(self, message: LogoutMessage, binding: str = "post", relay_state: str | None = None) -> Any:
        if binding == "redirect":
            return self.browser.get(f"{self.url}?{message.query(relay_state)}")
        return self.post(message.post_fields(relay_state))

    def post(self, fields: dict[str, str]) -> Any:
        return self.browser.post(self.url, urlencode(fields), content_type=FORM)

    def refused_code(self, response: Any) -> str:
        """The code of a refusal that ended nothing and wrote nothing but its trace and audit event."""
        assert response.status_code == 400
        assert SSOSession.objects.filter(pk=self.session.pk).exists()
        assert not ConsumedMessage.objects.filter(kind="logout_request").exists()
        return RefusalTrace.objects.latest("pk").code


@pytest.fixture
def logout(globex: GlobexLogin) -> Logout:
    change_revision(globex, slo_url=globex.tenant.saml_slo_url)
    give_key_pair(globex.connection, OUR_KEY)
    return Logout(globex)


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


# --- What does not -------------------------------------------------------------------------------------


def later(**units: int) -> Any:
    return timezone.now() + timedelta(**units)


def _add(name: str) -> Callable[[etree._Element], object]:
    return lambda root: etree.SubElement(root, tag(name))


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("logout_unsigned", {"signing_key": None}),
    ("issuer_mismatch", {"issuer": "https://other.example"}),
    ("destination_mismatch", {"destination": None}),
    ("destination_mismatch", {"destination": "http://testserver/sso/elsewhere/saml/slo/"}),
    ("logout_not_timely", {"issued_at": later(minutes=-7), "not_on_or_after": None}),
    ("logout_not_timely", {"issued_at": later(minutes=30)}),
    ("logout_not_timely", {"not_on_or_after": later(seconds=-61)}),
    ("logout_malformed", {"name_id": ""}),
    ("logout_malformed", {"session_indexes": ("",)}),
    ("logout_malformed", {"session_indexes": tuple(map(str, range(101)))}),
    ("logout_malformed", {"name_id_attributes": (("SPNameQualifier", "https://other.example"),)}),
    ("logout_malformed", {"change": _add("saml:NameID")}),
    ("encryption_not_supported", {"change": _add("saml:EncryptedID")}),
    ("element_not_allowed", {"change": _add("samlp:Extensions")}),
    ("element_not_allowed", {"change": _add("saml:Assertion")}),
    ("response_malformed", {"change": lambda root: root.set("IssueInstant", "yesterday")}),
    ("response_malformed", {"change": lambda root: root.set("Version", "1.1")}),
    ("document_forbidden", {"change": lambda root: root.append(etree.Comment("x"))}),
]


@pytest.mark.parametrize("binding", BINDINGS)
@pytest.mark.parametrize(("code", "changes"), REFUSED)
def test_a_wrong_request_ends_nothing_and_its_honest_twin_does(
    logout: Logout, binding: str, code: str, changes: dict[str, Any]
) -> None:
    assert logout.refused_code(logout.send(logout.honest.but(**changes), binding)) == code
    logout.send(logout.honest, binding)
    assert not SSOSession.objects.exists()


@pytest.mark.parametrize("binding", BINDINGS)
def test_a_request_signed_by_another_key_ends_nothing(logout: Logout, binding: str) -> None:
    other = logout.globex.tenant.unpublished_saml_key_pair()
    assert (
        logout.refused_code(logout.send(logout.honest.but(signing_key=other), binding)) == "signature_invalid"
    )


def test_a_request_changed_after_it_was_signed_ends_nothing(logout: Logout) -> None:
    def name_another(root: etree._Element) -> None:
        root.find(tag("saml:NameID")).text = "zoe"  # type: ignore[union-attr]

    assert (
        logout.refused_code(logout.send(logout.honest.but(change_signed=name_another))) == "signature_invalid"
    )


def test_a_signature_that_covers_another_element_ends_nothing(logout: Logout) -> None:
    def rename(root: etree._Element) -> None:
        root.set("ID", "_another")

    assert (
        logout.refused_code(logout.send(logout.honest.but(change_signed=rename))) == "reference_not_allowed"
    )


def test_a_weak_algorithm_ends_nothing(logout: Logout) -> None:
    weak = logout.honest.but(signature_algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    assert logout.refused_code(logout.send(weak, "redirect")) == "algorithm_not_allowed"
    weak = weak.but(digest_algorithm="http://www.w3.org/2000/09/xmldsig#sha1")
    assert logout.refused_code(logout.send(weak, "post")) == "algorithm_not_allowed"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda query: query + "&SAMLRequest=PGE+",
        lambda query: query + "&RelayState=x&RelayState=y",
        lambda query: query.replace("SAMLRequest", "SAMLResponse"),
        lambda query: "",
        lambda query: "SAMLRequest=%2A",
        lambda query: query + "&SAMLEncoding=urn%3Aother",
    ],
    ids=["twice", "two relay states", "called an answer", "nothing", "no base64", "another encoding"],
)
def test_a_query_that_could_be_read_in_two_ways_ends_nothing(
    logout: Logout, tamper: Callable[[str], str]
) -> None:
    response = logout.browser.get(f"{logout.url}?{tamper(logout.honest.query())}")
    assert logout.refused_code(response) == "response_malformed"


def test_a_relay_state_added_to_a_signed_query_ends_nothing(logout: Logout) -> None:
    response = logout.browser.get(f"{logout.url}?{logout.honest.query()}&RelayState=x")
    assert logout.refused_code(response) == "signature_invalid"


def test_a_signature_in_the_document_counts_for_nothing_by_redirect(logout: Logout) -> None:
    """Bindings 3.4.4.1: there the query is what is signed."""
    signed = base64.b64decode(logout.honest.post_fields()["SAMLRequest"])
    query = urlencode({"SAMLRequest": base64.b64encode(zlib.compress(signed, wbits=-15)).decode()})
    assert logout.refused_code(logout.browser.get(f"{logout.url}?{query}")) == "signature_not_allowed"


def test_a_message_that_inflates_without_end_is_given_up(logout: Logout) -> None:
    bomb = base64.b64encode(zlib.compress(b" " * (8 * 1024 * 1024), 9, wbits=-15)).decode()
    assert len(bomb) < MAX_REQUEST_BYTES
    response = logout.browser.get(f"{logout.url}?{urlencode({'SAMLRequest': bomb})}")
    assert logout.refused_code(response) == "response_too_large"


def test_a_document_type_ends_nothing(logout: Logout) -> None:
    xml = b'<!DOCTYPE x [<!ENTITY e "x">]>' + etree.tostring(logout.honest.element())
    response = logout.post({"SAMLRequest": base64.b64encode(xml).decode()})
    assert logout.refused_code(response) == "document_forbidden"


def test_the_same_request_counts_once(logout: Logout) -> None:
    message = logout.honest
    logout.send(message)
    logout.globex.sign_in()
    response = logout.send(message)
    assert response.status_code == 400
    assert RefusalTrace.objects.latest("pk").code == "logout_replayed"
    assert logout.globex.can_read()


def test_a_connection_that_is_switched_off_takes_no_logout(logout: Logout) -> None:
    logout.globex.connection.is_enabled = False
    logout.globex.connection.save()
    assert logout.refused_code(logout.send(logout.honest)) == "logout_not_expected"


def test_another_organisations_idp_ends_nothing_here(logout: Logout) -> None:
    """Its request names our person, and comes to its own address or to ours."""
    other = logout.globex.tenant.unpublished_saml_key_pair()
    foreign = logout.honest.but(issuer="https://idp.other.example", signing_key=other)
    assert logout.refused_code(logout.send(foreign)) in {"issuer_mismatch", "signature_invalid"}


def test_the_refusal_says_the_same_to_everybody(logout: Logout) -> None:
    page = logout.send(logout.honest.but(signing_key=None)).content.decode()
    assert "nothing was ended here" in page
    assert "Globex" not in page
    assert RefusalTrace.objects.latest("pk").reference in page


@pytest.mark.django_db(transaction=True)
def test_of_the_same_request_twice_at_once_one_counts(demo_idp: DemoIdP, client: Client) -> None:
    globex = make_globex(demo_idp, client)
    logout = Logout(globex)
    message = logout.honest
    responses = in_parallel(lambda: logout.send(message), times=3)
    assert sorted(response.status_code for response in responses) == [303, 400, 400]
    assert not SSOSession.objects.exists()
    assert AuditEvent.objects.filter(event="org.sso_idp_logout").count() == 1
