"""The SAML IdP: honest flows."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
import requests
from lxml import etree

from tests.demo_idp import (
    DemoIdP,
    IdPAnswer,
    IdPBrowser,
    IdPPageError,
    SamlResponseBuilder,
    Tenant,
    cancel_login,
    complete_login,
)
from tests.demo_idp import saml_names as names
from tests.demo_idp.keys import make_saml_key_pair
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_signing import sign_element, verify_root
from tests.demo_idp_tests.support import (
    ACME,
    ACS,
    SERVICE_PROVIDER,
    SP_ENTITY_ID,
    authn_request,
    document_of,
    post_form,
    redirect_url,
    saml_login,
    status_codes,
    values_of,
    verified_assertion,
)


def test_whole_saml_login_gives_a_signed_assertion(acme: Tenant) -> None:
    answer = saml_login(acme)
    assert answer.url == ACS
    assert answer.parameters["RelayState"] == "relay"
    root = etree.fromstring(document_of(answer))
    assert root.get("Destination") == ACS
    assert root.get("InResponseTo") == "_request1"

    assertion = verified_assertion(acme, answer)
    assert assertion.findtext(tag("saml:Issuer")) == acme.saml_entity_id
    name_id = assertion.find(".//saml:NameID", names.NAMESPACES)
    assert name_id is not None
    assert (name_id.text, name_id.get("Format")) == ("max", names.NAMEID_PERSISTENT)
    confirmation = assertion.find(".//saml:SubjectConfirmationData", names.NAMESPACES)
    assert confirmation is not None
    assert (confirmation.get("Recipient"), confirmation.get("InResponseTo")) == (ACS, "_request1")
    assert assertion.findtext(".//saml:Audience", namespaces=names.NAMESPACES) == SP_ENTITY_ID
    assert values_of(assertion, "email") == ["max@acme.example"]
    assert values_of(assertion, "groups") == ["engineering", "staff"]
    assert values_of(assertion, "realm_access.roles") == ["writer"]


def test_session_times_and_attribute_names_are_configurable(idp: DemoIdP) -> None:
    uri = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    config = replace(ACME, slug="entra", saml_session_seconds=3600, saml_attribute_names={"email": uri})
    tenant = idp.add_tenant(config)
    assertion = verified_assertion(tenant, saml_login(tenant))
    statement = assertion.find(tag("saml:AuthnStatement"))
    assert statement is not None
    assert statement.get("SessionIndex")
    assert statement.get("SessionNotOnOrAfter")
    assert values_of(assertion, uri) == ["max@acme.example"]


def test_redirect_request_must_be_signed_when_the_sp_has_a_certificate(acme: Tenant) -> None:
    pair = make_saml_key_pair()
    acme.add_service_provider(replace(SERVICE_PROVIDER, certificate=pair.certificate_pem))
    signed = redirect_url(acme, authn_request(acme), key=pair.private_key)
    verified_assertion(acme, complete_login(signed, "max"))
    for bad in (redirect_url(acme, authn_request(acme)), signed.replace("relay", "other")):
        with pytest.raises(IdPPageError, match="400"):
            complete_login(bad, "max")


def test_post_request_must_be_signed_when_the_sp_has_a_certificate(acme: Tenant) -> None:
    pair = make_saml_key_pair()
    acme.add_service_provider(replace(SERVICE_PROVIDER, certificate=pair.certificate_pem))
    signed = sign_element(authn_request(acme), pair)
    verified_assertion(acme, complete_login(acme.saml_sso_url, "max", form=post_form(signed)))
    signed.set("ForceAuthn", "true")
    for bad in (signed, authn_request(acme)):
        with pytest.raises(IdPPageError, match="400"):
            complete_login(acme.saml_sso_url, "max", form=post_form(bad))


def test_unregistered_acs_url_or_issuer_is_refused(acme: Tenant) -> None:
    with pytest.raises(IdPPageError, match="ACS URL"):
        saml_login(acme, AssertionConsumerServiceURL=f"{ACS}x")
    acme.service_providers.clear()
    with pytest.raises(IdPPageError, match="not registered"):
        saml_login(acme)


def test_is_passive_without_a_session_is_answered_with_no_passive(acme: Tenant) -> None:
    browser = IdPBrowser()
    silent = redirect_url(acme, authn_request(acme, IsPassive="true"))
    assert status_codes(browser.follow(silent)) == [names.RESPONDER, names.NO_PASSIVE]
    browser.complete_login(redirect_url(acme, authn_request(acme)), "max")
    assert status_codes(browser.follow(silent)) == [names.SUCCESS]
    with pytest.raises(IdPPageError):
        browser.follow(redirect_url(acme, authn_request(acme, ForceAuthn="true")))


def test_session_carries_over_a_cross_site_post(acme: Tenant) -> None:
    browser = IdPBrowser()
    browser.complete_login(redirect_url(acme, authn_request(acme)), "max")
    answer = browser.follow(acme.saml_sso_url, form=post_form(authn_request(acme)))
    assert status_codes(answer) == [names.SUCCESS]


def test_cancel_sends_request_denied(acme: Tenant) -> None:
    answer = cancel_login(redirect_url(acme, authn_request(acme)))
    assert status_codes(answer) == [names.RESPONDER, names.REQUEST_DENIED]


def test_launch_sends_an_unsolicited_response(acme: Tenant) -> None:
    answer = complete_login(f"{acme.url}/saml/launch?{urlencode({'sp': SP_ENTITY_ID})}", "max")
    root = etree.fromstring(document_of(answer))
    assert root.get("InResponseTo") is None
    assert "RelayState" not in answer.parameters


def test_metadata_lists_every_certificate_that_is_not_withdrawn(acme: Tenant) -> None:
    acme.rotate_saml_key()
    root = etree.fromstring(requests.get(acme.saml_entity_id, timeout=5).content)
    assert root.get("entityID") == acme.saml_entity_id
    certificates = [element.text for element in root.iter(tag("ds:X509Certificate"))]
    assert certificates == [pair.certificate_base64 for pair in acme.saml_key_pairs]
    verified_assertion(acme, saml_login(acme))


def test_response_builder_signs_both_and_lets_anything_be_overridden(acme: Tenant) -> None:
    response = SamlResponseBuilder.honest(
        issuer=acme.saml_entity_id,
        acs_url=ACS,
        audience=SP_ENTITY_ID,
        in_response_to="_r",
        name_id="max",
        signing_key=acme.saml_key_pair,
        now=datetime.now(UTC),
        sign_response=True,
    )
    document = response.xml()
    verify_root(document, acme.saml_certificate_pem)
    verified_assertion(acme, IdPAnswer(ACS, {"SAMLResponse": response.base64()}))
    bare = response.but(
        assertion_id=None, issuer=None, name_id=None, authn_instant=None, sign_assertion=False
    )
    assertion = etree.fromstring(bare.xml()).find(tag("saml:Assertion"))
    assert assertion is not None
    assert assertion.get("ID") is None
    assert [child.tag for child in assertion] == [tag("saml:Subject"), tag("saml:Conditions")]


def test_next_saml_response_changes_any_field(acme: Tenant) -> None:
    acme.next_saml_response(name_id="someone", attributes={})
    assertion = verified_assertion(acme, saml_login(acme))
    assert assertion.findtext(".//saml:NameID", namespaces=names.NAMESPACES) == "someone"
    assert assertion.find(tag("saml:AttributeStatement")) is None
