"""A person at a browser of their own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.demo.people import PASSWORD, Account

Scheme = Literal["light", "dark"]
WIDE = (1280, 900)
NARROW = (320, 640)
TIMEOUT_MS = 10_000
PATIENCE = 15

expect.set_options(timeout=TIMEOUT_MS)


class Visitor:
    """`complaints` collects what the console calls an error: scripts that fail, and what the CSP refused."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = context.new_page()

    def open(self, path: str) -> None:
        self.page.goto(path)

    def new_tab(self) -> Page:
        return self.context.new_page()

    def sign_in(self, account: Account) -> None:
        """Sign in to the portal by its login page; ends on the home page."""
        for _ in range(PATIENCE):
            self.open("/accounts/login/")
            if self.enter_password(account) != HTTPStatus.TOO_MANY_REQUESTS:
                break
            self.page.wait_for_timeout(
                5_000
            )  # many tests sign in from one address, and guesses are throttled
        expect(self.page.get_by_text(f"Account of {account.name}")).to_be_attached()

    def enter_password(self, account: Account) -> int:
        """Fill in the login page that is open, and send it; the status of the answer."""
        self.page.get_by_label("E-mail address").fill(account.emails[0])
        self.page.get_by_label(re.compile("^Password")).fill(PASSWORD)
        with self.page.expect_response(lambda response: response.request.method == "POST") as answer:
            self.main.get_by_role("button", name="Sign in", exact=True).click()
        return answer.value.status

    def prove_identity(self) -> None:
        """Enter the password once more, as changes to one's own security ask for."""
        self.open("/accounts/reauthenticate/")
        self.page.get_by_label(re.compile("^Password")).fill(PASSWORD)
        self.main.get_by_role("button", name="Confirm").click()
        expect(self.page).not_to_have_url(re.compile("reauthenticate"))

    def authenticate(self, idp_name: str, account: Account | str) -> None:
        """Press the page's one button, sign in at the IdP as the account's owner, and arrive."""
        self.authenticate_button(idp_name).click()
        self.choose_at_idp(account)
        expect(self.page.get_by_role("status").filter(has_text="You are authenticated")).to_be_visible()

    def authenticate_button(self, idp_name: str) -> Locator:
        return self.main.get_by_role("link", name=f"Authenticate with {idp_name}")

    def go_on_to_idp(self) -> None:
        """Be at the IdP; before a first login, go on from the page that says what it shares."""
        go_on = self.main.get_by_role("link", name=re.compile("^Continue to "))
        self.page.locator("#login-form").or_(go_on).first.wait_for()
        if go_on.is_visible():
            go_on.click()

    def choose_at_idp(self, account: Account | str) -> None:
        """`account` may be the subject at the IdP."""
        self.go_on_to_idp()
        subject = account if isinstance(account, str) else account.key
        self.page.locator(f"button[name=subject][value={subject}]").click()

    def sign_out(self) -> None:
        self.page.get_by_text("Account of").locator("xpath=ancestor::summary").click()
        self.page.get_by_role("button", name="Sign out").click()

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def banner(self) -> Locator:
        return self.page.get_by_role("region", name="Single sign-on")

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _is_answer_of_the_page_itself(message):
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")


def _is_answer_of_the_page_itself(message: ConsoleMessage) -> bool:
    """A page that answers 403 or 404 is said to be an error, though that is what it should do."""
    page = message.page
    is_status = message.text.startswith("Failed to load resource")
    return is_status and page is not None and "/static/" not in message.location.get("url", "")


@contextmanager
def visiting(
    browser: Browser,
    portal: str,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Scheme = "light",
    has_javascript: bool = True,
) -> Iterator[Visitor]:
    """A browser without a past. It asks nobody to wait for animations."""
    context = browser.new_context(
        base_url=portal,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        java_script_enabled=has_javascript,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    context.set_default_timeout(TIMEOUT_MS)
    try:
        yield Visitor(context)
    finally:
        context.close()
