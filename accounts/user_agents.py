"""A browser's `User-Agent` in words: enough to recognise one's own device, and nothing to rely on."""

import re

from django.utils.translation import gettext as _

# The first match counts: Edge and Opera also say Chrome, Chrome also says Safari, Android also says Linux.
BROWSERS = [
    (re.compile(r"\bEdg(e|A|iOS)?/"), "Edge"),
    (re.compile(r"\bOPR/|\bOpera\b"), "Opera"),
    (re.compile(r"\bFirefox/|\bFxiOS/"), "Firefox"),
    (re.compile(r"\bChrome/|\bCriOS/|\bChromium/"), "Chrome"),
    (re.compile(r"\bSafari/"), "Safari"),
    (re.compile(r"\bcurl/"), "curl"),
]
SYSTEMS = [
    (re.compile(r"\biPhone\b"), "iPhone"),
    (re.compile(r"\biPad\b"), "iPad"),
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b"), "macOS"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bLinux\b"), "Linux"),
]


def describe(user_agent: str) -> str:
    """Such as "Firefox on Windows"; "Unknown browser" where nothing is recognised."""
    browser = _first_match(BROWSERS, user_agent)
    system = _first_match(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def _first_match(patterns: list[tuple[re.Pattern[str], str]], text: str) -> str | None:
    return next((name for pattern, name in patterns if pattern.search(text)), None)
