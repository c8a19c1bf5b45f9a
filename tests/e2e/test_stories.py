"""The stories that the demo tells, as people live them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.demo.people import HANA, MAX, NINA, OLIVIA, ZOE
from tests.e2e.conftest import NewVisitor
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

ACME_PUBLIC, ACME_PRIVATE = "/orgs/acme/r/working-at-acme/", "/orgs/acme/r/incident-runbook/"
GLOBEX_PUBLIC, GLOBEX_PRIVATE = "/orgs/globex/r/press-kit/", "/orgs/globex/r/plant-safety-rules/"


@pytest.mark.parametrize(
    ("org", "idp", "path", "words"),
    [
        ("Acme", "Acme Login", ACME_PUBLIC, "How hiring goes"),
        ("Globex", "Globex ID", GLOBEX_PUBLIC, "Boilerplate"),
    ],
    ids=["oidc", "saml"],
)
def test_member_is_stopped_at_what_others_may_read_and_authenticates(
    visitor: Visitor, org: str, idp: str, path: str, words: str
) -> None:
    visitor.sign_in(MAX)
    visitor.open(path)
    expect(visitor.main.get_by_role("heading", name=f"Authenticate to enter {org}")).to_be_visible()
    expect(visitor.page.get_by_text(words)).to_have_count(0)

    visitor.authenticate(idp, MAX)

    expect(visitor.main.get_by_role("heading", name=words)).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(rf"^http://localhost:\d+{re.escape(path)}$"))
    note = visitor.page.get_by_role("status").filter(has_text=f"You are authenticated for {org}")
    expect(note).to_contain_text(re.compile(r"until \d{1,2} \w+ \d{4}, \d\d:\d\d"))


@pytest.mark.parametrize("person", ["anonymous", "zoe"])
def test_outsider_reads_the_public_page_and_is_told_404_for_the_private(
    visitor: Visitor, person: str
) -> None:
    if person == "zoe":
        visitor.sign_in(ZOE)
    visitor.open(ACME_PUBLIC)
    expect(visitor.main.get_by_role("heading", name="How hiring goes")).to_be_visible()
    expect(visitor.page.get_by_role("link", name="Authenticate with Acme Login")).to_have_count(0)

    answer = visitor.page.goto(ACME_PRIVATE)

    assert answer is not None
    assert answer.status == 404
    expect(visitor.page.get_by_text("The first ten minutes")).to_have_count(0)


def test_external_collaborator_is_not_asked(visitor: Visitor) -> None:
    visitor.sign_in(NINA)
    visitor.open(ACME_PRIVATE)
    expect(visitor.main.get_by_role("heading", name="The first ten minutes")).to_be_visible()
    expect(visitor.banner).to_have_count(0)


def test_role_follows_the_mapping_and_is_locked_for_hands(new_visitor: NewVisitor) -> None:
    olivia, max_ = new_visitor(), new_visitor()
    olivia.sign_in(OLIVIA)
    olivia.open("/orgs/acme/settings/sso/")
    olivia.authenticate("Acme Login", OLIVIA)
    olivia.main.get_by_role("link", name="Acme Login").click()
    olivia.main.get_by_role("link", name="Role mapping").click()
    mapping = olivia.page.url
    give_role(olivia.page, "engineering", "Contributor")
    max_.sign_in(MAX)
    max_.open("/orgs/acme/")

    max_.authenticate("Acme Login", MAX)

    expect(max_.page.locator(".org-title .badge")).to_have_text("Contributor")
    olivia.open("/orgs/acme/members/")
    olivia.main.get_by_role("link", name="Max Meyer").click()
    control = olivia.main.get_by_label("Role of Max Meyer")
    expect(control).to_be_disabled()
    expect(control).to_have_value("Contributor")
    expect(control).to_have_accessible_description(re.compile("engineering"))
    olivia.open(mapping)
    give_role(olivia.page, "engineering", "Write")


def give_role(page: Page, value: str, role: str) -> None:
    """Change the row of this value on the role mapping's page, look at the preview, and save."""
    row = page.locator(".rule-row").filter(has=page.locator(f"input[value={value}]"))
    row.get_by_label("Role").select_option(label=role)
    page.get_by_role("button", name="Preview changes").click()
    page.get_by_role("button", name="Save mapping").click()
    expect(page.get_by_role("status").filter(has_text=re.compile("saved", re.IGNORECASE))).to_be_visible()


def test_optional_sso_offers_and_accepts_not_now(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    visitor.open("/orgs/initech/r/cover-sheets/")
    expect(visitor.main.get_by_role("heading", name="What goes on it")).to_be_visible()
    expect(visitor.banner).to_contain_text("Initech offers single sign-on with Initech Login.")

    visitor.banner.get_by_role("button", name="Not now").click()

    expect(visitor.page).to_have_url(re.compile(r"/orgs/initech/r/cover-sheets/$"))
    expect(visitor.banner).to_have_count(0)


def test_banner_leads_through_the_idp_and_back_to_the_page(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    visitor.open("/orgs/initech/r/about-initech/")
    visitor.banner.get_by_role("link", name="Authenticate with Initech Login").click()
    visitor.choose_at_idp(HANA)
    expect(visitor.page).to_have_url(re.compile(r"/orgs/initech/r/about-initech/$"))
    expect(visitor.banner).to_have_count(0)


def test_organisation_without_sso_asks_nothing(visitor: Visitor) -> None:
    visitor.sign_in(NINA)
    visitor.open("/orgs/hooli/r/roadmap/")
    expect(visitor.main.get_by_role("heading", name="Roadmap")).to_be_visible()
    expect(visitor.banner).to_have_count(0)


def test_portal_logout_ends_sso(visitor: Visitor) -> None:
    visitor.sign_in(ZOE)
    visitor.open(GLOBEX_PRIVATE)
    visitor.authenticate("Globex ID", ZOE)
    expect(visitor.main.get_by_role("heading", name="When the alarm sounds")).to_be_visible()

    visitor.sign_out()

    visitor.sign_in(ZOE)
    visitor.open(GLOBEX_PRIVATE)
    expect(visitor.main.get_by_role("heading", name="Authenticate to enter Globex")).to_be_visible()
