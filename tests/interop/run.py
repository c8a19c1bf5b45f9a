"""`make interop`: install the IdPs that others wrote, then run whole logins against them.

Nothing is skipped in silence: what can't be installed ends the run with a message and exit code 1.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.interop.folders import NPM_FOLDER, NPM_SOURCE

MIN_NODE_MAJOR = 20
INSTALLED_MARK = ".installed"


class CannotPrepare(Exception):
    """What is missing, and how to get it."""


def main() -> int:
    """Prepare and run; pytest's exit code, or 1. Arguments go on to pytest."""
    try:
        prepare_python()
        prepare_xmlsec1()
        prepare_npm()
    except CannotPrepare as error:
        print(f"interop: {error}", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "pytest", "-m", "interop", "tests/interop", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


def prepare_python() -> None:
    if importlib.util.find_spec("saml2") is None:
        raise CannotPrepare(
            "pysaml2 is not in this environment. Run `make interop`, which installs requirements/dev.lock."
        )


def prepare_xmlsec1() -> None:
    """The command that pysaml2's IdP signs with. Debian's package, where we may install it."""
    if shutil.which("xmlsec1"):
        return
    apt_get = shutil.which("apt-get")
    if apt_get is None or os.geteuid() != 0:
        raise CannotPrepare(
            "the command xmlsec1 is missing. Install it: apt install xmlsec1 (Debian, Ubuntu), "
            "brew install libxmlsec1 (macOS)."
        )
    print("interop: installing Debian's package xmlsec1 ...", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt_get, "install", "-y", "-qq", "--no-install-recommends", "xmlsec1"]
    if not _succeeds(install, env=quiet):  # the package lists may be absent or old
        _succeeds([apt_get, "update", "-qq"], env=quiet)
        _succeeds(install, env=quiet)
    if not shutil.which("xmlsec1"):
        raise CannotPrepare("apt-get could not install xmlsec1.")


def prepare_npm() -> None:
    """Install exactly what package-lock.json says, once for each version of it. No package's scripts run."""
    npm = shutil.which("npm")
    _check_node()
    if npm is None:
        raise CannotPrepare("npm is missing. Install it with Node.js: apt install npm.")
    wanted = _fingerprint(NPM_SOURCE)
    mark = NPM_FOLDER / INSTALLED_MARK
    if mark.exists() and mark.read_text() == wanted:
        return
    print("interop: installing oidc-provider and saml-idp by npm ...", flush=True)
    shutil.rmtree(NPM_FOLDER, ignore_errors=True)
    shutil.copytree(NPM_SOURCE, NPM_FOLDER)
    if not _succeeds([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NPM_FOLDER):
        raise CannotPrepare("npm ci failed.")
    mark.write_text(wanted)


def _check_node() -> None:
    node = shutil.which("node")
    if node is None:
        raise CannotPrepare(f"Node.js {MIN_NODE_MAJOR} or newer is missing. Debian: apt install nodejs npm.")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < MIN_NODE_MAJOR:
        raise CannotPrepare(f"Node.js {MIN_NODE_MAJOR} or newer is needed; {node} is {version}.")


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _succeeds(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> bool:
    return subprocess.run(command, cwd=cwd, env=env, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
