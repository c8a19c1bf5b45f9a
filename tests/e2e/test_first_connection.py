"""A first connection by somebody who follows the pages and knows no protocol; and one handed over by a link."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.demo.launcher import RunningDemo
from tests.demo.people import HANA
from tests.e2e.conftest import NewVisitor
from tests.e2e.hands import Hands, Pointer
from tests.e2e.looking import findings_on
from tests.e2e.test_admin_journeys import open_settings_of_a_new_organisation
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

MOST_TOUCHES = 20
# What Okta calls our values, by protocol; and what the demo's IdP calls them.
COPIED = {
    "oidc": {"Sign-in redirect URIs": "Redirect URI (callback URL)"},
    "saml": {"Single sign-on URL": "ACS URL", "Audience URI (SP Entity ID)": "Entity ID"},
}
# What the demo's IdP calls its values, and how our form begins to ask for them.
PASTED = {
    "oidc": {
        "Client ID": "Client ID",
        "Client Secret": "Client Secret(?! expires)",
        "Issuer URL": "Issuer URL",
    },
    "saml": {"Issuer (entity ID)": "Metadata URL"},  # the demo's metadata is at the entity ID
}
UNDERSTOOD = {"oidc": "/hooli/token", "saml": "RSA, 2048 bits"}


@pytest.mark.parametrize(("protocol", "label"), [("oidc", "OpenID Connect"), ("saml", "SAML 2.0")])
def test_first_connection_takes_few_touches(
    demo: RunningDemo, visitor: Visitor, protocol: str, label: str
) -> None:
    hands, main = Pointer(), visitor.main
    open_settings_of_a_new_organisation(visitor, Pointer(), f"First {protocol.upper()}")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])

    hands.press(main.get_by_role("link", name="Okta", exact=True))
    if not main.get_by_label(label).is_checked():
        hands.tick(main.get_by_label(label))
    hands.press(main.get_by_role("button", name="Continue"))
    expect(main.get_by_text("Admin Console › Applications")).to_be_visible()  # noqa: RUF001 - as it is shown
    given = register(visitor, hands, demo, protocol)
    for name, asked in PASTED[protocol].items():
        hands.fill(main.get_by_label(re.compile(f"^{asked}")), given[name])
    hands.press(main.get_by_role("button", name="Check"))
    expect(main.get_by_role("heading", name="This is what we understood")).to_be_visible()
    expect(main.get_by_text(UNDERSTOOD[protocol])).to_be_visible()
    assert findings_on(visitor.page) == []
    hands.press(main.get_by_role("button", name="Save draft"))
    hands.press(main.get_by_role("link", name=re.compile("^Test")).first)
    hands.press(visitor.page.locator(f"button[name=subject][value={HANA.key}]"))
    expect(main.get_by_role("heading", name="The test passed")).to_be_visible()
    hands.press(main.get_by_role("button", name="Make live"))
    expect(main.get_by_text("Live: revision 1")).to_be_visible()
    assert hands.touches < MOST_TOUCHES


def register(visitor: Visitor, hands: Hands, demo: RunningDemo, protocol: str) -> dict[str, str]:
    """Copy by the buttons, paste at the IdP, and read what it answers."""
    tab = visitor.new_tab()
    tab.goto(f"{demo.idp}/hooli/")
    form = tab.locator(f"#register-{protocol}")
    hands.press(
        tab.locator("summary").filter(has_text=re.compile("OpenID" if protocol == "oidc" else "SAML"))
    )
    for ours, theirs in COPIED[protocol].items():
        visitor.page.bring_to_front()
        hands.press(field_of(visitor.page, ours).get_by_role("button", name="Copy"))
        expect(visitor.page.locator("#announcements")).to_have_text("Copied to the clipboard")
        copied = visitor.page.evaluate("navigator.clipboard.readText()")
        tab.bring_to_front()
        hands.fill(form.get_by_label(theirs, exact=True), copied)
    hands.press(form.get_by_role("button", name="Register"))
    expect(tab.locator("#registered")).to_be_visible()
    tab.wait_for_load_state()  # until the last of the values is there
    names = tab.locator("#registered dt").all_inner_texts()
    values = tab.locator("#registered dd").all_inner_texts()
    tab.close()
    return dict(zip(names, values, strict=True))


def field_of(page: Page, label: str) -> Locator:
    return page.locator(".copy-field").filter(has=page.get_by_label(label, exact=True))


def test_colleague_without_an_account_enters_the_values(
    demo: RunningDemo, visitor: Visitor, new_visitor: NewVisitor
) -> None:
    main = visitor.main
    settings = open_settings_of_a_new_organisation(visitor, Pointer(), "Handed Over")
    main.get_by_role("link", name="Keycloak").click()
    main.get_by_role("button", name="Continue").click()
    main.get_by_role("link", name="Hand over to a colleague").click()
    main.get_by_label(re.compile("^Who it is for")).fill("Ida of the IT company")
    main.get_by_role("button", name="Make a link").click()
    link = main.get_by_label("Hand-over link").input_value()
    assert findings_on(visitor.page) == []

    ida = new_visitor()
    ida.page.goto(link)
    expect(ida.main.get_by_role("heading", name="Set up single sign-on for Handed Over")).to_be_visible()
    assert findings_on(ida.page) == []
    ida.main.get_by_label(re.compile("^Client ID")).fill("hubsso")
    ida.main.get_by_label(re.compile("^Client Secret(?! expires)")).fill("secret")
    ida.main.get_by_label(re.compile("^Issuer URL")).fill(f"{demo.idp}/hooli/")
    ida.main.get_by_role("button", name="Check").click()
    ida.main.get_by_role("button", name=f"Use {demo.idp}/hooli", exact=True).click()
    ida.main.get_by_role("button", name="Save draft").click()
    expect(
        ida.main.get_by_text("Draft 1 is saved, and the admins of Handed Over have been told.")
    ).to_be_visible()

    visitor.open(settings)
    expect(main.get_by_text("hand-over link for Ida of the IT company")).to_be_visible()
    main.get_by_role("link", name="Keycloak").click()
    main.get_by_role("link", name="Edit").first.click()
    main.get_by_role("link", name="Hand over to a colleague").click()
    main.get_by_role("button", name="Withdraw").click()
    ida.page.reload()
    expect(ida.main.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
    assert findings_on(ida.page) == []
