"""`make bench`: runs what is measured beside floors and peers, and writes the figures into docs/benchmarks.md.

Each bench's output stands between two comments that name it; the words around are written by hand. It ends well also
where a goal is missed: the page says so.
"""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BENCHES = ("gate", "saml", "oidc", "defaults", "memory")
MAX_SECONDS = 600


def main() -> int:
    names = sys.argv[1:] or BENCHES
    results = {name: run(name) for name in names}
    text = PAGE.read_text(encoding="utf-8")
    for name, (output, _code) in results.items():
        text = replaced(text, name, output)
    text = replaced(text, "machine", machine())
    PAGE.write_text(text, encoding="utf-8")
    for name, (_output, code) in results.items():
        print(f"{name}: {'every goal is met' if code == 0 else 'a goal is missed'}")
    return 0


def run(name: str) -> tuple[str, int]:
    print(f"{name} ...", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=MAX_SECONDS,
        check=False,
    )
    if "|" not in done.stdout:
        raise SystemExit(f"bench.{name} measured nothing.")
    return done.stdout.strip(), done.returncode


def replaced(text: str, name: str, output: str) -> str:
    """The page with what stands between the comments of `name` replaced."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    if begin not in text:
        raise SystemExit(f"{PAGE.name} has no place for {name}.")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return pattern.sub(lambda _match: f"{begin}\n{output}\n{end}", text)


def machine() -> str:
    names = ("Django", "lxml", "xmlsec", "python3-saml", "django-allauth", "mozilla-django-oidc")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"Last run {datetime.now(UTC):%d %B %Y}: {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}."
    )


if __name__ == "__main__":
    sys.exit(main())
