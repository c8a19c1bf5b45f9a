"""Signing out at an IdP from here, and here from an IdP, in a real browser with two sites."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.demo.launcher import RunningDemo
from tests.demo.people import BEN, HANA, INES, MAX, TOM, Account
from tests.e2e.conftest import NewVisitor
from tests.e2e.looking import findings_on
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

SESSIONS = "/accounts/sso-sessions/"
SIGNED_OUT = "You are signed out of single sign-on"
POSTS_ITSELF = re.compile(r"/auto-submit[^/]*\.js$")


def authenticate(visitor: Visitor, account: Account, slug: str, *, by_form_of_idp: bool = False) -> None:
    """Sign in to the portal and, through the IdP, to the organisation."""
    visitor.sign_in(account)
    visitor.open(f"/orgs/{slug}/sso/")
    visitor.choose_at_idp(account)
    if by_form_of_idp:
        pass_on_form_of_idp(visitor)
    expect(visitor.page.get_by_role("status").filter(has_text="You are authenticated")).to_be_visible()


def pass_on_form_of_idp(visitor: Visitor) -> None:
    """Its page would send itself by script."""
    visitor.page.locator("#post-form button").click()


def press_sign_out(visitor: Visitor, idp_name: str) -> None:
    visitor.open(SESSIONS)
    visitor.main.get_by_role("button", name=f"Sign out at {idp_name} too").click()


def expect_signed_out(visitor: Visitor) -> None:
    expect(visitor.main.get_by_role("heading", name=SIGNED_OUT)).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(r"/sso/[-0-9a-f]+/signed-out/\?state="))
    expect(visitor.main.get_by_text("signed out there too")).to_be_visible()


def expect_no_session(visitor: Visitor) -> None:
    """Earlier tests may have left sessions of the same person in other browsers."""
    visitor.open(SESSIONS)
    expect(visitor.main.get_by_role("heading", name="My organisations' SSO").first).to_be_visible()
    expect(visitor.main.get_by_text("This browser")).to_have_count(0)


def test_member_signs_out_at_the_idp_too_and_comes_back(visitor: Visitor, demo: RunningDemo) -> None:
    authenticate(visitor, BEN, "acme")
    visitor.open(SESSIONS)
    assert findings_on(visitor.page) == []
    press_sign_out(visitor, "Acme Login")
    expect_signed_out(visitor)
    assert findings_on(visitor.page) == []
    expect_no_session(visitor)
    visitor.open(f"{demo.idp}/acme/")
    expect(visitor.page.get_by_text("Signed in here as")).to_have_count(0)


def test_page_on_the_way_to_the_idp(visitor: Visitor) -> None:
    def without_the_script(route: Route) -> None:
        route.fulfill(body="", content_type="text/javascript")

    authenticate(visitor, MAX, "acme")
    visitor.page.route(POSTS_ITSELF, without_the_script)
    press_sign_out(visitor, "Acme Login")
    expect(visitor.main.get_by_role("heading", name="Going to your identity provider")).to_be_visible()
    assert findings_on(visitor.page) == []
    visitor.main.get_by_role("button", name="Continue").click()
    expect_signed_out(visitor)


def test_without_javascript(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(has_javascript=False)
    authenticate(visitor, INES, "acme")
    press_sign_out(visitor, "Acme Login")
    visitor.main.get_by_role("button", name="Continue").click()
    expect_signed_out(visitor)
    expect_no_session(visitor)


def test_signing_out_at_the_idp_ends_the_session_here(visitor: Visitor, demo: RunningDemo) -> None:
    """The IdP's server tells the portal."""
    authenticate(visitor, BEN, "acme")
    visitor.open(f"{demo.idp}/acme/")
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_text("Signed in here as")).to_have_count(0)
    expect_no_session(visitor)


@pytest.mark.parametrize("has_javascript", [True, False])
def test_signing_out_at_an_idp_that_tells_in_frames(
    new_visitor: NewVisitor, demo: RunningDemo, has_javascript: bool
) -> None:
    """The portal lets the IdP frame that one address, and needs no cookie there."""
    visitor = new_visitor(has_javascript=has_javascript)
    authenticate(visitor, HANA, "initech")
    visitor.open(f"{demo.idp}/initech/")
    visitor.page.get_by_role("button", name="Sign out").click()
    if not has_javascript:
        frame = visitor.page.frame_locator("iframe")
        expect(frame.get_by_text("Signed out.")).to_be_visible()
        visitor.page.get_by_role("link", name="Continue").click()
    expect(visitor.page).to_have_url(f"{demo.idp}/initech/")
    expect_no_session(visitor)


# --- SAML: every message travels through the browser ---------------------------------------------------


@pytest.mark.parametrize("has_javascript", [True, False])
def test_member_signs_out_at_the_saml_idp_too_and_comes_back(
    new_visitor: NewVisitor, demo: RunningDemo, has_javascript: bool
) -> None:
    visitor = new_visitor(has_javascript=has_javascript)
    authenticate(visitor, TOM, "globex", by_form_of_idp=not has_javascript)
    press_sign_out(visitor, "Globex ID")
    if not has_javascript:
        pass_on_form_of_idp(visitor)
    expect_signed_out(visitor)
    expect_no_session(visitor)
    visitor.open(f"{demo.idp}/globex/")
    expect(visitor.page.get_by_text("Signed in here as")).to_have_count(0)


@pytest.mark.parametrize("has_javascript", [True, False])
def test_signing_out_at_the_saml_idp_ends_the_session_here(
    new_visitor: NewVisitor, demo: RunningDemo, has_javascript: bool
) -> None:
    """There and back by the browser, whose cookie of ours stays out of it."""
    visitor = new_visitor(has_javascript=has_javascript)
    authenticate(visitor, MAX, "globex", by_form_of_idp=not has_javascript)
    visitor.open(f"{demo.idp}/globex/")
    visitor.page.get_by_role("button", name="Sign out").click()
    if not has_javascript:
        pass_on_form_of_idp(visitor)
    expect(visitor.page.get_by_text("everywhere that it signed you in")).to_be_visible()
    expect_no_session(visitor)


def test_page_on_the_way_to_the_saml_idp(visitor: Visitor) -> None:
    def without_the_refresh(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(r'<meta http-equiv="refresh"[^>]*>', "", answer.text()))

    authenticate(visitor, TOM, "globex")
    visitor.page.route(re.compile("/sign-out/$"), without_the_refresh)
    press_sign_out(visitor, "Globex ID")
    expect(visitor.main.get_by_role("heading", name="Going to your identity provider")).to_be_visible()
    assert findings_on(visitor.page) == []
    visitor.main.get_by_role("link", name="Continue").click()
    expect_signed_out(visitor)


def test_saml_logout_that_is_refused(visitor: Visitor) -> None:
    authenticate(visitor, TOM, "globex")
    press_sign_out(visitor, "Globex ID")
    expect_signed_out(visitor)
    assert findings_on(visitor.page) == []
    address = visitor.page.url.partition("signed-out/")[0]
    visitor.open(f"{address}saml/slo/?SAMLRequest=nothing")
    expect(visitor.main.get_by_role("heading", name="The sign-out was not accepted")).to_be_visible()
    assert findings_on(visitor.page) == []
