"""What may be wrong with a page whatever it says. It is looked at in light and dark, wide and narrow.

axe must find nothing by any rule of WCAG 2.2 AA nor by its best practices, however minor; no page may be wider than
its window, and nothing may move for visitors who ask for less motion.
"""

from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.e2e.visitor import NARROW, WIDE, Scheme

SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SCRIPT = AXE_SCRIPT + (Path(__file__).parent / "looking.js").read_text(encoding="utf-8")
# Scripts that watch sizes have had their turn.
AFTER_LAYOUT = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"

FLOATS = "floats"  # text over what is not its ancestor (looking.js): judged wherever it stands
# Text of one size and colour on one background is as legible on the next page; these were found to be.
_legible: set[str] = set()


def findings_on(page: Page) -> list[str]:
    """One line for each thing that is wrong; empty for a sound page."""
    page.evaluate(SCRIPT)
    findings = [f"moves: {element}" for element in page.evaluate("looking.moving()")]
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(AFTER_LAYOUT)
        excess = page.evaluate("looking.excessWidth()")
        if excess > 0:
            findings.append(f"at {width}px: {excess}px too wide")
        layout = None
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            lines = _illegible(page)
            # A scheme that leaves everything in its place changes the result of no other rule.
            if layout != (layout := page.evaluate("looking.layout()")):
                lines += page.evaluate("looking.rulesButOfColours()")
            findings += [f"at {width}px, {scheme}: {line}" for line in lines]
    return [f"{_path(page)} {finding}" for finding in findings]


def _illegible(page: Page) -> list[str]:
    """What the rules of colours find in text that looks as none before."""
    looks = set(page.evaluate("looking.looks()")) - _legible
    lines: list[str] = page.evaluate("looks => looking.rulesOfColours(looks)", sorted(looks)) if looks else []
    if not lines:
        _legible.update(looks - {FLOATS})
    return lines


def _path(page: Page) -> str:
    return page.url.partition("//")[2].partition("/")[2].partition("?")[0] or "/"
