"""Passkeys and security keys, with the authenticator that Chromium simulates for tests (WebAuthn, section 11)."""

import re

import pytest
from playwright.sync_api import CDPSession, expect

from tests.demo.people import INES, PASSWORD, Account
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

KEYS, ADD_A_KEY = "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/"


@pytest.fixture
def device(visitor: Visitor) -> CDPSession:
    """A built-in authenticator whose owner confirms everything at once."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_passkey_signs_in_alone_until_it_is_removed(visitor: Visitor, device: CDPSession) -> None:
    add_key(visitor, INES, "Laptop", is_passkey=True)
    visitor.sign_out()

    sign_in_with_passkey(visitor)

    expect_signed_in(visitor, INES)
    remove_key(visitor, "Laptop")
    visitor.sign_out()
    sign_in_with_passkey(visitor)  # the device still has it
    expect(visitor.page.get_by_text("Incorrect code.")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(r"/accounts/login/$"))
    enter_password(visitor, INES)
    expect_signed_in(visitor, INES)


def test_security_key_is_asked_for_after_the_password(visitor: Visitor, device: CDPSession) -> None:
    add_key(visitor, INES, "Key ring", is_passkey=False)
    visitor.sign_out()
    enter_password(visitor, INES)
    expect(visitor.main.get_by_role("heading", name="Second factor")).to_be_visible()
    visitor.open("/accounts/profile/")  # leads nowhere but to the question again
    expect(visitor.main.get_by_role("heading", name="Second factor")).to_be_visible()

    visitor.main.get_by_role("button", name="Use a passkey or security key").click()

    expect_signed_in(visitor, INES)
    remove_key(visitor, "Key ring")


def add_key(visitor: Visitor, account: Account, name: str, *, is_passkey: bool) -> None:
    visitor.sign_in(account)
    visitor.open(ADD_A_KEY)
    prove_oneself(visitor)
    visitor.page.get_by_label("Name").fill(name)
    visitor.page.get_by_label(re.compile("^Passkey")).set_checked(is_passkey)
    visitor.main.get_by_role("button", name="Add key").click()
    expect(visitor.main.get_by_role("heading", name="Recovery codes")).to_be_visible()


def remove_key(visitor: Visitor, name: str) -> None:
    """Leaves the account as it was: with the last key, the recovery codes go."""
    visitor.open(KEYS)
    visitor.main.get_by_role("link", name=f"Remove {name}").click()
    prove_oneself(visitor)
    visitor.main.get_by_role("button", name="Remove").click()
    expect(visitor.main.get_by_text("No keys yet")).to_be_visible()


def prove_oneself(visitor: Visitor) -> None:
    """What changes one's ways to sign in asks for the password again."""
    visitor.page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    visitor.main.get_by_role("button", name="Confirm").click()


def enter_password(visitor: Visitor, account: Account) -> None:
    visitor.open("/accounts/login/")
    visitor.page.get_by_label("E-mail address").fill(account.emails[0])
    visitor.page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    visitor.main.get_by_role("button", name="Sign in", exact=True).click()


def sign_in_with_passkey(visitor: Visitor) -> None:
    visitor.open("/accounts/login/")
    visitor.main.get_by_role("button", name="Sign in with a passkey").click()


def expect_signed_in(visitor: Visitor, account: Account) -> None:
    expect(visitor.page.get_by_text(f"Account of {account.name}")).to_be_attached()
