"""What may be wrong with a page whatever it says: axe's findings, and a page wider than its window.

Looked at in light and dark, wide and narrow.
"""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.e2e.visitor import NARROW, WIDE, Scheme

SERIOUS = frozenset({"serious", "critical"})
RUN_AXE = """rules => axe.run(document, {resultTypes: ["violations"], ...(rules && {runOnly: rules})}).then(
    results => results.violations.map(
        ({impact, id, nodes}) => [impact, id, nodes.map(node => node.target.join(" ")).slice(0, 3)]
    )
)"""
# A scheme changes colours and nothing else.
RULES: dict[Scheme, list[str] | None] = {"light": None, "dark": ["color-contrast", "link-in-text-block"]}
# Scripts that watch sizes have had their turn.
AFTER_LAYOUT = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
WIDER_THAN_ITS_WINDOW = "() => document.documentElement.scrollWidth - window.innerWidth"


def findings_on(page: Page) -> list[str]:
    """One line for each thing that is wrong; empty for a sound page."""
    page.evaluate(AXE_SCRIPT)
    findings = []
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(AFTER_LAYOUT)
        excess = page.evaluate(WIDER_THAN_ITS_WINDOW)
        if excess > 0:
            findings.append(f"{_path(page)} at {width}px: {excess}px too wide")
        for scheme, rules in RULES.items():
            page.emulate_media(color_scheme=scheme)
            lines = _violations(page, rules)
            findings += [f"{_path(page)} at {width}px, {scheme}: {line}" for line in lines]
    return findings


def _violations(page: Page, rules: list[str] | None) -> list[str]:
    violations: list[tuple[str, str, list[str]]] = page.evaluate(RUN_AXE, rules)
    return [f"{rule} at {'; '.join(nodes)}" for impact, rule, nodes in violations if impact in SERIOUS]


def _path(page: Page) -> str:
    return page.url.partition("//")[2].partition("/")[2].partition("?")[0] or "/"
