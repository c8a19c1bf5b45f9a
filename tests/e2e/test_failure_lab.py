"""The failure lab as people use it: a member picks what goes wrong, an admin reads why by the reference."""

import re

import pytest
from playwright.sync_api import expect

from tests.demo.people import INES, OLIVIA, TOM, ZOE, Account
from tests.e2e.conftest import NewVisitor
from tests.e2e.test_moments import look
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

# What is picked, what the member reads, what the admin reads.
BY_OIDC = (
    ("Wrong audience", "answer can't be trusted", "audience_mismatch"),
    ("Another issuer in the answer", "came from another identity provider", "issuer_parameter_mismatch"),
    ("Token endpoint fails", "can't be reached just now", "idp_unreachable"),
)
BY_SAML = (
    ("Unsigned", "answer can't be trusted", "signature_missing"),
    ("Clock an hour behind", "clocks may be wrong", "assertion_expired"),
    ("Almost our destination", "answer can't be trusted", "destination_mismatch"),
)


@pytest.mark.parametrize(
    ("org", "idp_name", "member", "admin", "picked"),
    [("acme", "Acme Login", INES, OLIVIA, BY_OIDC), ("globex", "Globex ID", TOM, ZOE, BY_SAML)],
    ids=["oidc", "saml"],
)
def test_member_picks_a_fault_and_the_admin_finds_its_code(
    new_visitor: NewVisitor,
    org: str,
    idp_name: str,
    member: Account,
    admin: Account,
    picked: tuple[tuple[str, str, str], ...],
) -> None:
    visitor, reader = new_visitor(), new_visitor()
    visitor.sign_in(member)
    visitor.open(f"/orgs/{org}/")
    visitor.authenticate_button(idp_name).click()
    codes = {}
    for name, told, code in picked:
        visitor.go_on_to_idp()
        pick(visitor, name)
        visitor.choose_at_idp(member)
        look(visitor, "You are not signed in to")
        expect(visitor.main).to_contain_text(told)
        codes[visitor.main.locator(".reference code").inner_text()] = code
        visitor.main.get_by_role("link", name="Try again").click()
    visitor.choose_at_idp(member)  # the lab is there again, and nothing is picked
    expect(visitor.page.get_by_role("status").filter(has_text="You are authenticated")).to_be_visible()

    assert len(codes) == len(picked)
    reader.sign_in(admin)
    reader.open(f"/orgs/{org}/settings/sso/refusals/")
    reader.authenticate(idp_name, admin)
    for reference, code in codes.items():
        reader.open(f"/orgs/{org}/settings/sso/refusals/{reference}/")
        expect(reader.main).to_contain_text(code)
        expect(reader.main).to_contain_text(member.emails[0])
    look(reader)


def pick(visitor: Visitor, name: str) -> None:
    lab = visitor.page.locator("details.lab")
    lab.locator("summary").click()
    lab.get_by_role("radio", name=re.compile(f"^{name}")).check()
    expect(visitor.page.get_by_text("This login will go wrong")).to_be_visible()
    look(visitor)
