"""SAML-08 to 11, 15, 16, 18 and 34: from whom, for whom, and in answer to what."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from lxml import etree

from orgs.roles import Role
from sso.models import Connection, LoginAttempt, SSOSession
from sso.saml.sp import service_provider
from sso.types import Enforcement, SSOProtocol
from sso.viewer import start_url
from tests.attacks.nothing_written import nothing_written, nothing_written_but_refusal
from tests.attacks.saml.target import Target, before_signing
from tests.builders import make_connection, make_member, make_org, set_policy
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import ISSUER, find

OTHER = "https://other.example/saml"
CONFIRMATION = "saml:Assertion/saml:Subject/saml:SubjectConfirmation"
HOLDER_OF_KEY = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
SENDER_VOUCHES = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"


def changed(honest: SamlResponseBuilder, changes: dict[str, Any]) -> SamlResponseBuilder:
    """With `{acs}` and `{entity_id}` for our addresses, and `{request}` for the request that is answered."""
    return honest.but(**{name: _filled_in(value, honest) for name, value in changes.items()})


def _filled_in(value: Any, honest: SamlResponseBuilder) -> Any:
    if isinstance(value, tuple):
        return tuple(_filled_in(item, honest) for item in value)
    if not isinstance(value, str):
        return value
    (entity_id,) = honest.audiences or ("",)
    return value.format(acs=honest.destination, entity_id=entity_id, request=honest.in_response_to)


LOOKALIKES = [
    None,
    "",
    OTHER,
    "{acs}-evil",
    "{acs}?x=1",
    "{acs}#x",
    "{acs}../../other/saml/acs/",
    "{acs} ",
    "HTTP://TESTSERVER/",
    "https://evil.example/?{acs}",
    "{entity_id}",
]


@pytest.mark.catalogue("SAML-08")
@pytest.mark.parametrize("destination", LOOKALIKES)
def test_destination_that_is_not_exactly_ours_is_refused(target: Target, destination: str | None) -> None:
    target.refuses(lambda honest: changed(honest, {"destination": destination}), "destination_mismatch")


@pytest.mark.catalogue("SAML-09")
@pytest.mark.parametrize("recipient", LOOKALIKES)
def test_recipient_that_is_not_exactly_ours_is_refused(target: Target, recipient: str | None) -> None:
    target.refuses(lambda honest: changed(honest, {"recipient": recipient}), "recipient_mismatch")


@pytest.mark.catalogue("SAML-10")
@pytest.mark.parametrize(
    "changes",
    [
        {"audiences": None},
        {"audiences": ()},
        {"audiences": (OTHER,)},
        {"audiences": ("{entity_id}x",)},
        {"audiences": ("{acs}",)},
        {"audiences": ("",)},
        {"more_audience_restrictions": ((OTHER,),)},
        {"audiences": (OTHER,), "more_audience_restrictions": (("{entity_id}",),)},
    ],
    ids=[
        "no restriction",
        "empty",
        "another",
        "longer",
        "the ACS",
        "nobody",
        "two, one not us",
        "two, the other us",
    ],
)
def test_assertion_for_another_audience_is_refused(target: Target, changes: dict[str, Any]) -> None:
    """The twin names us among others in one restriction, which is how an audience may be shared."""
    target.refuses(
        lambda honest: changed(honest, changes),
        "audience_mismatch",
        twin=lambda honest: changed(honest, {"audiences": (OTHER, "{entity_id}")}),
    )


# --- In answer to what -------------------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-11")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"in_response_to": "_of-nobody"}, "in_response_to_mismatch"),
        ({"in_response_to": "{request}x"}, "in_response_to_mismatch"),
        ({"in_response_to": None}, "in_response_to_missing"),
        ({"in_response_to": ""}, "in_response_to_missing"),
        ({"response_in_response_to": "_of-nobody"}, "attempt_unknown"),
        ({"response_in_response_to": None}, "in_response_to_missing"),
        ({"response_in_response_to": None, "in_response_to": None}, "in_response_to_missing"),
        ({"response_in_response_to": None, "in_response_to": "_of-nobody"}, "in_response_to_missing"),
        ({"response_in_response_to": "_of-nobody", "in_response_to": "_of-nobody"}, "attempt_unknown"),
    ],
    ids=[
        "assertion: another",
        "assertion: longer",
        "assertion: none",
        "assertion: empty",
        "response: another",
        "response: none",
        "none at all",
        "response: none, assertion: another",
        "both: another",
    ],
)
def test_answer_to_another_request_is_refused(target: Target, changes: dict[str, Any], code: str) -> None:
    """RelayState names Max's attempt throughout, so that an answer without InResponseTo is one to it."""
    target.refuses(lambda honest: changed(honest, changes), code)


@pytest.mark.catalogue("SAML-11")
def test_assertion_of_one_request_does_not_answer_another(target: Target) -> None:
    """Both are Max's own and open. The response, which nobody signed, claims to answer the second."""
    first, second = target.begin(), target.begin()

    def claim_the_second(root: etree._Element) -> None:
        root.set("InResponseTo", second.request_id)

    target.assert_refused(
        first.honest.but(change_signed=claim_the_second), "in_response_to_mismatch", second.relay_state
    )
    target.assert_let_in(first.honest, first.relay_state)


@pytest.mark.catalogue("SAML-11")
def test_answer_to_somebody_elses_request_is_of_no_use_in_another_browser(target: Target) -> None:
    """Mallory, a member too, has the IdP answer Max's request, and brings the ticket into his own browser."""
    mallory = make_member(target.org)
    trip, browser = target.begin(), Client()
    browser.force_login(mallory.user)
    finish_url = target.post(trip.honest)["Location"]

    with nothing_written_but_refusal(target.org, "wrong_browser"):
        assert browser.get(finish_url).status_code == 400
    with nothing_written_but_refusal(target.org, "wrong_browser"):
        assert Client().get(finish_url).status_code == 400

    assert target.client.get(finish_url)["Location"] == target.page_path
    assert SSOSession.objects.get().user == target.max.user


# --- Confirmed by what, and by whom -------------------------------------------------------------------------------


@pytest.mark.catalogue("SAML-15")
@pytest.mark.parametrize(
    "method", [None, "", HOLDER_OF_KEY, SENDER_VOUCHES, "urn:oasis:names:tc:SAML:2.0:cm:Bearer"]
)
def test_subject_that_is_not_confirmed_by_bearer_is_refused(target: Target, method: str | None) -> None:
    target.refuses(
        lambda honest: honest.but(confirmation_method=method),
        "subject_confirmation_missing",
    )


@pytest.mark.catalogue("SAML-15")
def test_bearer_confirmation_without_its_data_is_refused(target: Target) -> None:
    def drop_data(root: etree._Element) -> None:
        find(root, CONFIRMATION).remove(find(root, f"{CONFIRMATION}/saml:SubjectConfirmationData"))

    target.refuses(before_signing(drop_data), "subject_confirmation_missing")


@pytest.mark.catalogue("SAML-16")
@pytest.mark.parametrize(
    "issuer", ["https://idp.acme.example/saml/metadata", ISSUER.upper(), f"{ISSUER}/", f" {ISSUER}", ""]
)
@pytest.mark.parametrize("field", ["issuer", "response_issuer"])
def test_other_issuer_is_refused_although_the_key_is_right(target: Target, field: str, issuer: str) -> None:
    target.refuses(lambda honest: honest.but(**{field: issuer}), "issuer_mismatch")


@pytest.mark.catalogue("SAML-16")
def test_assertion_without_an_issuer_is_refused(target: Target) -> None:
    """Its twin's response has none, which SAML allows."""
    target.refuses(
        lambda honest: honest.but(issuer=None),
        "response_malformed",
        twin=lambda honest: honest.but(response_issuer=None),
    )


# --- Of another organisation --------------------------------------------------------------------------------------


def make_acme(target: Target) -> Connection:
    """Acme trusts the very same IdP: issuer and key. Max is a member there too, and Acme's admin."""
    acme = make_org("acme", name="Acme")
    set_policy(acme, Enforcement.ENFORCED)
    make_member(acme, target.max.user, role=Role.ADMIN)
    revision = target.revision
    return make_connection(
        acme,
        SSOProtocol.SAML,
        issuer=revision.issuer,
        sso_url=revision.sso_url,
        certificates=revision.certificates,
    )


@pytest.mark.catalogue("SAML-18")
@pytest.mark.parametrize(
    ("kept", "code"),
    [
        ((), "connection_mismatch"),
        (("response_in_response_to",), "destination_mismatch"),
        (("response_in_response_to", "destination"), "recipient_mismatch"),
        (("response_in_response_to", "destination", "recipient"), "in_response_to_mismatch"),
        (("response_in_response_to", "destination", "recipient", "in_response_to"), "audience_mismatch"),
    ],
    ids=["as it is", "request", "and destination", "and recipient", "and the signed request"],
)
def test_assertion_for_one_organisation_is_refused_by_another(
    target: Target, kept: tuple[str, ...], code: str
) -> None:
    """Acme's assertion at Globex's ACS, made a little more like Globex's own each time; the audience never is."""
    acme, trip = make_acme(target), target.begin()
    sp = service_provider(acme.uid)
    target.client.get(start_url("acme"))
    of_acme = LoginAttempt.objects.get(connection=acme).request_id
    for_acme = {
        "response_in_response_to": of_acme,
        "destination": sp.acs_url,
        "recipient": sp.acs_url,
        "in_response_to": of_acme,
        "audiences": (sp.entity_id,),
    }
    changes = {name: value for name, value in for_acme.items() if name not in kept}

    target.assert_refused(trip.honest.but(**changes), code, trip.relay_state)
    target.assert_let_in(trip.honest, trip.relay_state)


@pytest.mark.catalogue("SAML-18")
def test_answer_at_the_acs_of_another_organisation_is_refused_there(target: Target) -> None:
    """Globex's own answer, delivered to Acme. Acme's admins read of it, and Globex's login goes on."""
    acme, trip = make_acme(target), target.begin()
    with nothing_written_but_refusal(acme.org, "connection_mismatch"):
        response = target.post(trip.honest, path=service_provider(acme.uid).acs_url)
    assert response.status_code == 400
    target.assert_let_in(trip.honest)


@pytest.mark.catalogue("SAML-18")
def test_ticket_of_one_organisation_is_refused_at_another(target: Target) -> None:
    acme, trip = make_acme(target), target.begin()
    finish_url = target.post(trip.honest)["Location"]
    at_acme = finish_url.replace(str(target.connection.uid), str(acme.uid))
    with nothing_written_but_refusal(acme.org, "connection_mismatch"):
        assert target.client.get(at_acme).status_code == 400

    assert target.client.get(finish_url)["Location"] == target.page_path
    assert SSOSession.objects.get().org == target.org


@pytest.mark.catalogue("SAML-18")
def test_no_acs_begins_like_another(target: Target) -> None:
    """So that no comparison by prefix, at any IdP, takes one for the other."""
    acme = make_acme(target)
    urls = [
        reverse(f"sso:{name}", kwargs={"connection_uid": connection.uid})
        for connection in (target.connection, acme)
        for name in ("saml_acs", "saml_metadata", "saml_finish")
    ]
    assert [(a, b) for a in urls for b in urls if a != b and a.startswith(b)] == []


# --- By another host ---------------------------------------------------------------------------------------------

HOSTS = ["localhost", "localhost:8000", "127.0.0.1"]


@pytest.mark.catalogue("SAML-34")
@pytest.mark.parametrize("host", HOSTS)
def test_response_for_the_host_that_was_asked_is_refused(target: Target, host: str) -> None:
    """A host that the portal answers to, but is not: the document is made for it, and is delivered there."""
    trip = target.begin()
    poisoned = (trip.honest.destination or "").replace("testserver", host)
    with nothing_written_but_refusal(target.org, "destination_mismatch"):
        response = target.post(trip.honest.but(destination=poisoned, recipient=poisoned), HTTP_HOST=host)
    assert response.status_code == 403

    finish = target.post(trip.honest, HTTP_HOST=host)
    assert finish["Location"].startswith("/")
    assert target.finish(finish)["Location"] == target.page_path


@pytest.mark.catalogue("SAML-34")
@pytest.mark.parametrize("host", HOSTS)
def test_request_to_the_idp_names_the_configured_host_whatever_was_asked(target: Target, host: str) -> None:
    target.client.get(start_url(target.org.slug), HTTP_HOST=host)
    metadata = Client().get(target.sp.entity_id, HTTP_HOST=host).content

    root = etree.fromstring(metadata)
    (acs,) = root.iter(tag("md:AssertionConsumerService"))
    assert (root.get("entityID"), acs.get("Location")) == (target.sp.entity_id, target.sp.acs_url)
    assert host.encode() not in metadata
    target.assert_let_in(target.begin().honest)


@pytest.mark.catalogue("SAML-34")
@pytest.mark.parametrize("header", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST"])
def test_host_that_is_not_ours_is_turned_away_or_ignored(target: Target, header: str) -> None:
    trip = target.begin()
    poisoned = (trip.honest.destination or "").replace("testserver", "evil.example")
    document = trip.honest.but(destination=poisoned, recipient=poisoned)
    if header == "HTTP_HOST":
        with nothing_written():
            assert target.post(document, HTTP_HOST="evil.example").status_code == 400
    else:
        with nothing_written_but_refusal(target.org, "destination_mismatch"):
            target.post(document, HTTP_X_FORWARDED_HOST="evil.example")
    target.assert_let_in(trip.honest)
