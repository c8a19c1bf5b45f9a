"""Every page of the portal, looked at: axe, light and dark, wide and narrow, and a silent console."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.demo.people import HANA, OLIVIA, ZOE
from tests.e2e import pages
from tests.e2e.crawl import walk
from tests.e2e.looking import findings_on
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e


def test_strangers_pages(visitor: Visitor) -> None:
    look_at_all(visitor, "/", expected=pages.ANONYMOUS)


def test_style_guide(visitor: Visitor) -> None:
    look_at_all(visitor, "/styleguide/", within="/styleguide/", expected=pages.BY_ADDRESS)


def test_account_pages(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    visitor.prove_identity()
    look_at_all(visitor, "/accounts/profile/", within="/accounts/", expected=pages.ACCOUNT)


def test_pages_of_an_organisation_with_oidc(visitor: Visitor) -> None:
    visitor.sign_in(OLIVIA)
    visitor.open("/orgs/acme/settings/sso/")
    visitor.authenticate("Acme Login", OLIVIA)
    expected = pages.ORGANISATION | pages.SSO_SETTINGS | pages.CONNECTION | pages.WITH_RECOVERY_CODES
    expected |= pages.WITH_DOMAINS | pages.POLICY_STEPS - {"sso:policy_enforced"}
    look_at_all(visitor, "/orgs/acme/", within="/orgs/", expected=expected | {"orgs:create"})


def test_pages_of_a_saml_connection(visitor: Visitor) -> None:
    visitor.sign_in(ZOE)
    visitor.open("/orgs/globex/settings/sso/")
    visitor.authenticate("Globex ID", ZOE)
    look_at_all(
        visitor,
        "/orgs/globex/settings/sso/",
        within="/orgs/globex/settings/sso/",
        expected=pages.SSO_SETTINGS | pages.SAML_CONNECTION,
        only=pages.SAML_CONNECTION,  # the rest looks as in the organisation with OIDC
    )


def test_pages_of_an_organisation_without_sso(visitor: Visitor) -> None:
    visitor.sign_in(HANA)
    expected = pages.ORGANISATION | pages.SSO_SETTINGS
    look_at_all(visitor, "/orgs/hooli/", within="/orgs/hooli/", expected=expected)


def look_at_all(
    visitor: Visitor,
    start: str,
    *,
    within: str = "/",
    expected: frozenset[str],
    only: frozenset[str] | None = None,
) -> None:
    """Follow links from `start`, to one page of each URL name under `within`; look at `only` those, or at all."""
    findings: list[str] = []
    seen: set[str] = set()
    for name in walk(visitor, start, within=within):
        seen.add(name)
        if only is None or name in only:
            findings += findings_on(visitor.page)
    assert findings == []
    assert expected <= seen, f"not reached by links: {expected - seen}"


def test_every_url_is_looked_at_or_said_why_not() -> None:
    listed = pages.BY_LINKS | pages.BY_JOURNEYS | pages.BY_ADDRESS | pages.NOT_LOOKED_AT.keys()
    assert set(url_names()) == listed


def url_names(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[str]:
    """All names but those of Django's own admin site."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}"
        elif entry.namespace != "admin":
            inner = f"{entry.namespace}:" if entry.namespace else ""
            yield from url_names(entry, namespace + inner)


def test_looking_finds_what_is_wrong(visitor: Visitor) -> None:
    visitor.open("about:blank")
    visitor.page.set_content(UNSOUND)
    findings = findings_on(visitor.page)
    expected = {
        "1280px, light: image-alt (critical)",
        "320px, light: image-alt (critical)",
        "light: region (moderate)",  # a best practice
        "light: target-size (serious)",
        "1280px, dark: color-contrast (serious)",
        "320px, dark: color-contrast (serious)",
        "320px: 80px too wide",
        "moves: <h1>",
    }
    assert not [wrong for wrong in expected if not any(wrong in finding for finding in findings)], findings
    assert not any("light: color-contrast" in finding for finding in findings)
    assert findings_on(visitor.page) == findings, "what was found once is found again"


UNSOUND = """<html lang="en"><title>Unsound</title><meta name="viewport" content="width=device-width">
<style>
  body { margin: 0; color: #000; background: #fff; }
  h1 { transition: color 1s; }
  img { width: 400px; height: 1px; }
  a { display: inline-block; width: 9px; height: 9px; margin: 0; overflow: hidden; }
  @media (prefers-color-scheme: dark) { body { color: #222; background: #111; } }
</style>
<main><h1>Heading</h1><img src="data:,"><a href="/a">a</a><a href="/b">b</a></main><p>Outside</p></html>"""


def test_console_is_listened_to(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )
    visitor.page.evaluate("setTimeout(() => { throw new Error('from a script') }, 0)")
    visitor.page.wait_for_event("pageerror")
    complaints = " ".join(visitor.complaints)
    visitor.complaints.clear()
    assert "Content Security Policy" in complaints
    assert "from a script" in complaints
