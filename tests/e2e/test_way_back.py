"""Single sign-on without losing one's place: a form that is being typed, and no mouse at all."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.demo.launcher import RunningDemo
from tests.demo.people import MAX, NINA, OLIVIA
from tests.e2e.looking import findings_on
from tests.e2e.visitor import NARROW, Visitor

pytestmark = pytest.mark.e2e

MAX_TABS = 60


def end_soon(demo: RunningDemo, *, email: str, minutes: int) -> None:
    """As if the person's SSO sessions had been opened long ago."""
    ends_at = (datetime.now(UTC) + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(" ")
    (database,) = demo.data_dir.rglob("*.sqlite3")
    with sqlite3.connect(database, timeout=20) as connection:
        connection.execute(
            "UPDATE sso_ssosession SET expires_at = ? WHERE user_id = "
            "(SELECT id FROM accounts_user WHERE email = ?)",
            (ends_at, email),
        )


def tab_to(page: Page, target: Locator) -> None:
    """By the Tab key alone; the focus must be seen when it gets there."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            break
    expect(target).to_be_focused()
    outline = target.evaluate("element => getComputedStyle(element).outlineStyle")
    assert outline != "none"


def test_the_page_before_a_first_login(visitor: Visitor) -> None:
    visitor.sign_in(NINA)  # a collaborator, whom nothing asks to authenticate
    visitor.open("/orgs/acme/sso/")
    expect(visitor.page.get_by_role("heading", name="Authenticate for Acme")).to_be_visible()
    assert findings_on(visitor.page) == []


def test_a_session_that_ends_soon_is_renewed_without_leaving_the_form(
    visitor: Visitor, demo: RunningDemo
) -> None:
    visitor.sign_in(MAX)
    visitor.open("/orgs/acme/new-page/")
    visitor.authenticate("Acme Login", MAX)
    end_soon(demo, email=MAX.emails[0], minutes=3)
    visitor.open("/orgs/acme/new-page/")
    visitor.page.get_by_label("Title").fill("Half a thought")
    notice = visitor.page.get_by_role("region", name="Single sign-on ends soon")
    assert findings_on(visitor.page) == []

    with visitor.context.expect_page() as opened:
        notice.get_by_role("link", name="Renew").click()
    expect(opened.value.get_by_role("heading", name="Renewed")).to_be_visible()
    assert findings_on(opened.value) == []

    expect(notice).to_have_count(0)
    expect(visitor.page.get_by_label("Title")).to_have_value("Half a thought")


def test_banner_and_settings_navigation_by_keyboard_alone(visitor: Visitor) -> None:
    visitor.sign_in(OLIVIA)
    page = visitor.page
    visitor.open("/")
    tab_to(page, visitor.banner.get_by_role("link", name="Authenticate with Acme Login"))
    page.keyboard.press("Enter")
    visitor.choose_at_idp(OLIVIA)
    expect(page.get_by_role("status").filter(has_text="You are authenticated")).to_be_visible()

    visitor.open("/orgs/acme/settings/sso/")
    tab_to(page, page.locator(".side-wide").get_by_role("link", name="Rules"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rules", level=1)).to_be_visible()

    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    summary = page.locator(".side-narrow > summary")
    expect(summary).to_contain_text("Rules")
    tab_to(page, summary)
    page.keyboard.press("Enter")
    tab_to(page, page.locator(".side-narrow").get_by_role("link", name="Audit log"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()
