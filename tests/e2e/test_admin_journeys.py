"""An admin sets SSO up, enforces it and comes back with a recovery code: by keyboard alone, and without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.demo.launcher import RunningDemo
from tests.demo.people import HANA
from tests.e2e.conftest import NewVisitor
from tests.e2e.hands import Hands, Keyboard, Pointer
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

Registered = dict[str, str]


@pytest.mark.parametrize(
    ("name", "new_hands", "has_javascript"),
    [("Keyboard Works", Keyboard, True), ("Scriptless Works", Pointer, False)],
    ids=["by keyboard alone", "without JavaScript"],
)
def test_set_up_enforce_and_recover(
    demo: RunningDemo,
    new_visitor: NewVisitor,
    name: str,
    new_hands: Callable[[], Hands],
    has_javascript: bool,
) -> None:
    admin = new_visitor(has_javascript=has_javascript)
    hands = new_hands()
    settings = open_settings_of_a_new_organisation(admin, hands, name)
    set_up(demo, admin, hands)
    codes = make_recovery_codes(admin, hands)
    enforce(admin, hands)

    elsewhere = new_visitor(has_javascript=has_javascript)
    recover(elsewhere, new_hands(), settings, codes[0])
    delete(elsewhere, new_hands(), name)


def open_settings_of_a_new_organisation(visitor: Visitor, hands: Hands, name: str) -> str:
    """The path of its SSO settings."""
    visitor.sign_in(HANA)
    hands.press(visitor.main.get_by_role("link", name="New organisation"))
    slug = name.lower().replace(" ", "-")
    hands.fill(visitor.page.get_by_label("Name"), name)
    hands.fill(visitor.page.get_by_label("Address"), slug)
    hands.press(visitor.main.get_by_role("button", name="Create organisation"))
    hands.press(visitor.page.get_by_role("link", name="Settings"))
    hands.press(settings_link(visitor, "Connections"))
    expect(visitor.page.get_by_role("heading", name="Single sign-on", exact=True)).to_be_visible()
    return f"/orgs/{slug}/settings/sso/"


def set_up(demo: RunningDemo, visitor: Visitor, hands: Hands) -> None:
    """Connect Hooli's demo IdP by OpenID Connect, with what the pages say, until members can authenticate."""
    page, main = visitor.page, visitor.main
    hands.press(page.get_by_role("link", name="Another identity provider"))
    hands.fill(page.get_by_label("Name"), "Hooli ID")
    hands.press(main.get_by_role("button", name="Continue"))
    expect(page).to_have_url(re.compile("/draft/$"))
    given = register_at_idp(visitor.new_tab(), demo, redirect_uri=value_to_copy(page, "Redirect URI"))
    hands.fill(page.get_by_label(re.compile("^Client ID")), given["Client ID"])
    hands.fill(page.get_by_label(re.compile("^Client Secret(?! expires)")), given["Client Secret"])
    hands.fill(page.get_by_label(re.compile("^Issuer URL")), given["Issuer URL"])
    hands.press(main.get_by_role("button", name="Check"))
    hands.press(main.get_by_role("button", name="Save draft"))
    hands.press(main.get_by_role("link", name=re.compile("^Test")).first)
    sign_in_at_idp(visitor, hands)
    expect(page.get_by_role("heading", name="The test passed")).to_be_visible()
    hands.press(main.get_by_role("button", name="Make live"))
    expect(main.get_by_text("Live: revision 1")).to_be_visible()


def value_to_copy(page: Page, label: str) -> str:
    return page.get_by_label(re.compile(f"^{label}")).input_value()


def register_at_idp(tab: Page, demo: RunningDemo, *, redirect_uri: str) -> Registered:
    """What the IdP's own console does: register an application, and show its values once."""
    tab.goto(f"{demo.idp}/hooli/")
    tab.get_by_text("Register an application by OpenID Connect").click()
    form = tab.locator("#register-oidc")
    form.get_by_label("Redirect URI (callback URL)").fill(redirect_uri)
    form.get_by_role("button", name="Register").click()
    names = tab.locator("#registered dt").all_inner_texts()
    values = tab.locator("#registered dd").all_inner_texts()
    tab.close()
    return dict(zip(names, values, strict=True))


def sign_in_at_idp(visitor: Visitor, hands: Hands) -> None:
    hands.press(visitor.page.locator(f"button[name=subject][value={HANA.key}]"))


def make_recovery_codes(visitor: Visitor, hands: Hands) -> list[str]:
    """Make them, say that they are saved, and return them."""
    main = visitor.main
    hands.press(settings_link(visitor, "Recovery codes"))
    hands.press(main.get_by_role("button", name="Make 10 codes"))
    expect(main.get_by_role("heading", name="Your new recovery codes")).to_be_visible()
    codes = re.findall(r"\b\w{4}(?:-\w{4}){4}\b", main.inner_text())
    hands.tick(main.get_by_label(re.compile("^I have saved these codes")))
    hands.press(main.get_by_role("button", name="Done"))
    expect(main.get_by_text("10 of 10 left")).to_be_visible()
    return codes


def enforce(visitor: Visitor, hands: Hands) -> None:
    """The rules say what is missing and lead there: a live SSO session, by the first login."""
    page, main = visitor.page, visitor.main
    hands.press(settings_link(visitor, "Rules"))
    hands.press(main.get_by_role("link", name="Go to “Enforced”"))
    hands.press(main.get_by_role("link", name="Authenticate now"))
    hands.press(main.get_by_role("link", name="Continue to"))
    # The IdP remembers who signed in there for the test, and asks nothing.
    hands.press(main.get_by_role("button", name="Enforce single sign-on"))
    expect(page).to_have_url(re.compile("/policy/$"))
    expect(main.locator("li", has_text="Members see nothing").get_by_text("Now", exact=True)).to_be_visible()


def recover(visitor: Visitor, hands: Hands, settings: str, code: str) -> None:
    """In another browser, as if the IdP were gone: the block page leads to the code's field, and the code in."""
    page, main = visitor.page, visitor.main
    visitor.sign_in(HANA)
    visitor.open(settings)
    hands.press(main.get_by_role("link", name=re.compile("recovery code")))
    hands.fill(page.get_by_label(re.compile("code")), code)
    hands.press(main.get_by_role("button", name=re.compile("Open")))
    expect(page).to_have_url(re.compile(f"{settings}$"))
    hands.press(settings_link(visitor, "Rules"))
    hands.press(main.get_by_role("link", name=re.compile("Back to “Optional”")))
    hands.press(main.get_by_role("button", name=re.compile("“Optional”")))
    expect(
        main.locator("li", has_text="Members may say “not now”").get_by_text("Now", exact=True)
    ).to_be_visible()


def delete(visitor: Visitor, hands: Hands, name: str) -> None:
    """Nothing of it may wait for Hana in other tests."""
    hands.press(settings_link(visitor, "Delete"))
    hands.fill(visitor.page.get_by_label(re.compile("to confirm")), name.lower().replace(" ", "-"))
    hands.press(visitor.main.get_by_role("button", name="Delete organisation"))
    expect(visitor.page).to_have_url(re.compile(r"//[^/]+/$"))


def settings_link(visitor: Visitor, name: str) -> Locator:
    return visitor.main.locator(".side-wide").get_by_role("link", name=name)
