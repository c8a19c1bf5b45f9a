"""Everything works without JavaScript: both logins, menus, and the theme of the system."""

import re

import pytest
from playwright.sync_api import expect

from tests.demo.people import HANA, MAX, OLIVIA, TOM
from tests.e2e.conftest import NewVisitor
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    return new_visitor(has_javascript=False)


def test_oidc_login(visitor: Visitor) -> None:
    visitor.sign_in(MAX)
    visitor.open("/orgs/acme/r/working-at-acme/")
    visitor.authenticate("Acme Login", MAX)
    expect(visitor.main.get_by_role("heading", name="How hiring goes")).to_be_visible()


def test_saml_login_by_the_buttons_of_the_forms(visitor: Visitor) -> None:
    visitor.sign_in(TOM)
    visitor.open("/orgs/globex/r/press-kit/")
    visitor.authenticate_button("Globex ID").click()
    visitor.choose_at_idp(TOM)
    visitor.page.locator("#post-form button").click()  # the IdP's page would send itself by script
    expect(visitor.main.get_by_role("heading", name="Boilerplate")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(r"/orgs/globex/r/press-kit/$"))


def test_menus_open_and_sign_out_works(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    visitor.sign_out()
    expect(visitor.page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()


def test_buttons_that_need_a_script_are_not_shown(visitor: Visitor) -> None:
    visitor.open("/accounts/login/")
    expect(visitor.page.get_by_role("button", name=re.compile("passkey"))).to_have_count(0)
    expect(visitor.page.locator("[data-theme-toggle]")).to_be_hidden()


def test_enforcing_and_recovering(visitor: Visitor, new_visitor: NewVisitor) -> None:
    """Ends as it began: Acme enforces, and Olivia has recovery codes."""
    visitor.sign_in(OLIVIA)
    visitor.open("/orgs/acme/settings/sso/recovery-codes/")
    visitor.authenticate("Acme Login", OLIVIA)
    visitor.main.get_by_role("link", name="Make new codes").click()
    visitor.main.get_by_role("button", name="Make new codes").click()
    code = visitor.page.locator("#new-codes").inner_text().split()[-1]
    visitor.main.get_by_role("checkbox", name=re.compile("^I have saved")).check()
    visitor.main.get_by_role("button", name="Done").click()
    expect(visitor.main.get_by_text("10 of 10 left")).to_be_visible()
    visitor.open("/orgs/acme/settings/sso/policy/")
    for step, button in (("Back to “Report only”", "Change to"), ("Go to “Enforced”", "Enforce single")):
        visitor.main.get_by_role("link", name=step).click()
        visitor.main.get_by_role("button", name=re.compile(f"^{button}")).click()
    expect(visitor.main.get_by_text("The rule is now “Enforced”")).to_be_visible()
    locked_out = new_visitor(has_javascript=False)
    locked_out.sign_in(OLIVIA)
    locked_out.open("/orgs/acme/settings/sso/")
    locked_out.main.get_by_role("link", name="Use a recovery code").click()
    locked_out.page.get_by_label("Recovery code").fill(code.lower())
    locked_out.main.get_by_role("button", name="Open the SSO settings").click()
    strip = locked_out.main.get_by_role("region", name="Recovery session")
    expect(strip).to_be_visible()
    strip.get_by_role("button", name="End it now").click()
    locked_out.open("/orgs/acme/settings/sso/")
    expect(locked_out.main.get_by_role("heading", name="Authenticate to enter Acme")).to_be_visible()
