"""A second factor, passkeys and security keys, with the authenticator that Chromium simulates (WebAuthn, 11)."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.demo.people import BEN, INES, TOM, Account
from tests.e2e.test_moments import look
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

TOTP_SECONDS = 30
KEYS, ADD_A_KEY = "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/"


def test_authenticator_app_is_set_up_and_asked_for(visitor: Visitor) -> None:
    visitor.sign_in(BEN)
    visitor.prove_identity()
    visitor.open("/accounts/2fa/totp/activate/")
    secret = visitor.page.get_by_label("Secret").input_value()
    visitor.page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(code_of(secret))
    visitor.main.get_by_role("button", name="Switch on").click()
    look(visitor, "Recovery codes")
    recovery_code = visitor.page.locator("#recovery_codes").input_value().split()[0]
    visitor.page.get_by_label("I have saved").check()
    visitor.open("/accounts/2fa/")
    look(visitor)
    visitor.open("/accounts/2fa/recovery-codes/generate/")
    look(visitor)

    visitor.sign_out()
    visitor.open("/accounts/login/")
    visitor.enter_password(BEN)

    look(visitor, "Second factor")
    visitor.page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(recovery_code)
    visitor.main.get_by_role("button", name="Continue").click()
    expect_signed_in(visitor, BEN)
    visitor.prove_identity()
    visitor.open("/accounts/2fa/totp/deactivate/")
    look(visitor)
    visitor.main.get_by_role("button").first.click()


def test_passkey_signs_in_alone_until_it_is_removed(visitor: Visitor) -> None:
    plug_in_authenticator(visitor)
    add_key(visitor, TOM, "Laptop", is_passkey=True)
    look(visitor, "Recovery codes")
    visitor.open(KEYS)
    look(visitor, "Passkeys and security keys")
    for name in ("Rename", "Remove"):
        visitor.main.get_by_role("link", name=f"{name} Laptop").click()
        look(visitor)
        visitor.page.go_back()
    visitor.sign_out()

    sign_in_with_passkey(visitor)

    expect_signed_in(visitor, TOM)
    remove_key(visitor, "Laptop")
    visitor.sign_out()
    sign_in_with_passkey(visitor)  # the device still has it
    expect(visitor.page.get_by_text("Incorrect code.")).to_be_visible()
    expect(visitor.page).to_have_url(re.compile(r"/accounts/login/$"))


def test_security_key_is_asked_for_after_the_password(visitor: Visitor) -> None:
    plug_in_authenticator(visitor)
    add_key(visitor, INES, "Key ring", is_passkey=False)
    visitor.sign_out()
    visitor.open("/accounts/login/")
    visitor.enter_password(INES)
    look(visitor, "Second factor")
    visitor.open("/accounts/profile/")  # leads nowhere but to the question again
    expect(visitor.main.get_by_role("heading", name="Second factor")).to_be_visible()

    visitor.main.get_by_role("button", name="Use a passkey or security key").click()

    expect_signed_in(visitor, INES)
    remove_key(visitor, "Key ring")


def code_of(secret: str) -> str:
    """The code that the app shows now (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // TOTP_SECONDS)))


def plug_in_authenticator(visitor: Visitor) -> None:
    """A key that is in the computer and confirms everything at once (WebAuthn, 11.3)."""
    browser = visitor.context.new_cdp_session(visitor.page)
    browser.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    browser.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add_key(visitor: Visitor, account: Account, name: str, *, is_passkey: bool) -> None:
    visitor.sign_in(account)
    visitor.prove_identity()
    visitor.open(ADD_A_KEY)
    visitor.page.get_by_label("Name").fill(name)
    visitor.page.get_by_label(re.compile("^Passkey")).set_checked(is_passkey)
    visitor.main.get_by_role("button", name="Add key").click()
    expect(visitor.main.get_by_role("heading", name="Recovery codes")).to_be_visible()


def remove_key(visitor: Visitor, name: str) -> None:
    """Leaves the account as it was: with the last key, the recovery codes go."""
    visitor.prove_identity()
    visitor.open(KEYS)
    visitor.main.get_by_role("link", name=f"Remove {name}").click()
    visitor.main.get_by_role("button", name="Remove").click()
    expect(visitor.main.get_by_text("No keys yet")).to_be_visible()


def sign_in_with_passkey(visitor: Visitor) -> None:
    visitor.open("/accounts/login/")
    visitor.main.get_by_role("button", name="Sign in with a passkey").click()


def expect_signed_in(visitor: Visitor, account: Account) -> None:
    expect(visitor.page.get_by_text(f"Account of {account.name}")).to_be_attached()
