"""Logout that begins here: the session ends at once, the browser asks the IdP, and its answer changes only words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import html

from sso.models import LogoutAttempt, RefusalTrace, Revision, SSOSession
from tests.builders import give_key_pair
from tests.demo_idp.browser import IdPAnswer, IdPBrowser, IdPPageError
from tests.demo_idp.saml_names import RESPONDER
from tests.sso.saml.conftest import GlobexLogin, register_sp
from tests.sso.saml.encrypting import OUR_KEY, OUR_NEXT_KEY
from tests.sso.whole_login import change_revision

PARTIAL = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
THERE_TOO = "signed out there too"


@dataclass
class SignOut:
    """Max is signed in at Globex and its IdP, in one browser, and signs out of both."""

    globex: GlobexLogin
    browser: IdPBrowser

    def press(self) -> Any:
        session = SSOSession.objects.get()
        return self.globex.client.post(reverse("sso:sign_out", args=[session.pk]))

    def at_idp(self, response: Any) -> IdPAnswer:
        """Follow the page to the IdP, by its form or its link, and come back with the IdP's answer."""
        page: Any = html.fromstring(response.content)
        forms = [form for form in page.forms if "SAMLRequest" in form.fields]
        if forms:
            return self.browser.follow(forms[0].action, form=dict(forms[0].fields))
        (link,) = page.xpath("//main//a[contains(@href, 'SAMLRequest')]/@href")
        return self.browser.follow(link)

    def come_back(self, answer: IdPAnswer) -> Any:
        """The IdP's POST carries no cookie of ours; the page that follows does."""
        return answer.deliver(Client())

    def page_after(self, response: Any) -> str:
        assert response.status_code == 303
        return str(self.globex.client.get(response["Location"]).content.decode())


@pytest.fixture
def sign_out(globex: GlobexLogin) -> SignOut:
    give_key_pair(globex.connection, OUR_KEY)
    change_revision(globex, slo_url=globex.tenant.saml_slo_url)
    register_sp(globex.tenant, globex.connection, certificate=OUR_KEY.certificate_pem)
    change_revision(globex, sign_requests=True)
    browser = IdPBrowser()
    globex.finish(globex.post(globex.go_to_idp(browser=browser)))
    assert globex.can_read()
    return SignOut(globex, browser)


def their_binding(sign_out: SignOut, binding: str) -> None:
    """The IdP answers by it."""
    tenant = sign_out.globex.tenant
    (known,) = tenant.service_providers.values()
    register_sp(tenant, sign_out.globex.connection, certificate=known.certificate, slo_binding=binding)


@pytest.mark.parametrize("ours", Revision.Binding.values)
@pytest.mark.parametrize("theirs", ["post", "redirect"])
def test_signing_out_ends_both_sessions(sign_out: SignOut, ours: str, theirs: str) -> None:
    change_revision(sign_out.globex, slo_binding=ours)
    their_binding(sign_out, theirs)

    response = sign_out.press()
    assert not SSOSession.objects.exists()
    assert not sign_out.globex.can_read()

    answer = sign_out.at_idp(response)
    assert not sign_out.globex.tenant.sessions
    assert THERE_TOO in sign_out.page_after(sign_out.come_back(answer))
    assert LogoutAttempt.objects.get().answered_at is not None


def test_the_button_is_there_only_where_the_idp_has_the_address(sign_out: SignOut) -> None:
    def page() -> str:
        return str(sign_out.globex.client.get(reverse("sso:my_sessions")).content.decode())

    assert "Sign out at" in page()
    change_revision(sign_out.globex, slo_url="")
    assert "Sign out at" not in page()


def test_an_idp_without_the_address_is_not_asked_and_the_session_is_over(sign_out: SignOut) -> None:
    change_revision(sign_out.globex, slo_url="")
    response = sign_out.press()
    assert response["Location"] == reverse("sso:my_sessions")
    assert not SSOSession.objects.exists()
    assert not LogoutAttempt.objects.exists()


def test_without_a_key_the_idp_is_not_asked_and_the_session_is_over(sign_out: SignOut) -> None:
    sign_out.globex.connection.key_pairs.all().delete()
    response = sign_out.press()
    assert response["Location"] == reverse("sso:my_sessions")
    assert not SSOSession.objects.exists()


def test_the_idp_takes_no_request_signed_by_another_key(sign_out: SignOut) -> None:
    """What shows that it is signed at all."""
    sign_out.globex.connection.key_pairs.all().delete()
    give_key_pair(sign_out.globex.connection, OUR_NEXT_KEY)
    with pytest.raises(IdPPageError, match="not signed"):
        sign_out.at_idp(sign_out.press())


@pytest.mark.parametrize("status", [RESPONDER, PARTIAL])
def test_an_idp_that_could_not_is_not_believed_to_have_done_it(sign_out: SignOut, status: str) -> None:
    sign_out.globex.tenant.next_saml_logout(status=status)
    answer = sign_out.at_idp(sign_out.press())
    assert THERE_TOO not in sign_out.page_after(sign_out.come_back(answer))
    assert not SSOSession.objects.exists()


def test_another_browser_is_told_nothing(sign_out: SignOut) -> None:
    response = sign_out.come_back(sign_out.at_idp(sign_out.press()))
    assert THERE_TOO not in Client().get(response["Location"]).content.decode()


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("logout_unsigned", {"signing_key": None}),
    ("issuer_mismatch", {"issuer": "https://other.example"}),
    ("destination_mismatch", {"destination": "https://other.example/slo"}),
    ("logout_answer_unknown", {"in_response_to": "_nobody-asked"}),
    ("logout_answer_unknown", {"in_response_to": None}),
    ("logout_not_timely", {"issued_at": timezone.now() - timedelta(minutes=7)}),
    ("logout_malformed", {"change": lambda root: root.remove(root[-1])}),
]


@pytest.mark.parametrize(("code", "changes"), WRONG)
def test_a_wrong_answer_is_refused_and_the_session_stays_over(
    sign_out: SignOut, code: str, changes: dict[str, Any]
) -> None:
    sign_out.globex.tenant.next_saml_logout(**changes)
    response = sign_out.come_back(sign_out.at_idp(sign_out.press()))
    assert response.status_code == 400
    assert RefusalTrace.objects.get().code == code
    assert not SSOSession.objects.exists()
    assert LogoutAttempt.objects.get().answered_at is None


def test_an_answer_after_its_time_is_unknown(sign_out: SignOut) -> None:
    answer = sign_out.at_idp(sign_out.press())
    LogoutAttempt.objects.update(expires_at=timezone.now())
    assert sign_out.come_back(answer).status_code == 400


def test_signing_out_at_the_idp_ends_the_session_here(sign_out: SignOut) -> None:
    """The whole way round: the IdP's page, our address, its answer."""
    tenant = sign_out.globex.tenant
    asked = sign_out.browser.follow(f"{tenant.url}/logout", form={})
    response = sign_out.come_back(asked)
    assert not SSOSession.objects.exists()
    back = way_back(response)
    url, form = back
    with pytest.raises(IdPPageError, match="no way on"):
        sign_out.browser.follow(url, form=form)
    assert not tenant.pending_logouts


def way_back(response: Any) -> tuple[str, Any]:
    """Where our answer leads: by redirect, or by the form of a page."""
    if response.status_code == 302:
        return response["Location"], None
    page: Any = html.fromstring(response.content)
    (form,) = [form for form in page.forms if "SAMLResponse" in form.fields]
    return form.action, dict(form.fields)
