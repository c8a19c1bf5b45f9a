"""`python -m tests.e2e.screens`: write a picture of every page to docs/screens from a fresh demo, and their list.

A page is `<name>-light-1280.webp` and `<name>-dark-320.webp`, the whole of it; those that people meet first are taken
in the other two combinations as well. `--png FOLDER` writes PNGs to a folder of your own instead, to look at.
"""

import base64
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.demo.launcher import running_demo
from tests.demo.people import HANA, MAX, OLIVIA, ZOE, Account
from tests.demo.run import ROOT
from tests.e2e import pages
from tests.e2e.browser import find_browser
from tests.e2e.crawl import walk
from tests.e2e.visitor import NARROW, Scheme, Visitor, visiting

FOLDER = ROOT / "docs" / "screens"
WIDE = (1280, 800)
QUALITY_PERCENT = 70
TALLEST_PX = {WIDE[0]: 1600, NARROW[0]: 2400}  # a longer page is cut: its end says nothing new
BOTH_ENDS: tuple[tuple[Scheme, tuple[int, int]], ...] = (("light", WIDE), ("dark", NARROW))
ALL_VARIANTS = (*BOTH_ENDS, ("light", NARROW), ("dark", WIDE))
MET_FIRST = frozenset({"welcome", "home-with-banner", "blocked", "page-after-login"})
# (who, where links are followed from and within, the connection to authenticate with, what its pages are called after)
TOURS: tuple[tuple[Account, str, str, str, str], ...] = (
    (OLIVIA, "/orgs/acme/", "/orgs/", "Acme Login", ""),
    (ZOE, "/orgs/globex/settings/sso/", "/orgs/globex/settings/sso/", "Globex ID", "-saml"),
)


class Camera:
    """Takes a page in its variants, each name once."""

    def __init__(self, folder: Path, *, is_png: bool) -> None:
        self.folder = folder
        self.kind = "png" if is_png else "webp"
        self.taken: set[str] = set()

    def take(self, page: Page, name: str) -> None:
        if name in self.taken:
            return
        self.taken.add(name)
        for scheme, (width, height) in ALL_VARIANTS if name in MET_FIRST else BOTH_ENDS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            picture = self._picture(page, width, height)
            (self.folder / f"{name}-{scheme}-{width}.{self.kind}").write_bytes(picture)

    def _picture(self, page: Page, width: int, height: int) -> bytes:
        """By the browser's own protocol: it writes WebP, a third of a PNG's size."""
        content = page.evaluate("() => document.documentElement.scrollHeight")
        clip = {
            "x": 0,
            "y": 0,
            "width": width,
            "height": min(max(content, height), TALLEST_PX[width]),
            "scale": 1,
        }
        options = {"format": self.kind, "clip": clip, "captureBeyondViewport": True}
        if self.kind == "webp":
            options["quality"] = QUALITY_PERCENT
        session = page.context.new_cdp_session(page)
        answer = session.send("Page.captureScreenshot", options)
        session.detach()
        return base64.b64decode(answer["data"])


def main() -> int:
    path = find_browser()
    if path is None:
        print("There is no browser: run `make browser`.", file=sys.stderr)
        return 1
    os.environ.setdefault(
        "HUBSSO_ENV", "test"
    )  # URL names are looked up here; the demo is a process of its own
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubsso.settings")
    django.setup()
    is_png = "--png" in sys.argv
    folder = Path(sys.argv[sys.argv.index("--png") + 1]) if is_png else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png" if is_png else "*.webp"):
        old.unlink()
    camera = Camera(folder, is_png=is_png)
    with (
        tempfile.TemporaryDirectory(prefix="hubsso-screens-") as demo_folder,
        running_demo(Path(demo_folder)) as demo,
        sync_playwright() as playwright,
    ):
        _take_all(playwright.chromium.launch(executable_path=path), demo.portal, camera)
    if not is_png:
        (folder / "README.md").write_text("\n".join(_gallery(camera.taken)), encoding="utf-8")
    pictures = sorted(folder.glob(f"*.{camera.kind}"))
    print(f"{len(pictures)} pictures, {sum(one.stat().st_size for one in pictures) / 1_000_000:.1f} MB")
    return 0


def _take_all(browser: Browser, portal: str, camera: Camera) -> None:
    for journey in (_stranger, _member, _optional, _refusal, _tested, _in_french, _style_guide):
        with visiting(browser, portal) as visitor:
            journey(visitor, camera)
    for account, start, within, idp_name, protocol in TOURS:
        with visiting(browser, portal) as visitor:
            _enter(visitor, account, start, idp_name)
            _tour(visitor, camera, start, within, protocol=protocol)
    with visiting(browser, portal) as visitor:
        visitor.sign_in(HANA)
        visitor.prove_identity()
        _tour(visitor, camera, "/accounts/profile/", "/accounts/")
        _tour(visitor, camera, "/orgs/hooli/settings/sso/", "/orgs/hooli/settings/sso/", suffix="-empty")
    browser.close()


def _tour(
    visitor: Visitor, camera: Camera, start: str, within: str, *, suffix: str = "", protocol: str = ""
) -> None:
    """Every page; those of a connection look otherwise by each protocol."""
    for name in walk(visitor, start, within=within):
        of_protocol = protocol if name in pages.CONNECTION else ""
        camera.take(visitor.page, re.sub(r"\W+|_", "-", name) + of_protocol + suffix)


def _enter(visitor: Visitor, account: Account, path: str, idp_name: str) -> None:
    """Sign in, and authenticate on the page that is in the way."""
    visitor.sign_in(account)
    visitor.open(path)
    visitor.authenticate(idp_name, account)


def _stranger(visitor: Visitor, camera: Camera) -> None:
    visitor.open("/")
    camera.take(visitor.page, "welcome")
    _tour(visitor, camera, "/accounts/login/", "/accounts/")


def _member(visitor: Visitor, camera: Camera) -> None:
    page = visitor.page
    visitor.sign_in(MAX)
    camera.take(page, "home-with-banner")
    visitor.open("/orgs/acme/r/incident-runbook/")
    camera.take(page, "blocked")
    visitor.authenticate_button("Acme Login").click()
    expect(visitor.main.get_by_role("link", name="Continue")).to_be_visible()
    camera.take(page, "first-use")
    visitor.go_on_to_idp()
    expect(page.locator("#login-form")).to_be_visible()
    camera.take(page, "demo-idp")
    page.locator("details.lab summary").click()
    page.get_by_role("radio", name=re.compile("^Wrong audience")).check()
    camera.take(page, "failure-lab")
    visitor.choose_at_idp(MAX)
    expect(visitor.main.locator(".reference code")).to_be_visible()
    camera.take(page, "refused")
    visitor.main.get_by_role("link", name="Try again").click()
    visitor.choose_at_idp(MAX)
    expect(visitor.main.get_by_text("You are authenticated")).to_be_visible()
    camera.take(page, "page-after-login")
    visitor.open("/accounts/sso-sessions/")
    page.locator("details:has(.facts) > summary").first.click()
    camera.take(page, "my-organisations")


def _tested(visitor: Visitor, camera: Camera) -> None:
    _enter(visitor, ZOE, "/orgs/globex/settings/sso/", "Globex ID")
    visitor.main.get_by_role("link", name="Globex ID").first.click()
    visitor.main.get_by_role("link", name=re.compile("^Test")).first.click()
    expect(visitor.main.get_by_role("heading", name="The test passed")).to_be_visible()
    camera.take(visitor.page, "test-passed")
    visitor.open("/orgs/globex/sso/recovery/")
    camera.take(visitor.page, "recovery")


def _in_french(visitor: Visitor, camera: Camera) -> None:
    _enter(visitor, OLIVIA, "/orgs/acme/settings/sso/policy/", "Acme Login")
    for name, path in (("policy", "/orgs/acme/settings/sso/policy/"), ("home", "/")):
        visitor.page.set_extra_http_headers({"Accept-Language": "fr"})
        visitor.open(path)
        camera.take(visitor.page, f"in-french-{name}")


def _style_guide(visitor: Visitor, camera: Camera) -> None:
    visitor.open("/styleguide/")
    camera.take(visitor.page, "styleguide")


def _optional(visitor: Visitor, camera: Camera) -> None:
    visitor.sign_in(HANA)
    visitor.open("/orgs/initech/")
    camera.take(visitor.page, "optional-banner")


def _refusal(visitor: Visitor, camera: Camera) -> None:
    _enter(visitor, OLIVIA, "/orgs/acme/settings/sso/refusals/", "Acme Login")
    login = visitor.main.get_by_role("listitem").filter(has_text="audience_mismatch").first
    login.get_by_role("link", name=re.compile(r"^\w{4}-\w{4}$")).click()
    expect(visitor.page).to_have_url(re.compile("/refusals/.+/$"))
    camera.take(visitor.page, "refusal")


def _gallery(names: set[str]) -> Iterator[str]:
    """The list of all pictures, each page in light and wide, dark and narrow."""
    yield "# Every page"
    yield ""
    yield "Taken from the demo by `make screens`: the whole page, light and wide, dark and narrow."
    for name in sorted(names):
        yield f"\n## {name}\n"
        variants = ALL_VARIANTS if name in MET_FIRST else BOTH_ENDS
        yield " ".join(
            f"![{name}, {scheme}, {width} px wide]({name}-{scheme}-{width}.webp)"
            for scheme, (width, _) in variants
        )
    yield ""


if __name__ == "__main__":
    sys.exit(main())
