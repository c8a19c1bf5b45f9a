"""An admin changes what is live: tests the draft, compares it, makes it live on trial, confirms it by signing in."""

import re

import pytest
from playwright.sync_api import expect

from tests.demo.people import OLIVIA
from tests.e2e.looking import findings_on
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e


def test_new_revision_is_tested_compared_and_confirmed_by_signing_in(visitor: Visitor) -> None:
    page, main = visitor.page, visitor.main
    visitor.sign_in(OLIVIA)
    visitor.open("/orgs/acme/settings/sso/")
    visitor.authenticate("Acme Login", OLIVIA)
    main.get_by_role("link", name="Acme Login").first.click()
    connection = page.url
    visitor.open(f"{connection}draft/")
    main.get_by_role("button", name="Check").click()
    main.get_by_role("button", name="Save draft").click()
    expect(main.get_by_role("button", name="Make live")).to_be_disabled()

    main.get_by_role("link", name="Test this draft").click()
    expect(main.get_by_role("heading", name="The test passed")).to_be_visible()
    main.get_by_text("passed all its").click()
    expect(main.get_by_text("It answers this sign-in and no other (nonce)")).to_be_visible()
    assert findings_on(page) == []

    visitor.open(connection)
    main.get_by_role("link", name="See what changes").click()
    expect(main.get_by_text("Nothing differs.")).to_be_visible()
    assert findings_on(page) == []

    page.on("dialog", lambda dialog: dialog.accept())
    main.get_by_label("on trial for").select_option(label="5 minutes")
    main.get_by_role("button", name="Make live").click()
    strip = page.get_by_role("region", name="Trial of Acme Login")
    expect(strip).to_contain_text(re.compile(r"Revision \d+ of Acme Login is on trial for another"))
    expect(main.get_by_role("heading", name="Authenticate to enter Acme")).to_be_visible()
    assert findings_on(page) == []

    main.get_by_role("link", name="Authenticate with Acme Login").click()
    expect(page.get_by_role("status").filter(has_text="is confirmed: it stays live.")).to_be_visible()
    expect(strip).to_have_count(0)
    assert findings_on(page) == []
