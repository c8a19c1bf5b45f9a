"""`python -m tests.e2e.browser`: make sure that there is a browser to test with, and say what was done."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
VERSION_SECONDS = 30
INSTALL_SECONDS = 600


def find_browser() -> str | None:
    """The path of a Chromium that starts: the first in PATH, else the one Playwright downloaded earlier."""
    for name in NAMES:
        path = shutil.which(name)
        if path and _version(path):  # some systems have a command that only advises to install it
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> int:
    """0 with a browser at hand, 1 without."""
    path = find_browser()
    if path is None:
        for command in _ways_to_install():
            print(f"No Chromium found. Trying: {' '.join(command)}", flush=True)
            if _succeeds(command):
                path = find_browser()
                break
    if path is None:
        print(
            "There is no Chromium, and it could not be installed. Install one, and try again.",
            file=sys.stderr,
        )
        return 1
    print(f"Browser for the tests: {path} ({_version(path)})")
    return 0


def _ways_to_install() -> list[list[str]]:
    """Debian's package for root on Debian (Ubuntu's leads to a snap); else, or if that fails, Playwright's."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if _is_root_on_debian():
        apt = ["sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"]
        return [apt, playwright]
    return [playwright]


def _is_root_on_debian() -> bool:
    try:
        distribution = platform.freedesktop_os_release().get("ID")
    except OSError:  # not a Linux
        return False
    return distribution == "debian" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _succeeds(command: list[str]) -> bool:
    try:
        return subprocess.run(command, timeout=INSTALL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _version(path: str) -> str:
    """What the browser calls itself; empty if it does not start."""
    try:
        result = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
