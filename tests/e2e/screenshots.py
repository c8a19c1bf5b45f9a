"""`python -m tests.e2e.screenshots`: write the pictures in docs/screenshots from a fresh demo.

`<name>-<scheme>-<width>.png`. The pages that people meet first are taken in light and dark, wide and narrow; the
others in light and wide, to keep the repository small.
"""

import re
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.demo.launcher import running_demo
from tests.demo.people import HANA, MAX, OLIVIA
from tests.demo.run import ROOT
from tests.e2e.browser import find_browser
from tests.e2e.visitor import NARROW, Scheme, Visitor, visiting

FOLDER = ROOT / "docs" / "screenshots"
WIDE = (1280, 800)
ALL_VARIANTS: tuple[tuple[Scheme, tuple[int, int]], ...] = (
    ("light", WIDE),
    ("light", NARROW),
    ("dark", WIDE),
    ("dark", NARROW),
)
ONE_VARIANT = ALL_VARIANTS[:1]
MET_FIRST = frozenset(
    {"welcome", "home-with-banner", "blocked", "page-after-login", "organisation", "members", "sso-settings"}
)

Shoot = Callable[[str], None]


def main() -> int:
    path = find_browser()
    if path is None:
        print("There is no browser: run `make browser`.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with (
        tempfile.TemporaryDirectory(prefix="hubsso-screenshots-") as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        _take_all(playwright.chromium.launch(executable_path=path), demo.portal)
    pictures = sorted(FOLDER.glob("*.png"))
    size = sum(picture.stat().st_size for picture in pictures)
    print(f"{len(pictures)} pictures, {size / 1_000_000:.1f} MB, in {FOLDER.relative_to(ROOT)}")
    return 0


def _take_all(browser: Browser, portal: str) -> None:
    for journey in (_stranger, _member, _admin, _optional):
        with visiting(browser, portal) as visitor:
            journey(visitor, partial(_take, visitor))
    browser.close()


def _take(visitor: Visitor, name: str) -> None:
    page = visitor.page
    for scheme, (width, height) in ALL_VARIANTS if name in MET_FIRST else ONE_VARIANT:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=FOLDER / f"{name}-{scheme}-{width}.png")


def _stranger(visitor: Visitor, take: Shoot) -> None:
    visitor.open("/")
    take("welcome")


def _member(visitor: Visitor, take: Shoot) -> None:
    visitor.sign_in(MAX)
    take("home-with-banner")
    visitor.open("/orgs/acme/r/incident-runbook/")
    take("blocked")
    visitor.authenticate_button("Acme Login").click()
    expect(visitor.main.get_by_role("link", name="Continue")).to_be_visible()
    take("first-use")
    visitor.go_on_to_idp()
    expect(visitor.page.locator("#login-form")).to_be_visible()
    take("demo-idp")
    visitor.page.locator("details.lab summary").click()
    visitor.page.get_by_role("radio", name=re.compile("^Wrong audience")).check()
    take("failure-lab")
    visitor.choose_at_idp(MAX)
    expect(visitor.main.locator(".reference code")).to_be_visible()
    take("refused")
    visitor.main.get_by_role("link", name="Try again").click()
    visitor.choose_at_idp(MAX)
    expect(visitor.main.get_by_text("You are authenticated")).to_be_visible()
    take("page-after-login")
    visitor.open("/accounts/2fa/")
    take("two-factor")


def _admin(visitor: Visitor, take: Shoot) -> None:
    visitor.sign_in(OLIVIA)
    visitor.open("/orgs/acme/")
    visitor.authenticate("Acme Login", OLIVIA)
    visitor.open("/orgs/acme/")
    take("organisation")
    visitor.open("/orgs/acme/members/")
    take("members")
    visitor.open("/orgs/acme/settings/sso/")
    take("sso-settings")
    visitor.main.get_by_role("link", name="Acme Login").click()
    expect(visitor.page).to_have_url(re.compile("/connections/"))
    take("connection")
    connection = visitor.page.url
    visitor.open(f"{connection}mapping/")
    take("role-mapping")
    visitor.open("/orgs/acme/settings/sso/policy/")
    take("sso-rules")
    visitor.open("/orgs/acme/settings/audit/")
    take("audit-log")
    visitor.open("/orgs/acme/settings/sso/refusals/")
    visitor.main.get_by_role("link", name=re.compile(r"^\w{4}-\w{4}$")).first.click()
    expect(visitor.page).to_have_url(re.compile("/refusals/.+/$"))
    take("refusal")


def _optional(visitor: Visitor, take: Shoot) -> None:
    visitor.sign_in(HANA)
    visitor.open("/orgs/initech/")
    take("optional-banner")


if __name__ == "__main__":
    sys.exit(main())
