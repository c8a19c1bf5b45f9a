"""Whole logins over HTTP against the demo IdP, whose signatures are made by a library that we do not verify with."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sso.browser import _SESSION_KEY as BROWSER_SESSION_KEY
from sso.key_pairs import ensure_key_pair
from sso.login import begin_login, new_attempt
from sso.models import CertificateUse, Revision, RevisionTest, SSOSession
from sso.saml.certificates import read_pem
from sso.types import Purpose, SessionLimit
from sso.viewer import start_url
from tests.builders import make_connection, make_revision
from tests.demo_idp import IdPBrowser, IdPPageError, SAMLFault, cancel_login
from tests.demo_idp.browser import FORM
from tests.demo_idp.keys import KeyStore
from tests.sso.saml.conftest import GlobexLogin, register_sp, way_to_idp
from tests.sso.whole_login import change_revision

BINDINGS = [Revision.Binding.REDIRECT, Revision.Binding.POST]


@pytest.mark.parametrize("binding", BINDINGS)
def test_member_who_signs_in_at_the_idp_lands_on_the_page_asked_for(
    globex: GlobexLogin, binding: Revision.Binding
) -> None:
    change_revision(globex, sso_binding=binding)
    assert not globex.can_read()

    response = globex.sign_in()

    assert response.status_code == 302
    assert response["Location"] == globex.page_path
    assert globex.can_read()


@pytest.mark.parametrize("sso_url", ["https://idp.example?;style-src", "https://idp.example/;style-src"])
def test_page_that_posts_to_the_idp_lets_its_form_go_to_the_idps_origin_only(
    globex: GlobexLogin, sso_url: str
) -> None:
    """What an admin wrote after the host must not become a rule of the page's security policy."""
    change_revision(globex, sso_binding=Revision.Binding.POST, sso_url=sso_url)

    rules = globex.start()["Content-Security-Policy"].split("; ")

    assert [rule for rule in rules if "idp.example" in rule] == ["form-action 'self' https://idp.example"]
    assert [rule for rule in rules if rule.startswith("style-src")] == ["style-src 'self'"]


@pytest.mark.parametrize("binding", BINDINGS)
def test_idp_that_wants_signed_requests_gets_them(globex: GlobexLogin, binding: Revision.Binding) -> None:
    pair = ensure_key_pair(globex.connection, now=timezone.now())
    register_sp(globex.tenant, globex.connection, certificate=pair.certificate)
    change_revision(globex, sso_binding=binding)
    with pytest.raises(IdPPageError):
        globex.go_to_idp()

    change_revision(globex, sign_requests=True)

    assert globex.sign_in()["Location"] == globex.page_path
    assert globex.can_read()


def test_requests_that_are_to_be_signed_without_a_key_pair_are_refused(globex: GlobexLogin) -> None:
    change_revision(globex, sign_requests=True)

    assert globex.start().status_code == 500
    assert globex.refusals() == ["configuration_unreadable"]


def test_identity_and_session_say_what_the_idp_said(globex: GlobexLogin) -> None:
    globex.sign_in()

    session = SSOSession.objects.get()
    assert session.identity.subject == "max"
    assert session.identity.issuer == globex.tenant.saml_entity_id
    assert session.identity.email == "max@globex.example"
    assert session.idp_session_id


def test_idps_session_length_ends_the_sso_session(globex: GlobexLogin) -> None:
    globex.tenant.next_saml_response(session_not_on_or_after=timezone.now() + timedelta(hours=2))
    globex.sign_in()

    session = SSOSession.objects.get()
    assert session.limit == SessionLimit.SAML_SESSION_NOT_ON_OR_AFTER
    assert timedelta(hours=1, minutes=59) < session.expires_at - timezone.now() <= timedelta(hours=2)


def test_either_of_two_certificates_may_have_signed(globex: GlobexLogin) -> None:
    old = globex.tenant.saml_certificate_pem
    new = globex.tenant.rotate_saml_key().certificate_pem
    change_revision(globex, certificates=[old, new])

    globex.sign_in()

    assert globex.can_read()


def test_new_key_of_the_idp_is_refused_until_its_certificate_is_known(globex: GlobexLogin) -> None:
    globex.tenant.rotate_saml_key()
    assert globex.sign_in().status_code == 403
    assert globex.refusals() == ["signature_invalid"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (SAMLFault.WRONG_ISSUER, "issuer_mismatch"),
        (SAMLFault.WRONG_AUDIENCE, "audience_mismatch"),
        (SAMLFault.NO_AUDIENCE, "audience_mismatch"),
        (SAMLFault.WRONG_RECIPIENT, "recipient_mismatch"),
        (SAMLFault.WRONG_DESTINATION, "destination_mismatch"),
        (SAMLFault.DESTINATION_PREFIX, "destination_mismatch"),
        (SAMLFault.NO_IN_RESPONSE_TO, "in_response_to_missing"),
        (SAMLFault.OTHER_IN_RESPONSE_TO, "attempt_unknown"),
        (SAMLFault.EXPIRED, "assertion_expired"),
        (SAMLFault.NOT_YET_VALID, "assertion_not_yet_valid"),
        (SAMLFault.NO_EXPIRY, "validity_missing"),
        (SAMLFault.UNSIGNED, "signature_missing"),
        (SAMLFault.RESPONSE_SIGNED_ONLY, "signature_missing"),
        (SAMLFault.WRONG_KEY, "signature_invalid"),
        (SAMLFault.TAMPERED_AFTER_SIGNING, "signature_invalid"),
    ],
)
def test_wrong_answer_is_refused_and_opens_nothing(globex: GlobexLogin, fault: SAMLFault, code: str) -> None:
    globex.tenant.next_fault(fault)

    response = globex.sign_in()

    assert response.status_code in (400, 403)
    assert globex.refusals() == [code]
    globex.assert_nothing_was_opened()
    assert not globex.can_read()


def test_assertion_of_an_earlier_login_is_refused(globex: GlobexLogin) -> None:
    globex.sign_in()
    globex.tenant.next_fault(SAMLFault.REPLAY)

    assert globex.sign_in().status_code == 400
    assert globex.refusals() == ["attempt_used"]


def test_person_without_an_email_is_let_in_where_no_domains_are_matched(globex: GlobexLogin) -> None:
    globex.tenant.next_fault(SAMLFault.NO_EMAIL)
    globex.sign_in()
    assert globex.can_read()


@pytest.mark.parametrize(
    ("fault", "code"),
    [(SAMLFault.NO_EMAIL, "email_missing"), (SAMLFault.TWO_EMAILS, "email_ambiguous")],
)
def test_email_rule_wants_exactly_one_address(globex: GlobexLogin, fault: SAMLFault, code: str) -> None:
    globex.connection.email_domains = ["globex.example"]
    globex.connection.save()
    globex.tenant.next_fault(fault)

    assert globex.sign_in().status_code == 403
    assert globex.refusals() == [code]
    globex.assert_nothing_was_opened()


def test_login_that_was_cancelled_at_the_idp_says_so(globex: GlobexLogin) -> None:
    url, form = way_to_idp(globex.start())
    response = globex.post(cancel_login(url, form=form))

    assert response.status_code == 403
    assert "did not finish signing in" in response.content.decode()
    assert globex.refusals() == ["login_cancelled"]
    globex.assert_nothing_was_opened()


def test_cancelled_login_can_still_be_finished_after_the_back_button(globex: GlobexLogin) -> None:
    url, form = way_to_idp(globex.start())
    globex.post(cancel_login(url, form=form))

    answer = IdPBrowser().complete_login(url, "max", form=form)
    globex.finish(globex.post(answer))

    assert globex.can_read()


def test_back_button_after_a_login_posts_the_response_again(globex: GlobexLogin) -> None:
    answer = globex.go_to_idp()
    globex.finish(globex.post(answer))

    response = globex.post(answer)

    assert response.status_code == 400
    assert "already completed" in response.content.decode()
    assert globex.refusals() == ["attempt_used"]
    assert SSOSession.objects.count() == 1
    assert globex.can_read()


def test_silent_login_without_a_session_at_the_idp_goes_back_without_a_refusal(globex: GlobexLogin) -> None:
    url, form = way_to_idp(globex.start(silent=True))
    response = globex.post(IdPBrowser().follow(url, form=form))

    assert response.status_code == 302
    assert response["Location"] == globex.page_path
    assert globex.refusals() == []
    globex.assert_nothing_was_opened()


def test_silent_login_with_a_session_at_the_idp_is_let_in(globex: GlobexLogin) -> None:
    browser = IdPBrowser()
    globex.go_to_idp(browser=browser)

    url, form = way_to_idp(globex.start(silent=True))
    globex.finish(globex.post(browser.follow(url, form=form)))

    assert globex.can_read()


@pytest.mark.catalogue("WEB-LOGIN-CSRF", "WEB-FOREIGN-PEOPLE")
def test_login_that_the_idp_began_starts_a_login_of_our_own(globex: GlobexLogin) -> None:
    acs = reverse("sso:saml_metadata", kwargs={"connection_uid": globex.connection.uid})
    entity_id = "http://testserver" + acs
    answer = IdPBrowser().complete_login(f"{globex.tenant.url}/saml/launch?sp={entity_id}", "max")

    response = globex.post(answer)

    assert response.status_code == 303
    assert response["Location"] == start_url(globex.org.slug)
    globex.assert_nothing_was_opened()


def test_answer_to_us_without_in_response_to_is_refused_and_starts_no_circle(globex: GlobexLogin) -> None:
    globex.tenant.next_fault(SAMLFault.NO_IN_RESPONSE_TO)
    response = globex.post(globex.go_to_idp())

    assert response.status_code == 403
    assert globex.refusals() == ["in_response_to_missing"]


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=utf-8"])
def test_form_of_a_browser_is_read(globex: GlobexLogin, content_type: str) -> None:
    answer = globex.go_to_idp()
    response = Client().generic("POST", answer.url, urlencode(answer.parameters), content_type)
    assert response.status_code == 303


def test_acs_takes_no_get(globex: GlobexLogin) -> None:
    acs = reverse("sso:saml_acs", kwargs={"connection_uid": globex.connection.uid})
    assert globex.client.get(acs).status_code == 405


def test_oidc_connection_has_no_saml_addresses(globex: GlobexLogin) -> None:
    oidc = make_connection(globex.org)
    for name in ("saml_acs", "saml_finish", "saml_metadata"):
        url = reverse(f"sso:{name}", kwargs={"connection_uid": oidc.uid})
        assert (Client().post(url) if name == "saml_acs" else Client().get(url)).status_code == 404


def test_draft_is_tested_by_a_real_login_that_opens_nothing(globex: GlobexLogin) -> None:
    draft = make_revision(
        globex.connection,
        status=Revision.Status.DRAFT,
        issuer=globex.tenant.saml_entity_id,
        sso_url=globex.tenant.saml_sso_url,
        certificates=[globex.tenant.rotate_saml_key().certificate_pem],
    )
    attempt = new_attempt(
        connection=globex.connection,
        revision=draft,
        user=globex.max.user,
        browser_session=globex.client.session[BROWSER_SESSION_KEY],
        purpose=Purpose.TEST,
        next_path="",
        now=timezone.now(),
    )
    request = begin_login(attempt)

    response = globex.finish(globex.post(IdPBrowser().complete_login(request.url, "max")))

    test = RevisionTest.objects.get()
    assert test.passed
    assert response["Location"].endswith(f"/tests/{test.pk}/")
    globex.assert_nothing_was_opened()


def test_the_certificate_that_verified_a_login_is_noted_among_those_that_are_trusted(
    globex: GlobexLogin,
) -> None:
    another = KeyStore().saml_key_pair("another one that is trusted").certificate_pem
    signs = globex.tenant.saml_certificate_pem
    change_revision(globex, certificates=[another, signs])

    globex.tenant.next_saml_response(audiences=("https://somebody.else.example/",))
    assert globex.sign_in().status_code == 403
    assert not CertificateUse.objects.exists()

    globex.sign_in()
    used = CertificateUse.objects.get()
    assert used.fingerprint == read_pem(signs).fingerprint_sha256
    assert timezone.now() - used.last_used_at < timedelta(minutes=1)
