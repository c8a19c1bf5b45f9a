"""Pages that no link leads to, because something must have happened first. Each is looked at as it stands."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.demo.launcher import RunningDemo
from tests.demo.people import BEN, HANA, INES, MAX, NINA, OLIVIA, TOM, ZOE
from tests.e2e.conftest import NewVisitor
from tests.e2e.looking import findings_on
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

NEW_PASSWORD = "another-open-sesame-43"


def look(visitor: Visitor, heading: str | None = None) -> None:
    """Nothing may be wrong with the page, once it shows this heading."""
    if heading:
        expect(visitor.page.get_by_role("heading", name=heading).first).to_be_visible()
    assert findings_on(visitor.page) == []


def path_in_mail(demo: RunningDemo, pattern: str) -> str:
    url = demo.wait_for(rf"{re.escape(demo.portal)}{pattern}").group()
    return urlsplit(url).path


def test_block_page_with_a_banner_of_several_organisations(visitor: Visitor) -> None:
    visitor.sign_in(MAX)
    look(visitor, "of your organisations")
    visitor.open("/orgs/acme/r/incident-runbook/")
    look(visitor, "Authenticate to enter Acme")
    visitor.main.get_by_role("link", name="Why was I blocked?").click()
    look(visitor, "Why was I blocked?")


@pytest.mark.parametrize("slug", ["incident-runbook", "fleet-telemetry", "status"])
def test_resources_of_each_kind(visitor: Visitor, slug: str) -> None:
    visitor.sign_in(NINA)
    visitor.open(f"/orgs/acme/r/{slug}/")
    look(visitor)


def test_search_shows_results_while_one_types(visitor: Visitor) -> None:
    visitor.sign_in(NINA)
    visitor.open("/search/")
    visitor.page.evaluate("document.body.dataset.loaded = 'once'")
    visitor.page.get_by_label("Words to look for").press_sequentially("runbook")
    expect(visitor.main.get_by_role("link", name="Incident runbook")).to_be_visible()
    expect(visitor.page.locator("#announcements")).to_contain_text("“runbook”")
    expect(visitor.page).to_have_url(re.compile(r"/search/\?q=runbook$"))
    assert visitor.page.evaluate("document.body.dataset.loaded") == "once", "the page was loaded anew"
    look(visitor, "Search")


def test_members_are_found_while_one_types(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    visitor.open("/orgs/hooli/members/")
    visitor.page.get_by_label("Name, e-mail or subject").press_sequentially("hana")
    expect(visitor.page.locator("#announcements")).to_contain_text("1 member for “hana”")
    look(visitor, "Members")


def test_members_are_changed_together_and_compared_with_whom_they_came_as(
    new_visitor: NewVisitor,
) -> None:
    olivia, max_, elsewhere = new_visitor(), new_visitor(), new_visitor()
    for person, account in ((max_, MAX), (olivia, OLIVIA)):
        person.sign_in(account)
        person.open("/orgs/acme/")
        person.authenticate("Acme Login", account)
    olivia.open("/orgs/acme/members/?q=max")
    olivia.main.get_by_label("Tick Max Meyer").check()
    olivia.main.get_by_role("button", name="Unlink").click()
    look(olivia, "Unlink their identities?")
    olivia.open("/orgs/acme/members/?q=max")
    olivia.main.get_by_role("link", name="Max Meyer").click()
    look(olivia, "Max Meyer")
    olivia.main.get_by_role("link", name="Unlink").click()
    look(olivia, "Unlink this identity?")

    elsewhere.sign_in(MAX)
    elsewhere.open("/orgs/acme/")
    elsewhere.authenticate_button("Acme Login").click()
    elsewhere.choose_at_idp(BEN)
    expect(elsewhere.main.locator(".reference code")).to_be_visible()
    olivia.open("/orgs/acme/members/?q=max")
    olivia.main.get_by_role("link", name="Max Meyer").click()
    olivia.main.get_by_role("link", name="Compare the identities").click()
    look(olivia, "Max Meyer came as another identity")


def test_typing_after_the_sso_session_ended_leads_to_the_block_page(visitor: Visitor) -> None:
    visitor.sign_in(OLIVIA)
    visitor.open("/orgs/acme/members/")
    visitor.authenticate("Acme Login", OLIVIA)
    end_this_browsers_session(visitor)

    visitor.page.get_by_label("Name, e-mail or subject").fill("max")

    look(visitor, "Authenticate to enter Acme")
    expect(visitor.page).to_have_url(re.compile(r"/orgs/acme/members/\?q=max$"))


def end_this_browsers_session(visitor: Visitor) -> None:
    """In another tab. Earlier tests may have left sessions of the same person in other browsers."""
    tab = visitor.new_tab()
    tab.goto("/accounts/sso-sessions/")
    session = tab.get_by_role("main").get_by_role("listitem").filter(has_text="This browser")
    session.get_by_role("button", name="End the session for Acme").click()
    expect(tab.get_by_text("The SSO session was ended.")).to_be_visible()
    expect(session).to_have_count(0)
    tab.close()


def test_message_after_a_login(visitor: Visitor) -> None:
    visitor.sign_in(MAX)
    visitor.open("/orgs/acme/")
    visitor.authenticate("Acme Login", MAX)
    look(visitor, "Overview")


def test_cancelled_login_for_the_member_and_for_the_admin(new_visitor: NewVisitor) -> None:
    member, admin = new_visitor(), new_visitor()
    member.sign_in(BEN)
    member.open("/orgs/acme/")
    member.authenticate_button("Acme Login").click()
    member.go_on_to_idp()
    member.page.get_by_role("button", name="Cancel").click()
    look(member, "You are not signed in to Acme")
    reference = member.main.locator("code").inner_text()
    member.main.get_by_role("link", name="Why was I refused?").click()
    look(member, "Why was I refused?")

    admin.sign_in(OLIVIA)
    admin.open("/orgs/acme/settings/sso/refusals/")
    admin.authenticate("Acme Login", OLIVIA)
    admin.main.get_by_role("link", name=reference).click()
    expect(admin.page).to_have_url(re.compile(rf"/refusals/{reference}/$"))
    look(admin)


def test_test_login_and_its_result(visitor: Visitor) -> None:
    visitor.sign_in(ZOE)
    visitor.open("/orgs/globex/settings/sso/")
    visitor.authenticate("Globex ID", ZOE)
    visitor.main.get_by_role("link", name="Globex ID").click()
    visitor.main.get_by_role("link", name=re.compile("^Test")).first.click()
    look(visitor, "The test passed")


def test_form_errors_stand_beside_their_fields(visitor: Visitor) -> None:
    visitor.open("/accounts/login/")
    visitor.page.get_by_label("E-mail address").fill(MAX.emails[0])
    visitor.page.get_by_label(re.compile("^Password")).fill("not the password")
    visitor.main.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.main.get_by_text("not correct")).to_be_visible()
    look(visitor)


def test_issuer_that_does_not_answer_is_waited_for_and_said_beside_the_field(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    visitor.open("/orgs/hooli/settings/sso/connections/new/auth0/")
    visitor.main.get_by_role("button", name="Continue").click()
    visitor.page.get_by_label(re.compile("^Client ID")).fill("hubsso")
    visitor.page.get_by_label(re.compile("^Client Secret(?! expires)")).fill("secret")
    visitor.page.get_by_label(re.compile("^Issuer URL")).fill("http://127.0.0.1:9/")
    visitor.page.evaluate(
        "document.addEventListener('submit', event => event.preventDefault(), {once: true})"
    )
    check = visitor.main.get_by_role("button", name="Check")
    check.click()
    expect(check).to_have_attribute("aria-busy", "true")
    expect(visitor.page.locator("#announcements")).to_have_text("One moment …")
    look(visitor)
    check.click()
    expect(visitor.page.get_by_label(re.compile("^Issuer URL"))).to_have_accessible_description(
        re.compile("does not accept connections on port 9")
    )
    look(visitor)


def test_search_with_something_hidden_and_without_finds(visitor: Visitor) -> None:
    visitor.sign_in(MAX)
    visitor.open("/search/?q=cover")
    look(visitor)
    visitor.open("/search/?q=nothingofthekind")
    look(visitor)


def test_join_link_and_recovery(visitor: Visitor) -> None:
    visitor.sign_in(TOM)
    visitor.open("/orgs/acme/join/")
    look(visitor, "Acme")
    visitor.open("/orgs/globex/sso/recovery/")
    look(visitor)


@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/orgs/initech/settings/", 403)])
def test_error_pages(visitor: Visitor, path: str, status: int) -> None:
    visitor.sign_in(MAX)
    answer = visitor.page.goto(path)
    assert answer is not None
    assert answer.status == status
    look(visitor)


def test_open_menus(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    for menu in visitor.page.locator("details.menu > summary").all():
        menu.click()
        look(visitor)


def test_signing_out_asks_first(visitor: Visitor) -> None:
    visitor.sign_in(INES)
    visitor.open("/accounts/logout/")
    look(visitor, "Sign out?")
    visitor.open("/accounts/reauthenticate/")
    look(visitor, "Confirm it is you")


def test_sign_up_and_confirmation_by_mail(visitor: Visitor, demo: RunningDemo) -> None:
    visitor.open("/accounts/signup/")
    visitor.page.get_by_label(re.compile("name", re.IGNORECASE)).first.fill("Pia Prins")
    visitor.page.get_by_label("E-mail address").fill("pia@newcomer.example")
    visitor.page.get_by_label(re.compile("^Password")).fill(NEW_PASSWORD)
    visitor.main.get_by_role("button", name="Create").click()
    expect(visitor.page).to_have_url(re.compile("/accounts/confirm-email/$"))
    look(visitor)
    visitor.open(path_in_mail(demo, r"/accounts/confirm-email/[-:\w]+/"))
    look(visitor)
    visitor.main.get_by_role("button", name="Confirm").click()
    expect(visitor.page).not_to_have_url(re.compile("confirm-email"))
    look(visitor)


def test_password_reset_by_mail(visitor: Visitor, demo: RunningDemo) -> None:
    visitor.open("/accounts/password/reset/")
    visitor.page.get_by_label("E-mail address").fill(INES.emails[0])
    visitor.main.get_by_role("button").first.click()
    expect(visitor.page).to_have_url(re.compile("/reset/done/$"))
    look(visitor)
    visitor.open(path_in_mail(demo, r"/accounts/password/reset/key/[-\w]+/"))
    look(visitor)
    visitor.open("/accounts/password/reset/key/done/")
    look(visitor)


def test_invitation_by_mail(new_visitor: NewVisitor, demo: RunningDemo) -> None:
    hana, zoe = new_visitor(), new_visitor()
    hana.sign_in(HANA)
    hana.open("/orgs/hooli/invitations/")
    hana.page.get_by_label("E-mail").first.fill(ZOE.emails[0])
    hana.main.get_by_role("button", name="Send invitation").click()
    expect(hana.main.get_by_role("heading", name="Open invitations")).to_be_visible()
    look(hana)
    zoe.sign_in(ZOE)
    zoe.open(path_in_mail(demo, r"/invitations/\S+/"))
    look(zoe)


def test_questions_of_a_key_rollover(visitor: Visitor) -> None:
    """The steps are tested in tests/sso/settings; here they are looked at, and only the first is taken."""
    visitor.sign_in(ZOE)
    visitor.open("/orgs/globex/settings/sso/")
    visitor.authenticate("Globex ID", ZOE)
    visitor.main.get_by_role("link", name="Globex ID").first.click()
    visitor.main.get_by_role("link", name="Certificates and keys").last.click()
    visitor.page.get_by_role("button", name="Add next key").click()
    look(visitor, "Our keys")
    switch_over = visitor.main.get_by_role("link", name="Switch over")
    remove_url = (switch_over.get_attribute("href") or "").replace("switch", "remove")
    switch_over.click()
    look(visitor, "Switch over to the next key?")
    visitor.open(remove_url)
    look(visitor, "Remove the old key?")
