"""A second factor and a passkey, set up and used, with the authenticator that Chromium has for tests."""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.demo.people import BEN, TOM
from tests.e2e.test_moments import look
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e

TOTP_SECONDS = 30


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
    expect(visitor.page.get_by_text(f"Account of {BEN.name}")).to_be_attached()
    visitor.prove_identity()
    visitor.open("/accounts/2fa/totp/deactivate/")
    look(visitor)
    visitor.main.get_by_role("button").first.click()


def code_of(secret: str) -> str:
    """The code that the app shows now (RFC 6238)."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // TOTP_SECONDS)))


def test_passkey_is_added_and_signs_in_alone(visitor: Visitor) -> None:
    plug_in_authenticator(visitor)
    visitor.sign_in(TOM)
    visitor.prove_identity()
    visitor.open("/accounts/2fa/webauthn/add/")
    visitor.page.get_by_label("Name").fill("Laptop")
    visitor.page.get_by_label(re.compile("Passkey")).check()
    visitor.main.get_by_role("button", name="Add key").click()
    expect(visitor.page).not_to_have_url(re.compile("webauthn/add"))
    look(visitor)
    visitor.open("/accounts/2fa/webauthn/")
    look(visitor, "Passkeys and security keys")
    for name in ("Rename", "Remove"):
        visitor.main.get_by_role("link", name=f"{name} Laptop").click()
        look(visitor)
        visitor.page.go_back()

    visitor.sign_out()
    visitor.open("/accounts/login/")
    visitor.main.get_by_role("button", name="Sign in with a passkey").click()

    expect(visitor.page.get_by_text(f"Account of {TOM.name}")).to_be_attached()
    visitor.prove_identity()
    visitor.open("/accounts/2fa/webauthn/")
    visitor.main.get_by_role("link", name="Remove Laptop").click()
    visitor.main.get_by_role("button").first.click()


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
