"""`python -m tests.demo.run`: database, people, demo IdPs and portal, until Ctrl-C. This is `make run`.

The portal is `http://localhost:PORT` and the demo IdPs are `http://127.0.0.1:PORT+1`: two host names, because
cookies know no ports. Everything it writes is in `var/`.
"""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.demo.guide import guide
from tests.demo.processes import STOP_SIGNALS, Child, ChildDied, Children

ROOT = Path(__file__).resolve().parent.parent.parent
MAX_PORT = 65534  # the demo IdPs take the next one
OWN_SETTINGS = ("HUBSSO_", "DATABASE_URL", "DJANGO_")
BLOCKING_THREADS = "24"


class CannotStart(Exception):
    """The demo can't start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Demo:
    """Where everything is."""

    port: int
    data_dir: Path

    @property
    def portal_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def idp_port(self) -> int:
        return self.port + 1

    @property
    def idp_url(self) -> str:
        return f"http://127.0.0.1:{self.idp_port}"

    @property
    def idp_config(self) -> Path:
        return self.data_dir / "demo-idp.json"

    @property
    def idp_keys(self) -> Path:
        return self.data_dir / "demo-idp-keys"

    @property
    def environment(self) -> dict[str, str]:
        """Development settings, and none of the caller's own: a DATABASE_URL of theirs is not ours to fill."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "hubsso.settings",
            "HUBSSO_ENV": "dev",
            "HUBSSO_BASE_URL": self.portal_url,
            "HUBSSO_DATA_DIR": str(self.data_dir),
        }


def main() -> int:
    """0 after Ctrl-C or SIGTERM; 1, with a message, if something can't start or ends by itself."""
    arguments = _parse_arguments()
    demo = Demo(port=arguments.port, data_dir=arguments.data_dir.resolve())
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)  # all as Ctrl-C
    try:
        _run(demo)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0
    except (CannotStart, ChildDied) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _run(demo: Demo) -> None:
    _refuse_production(os.environ)
    for port in (demo.port, demo.idp_port):
        _require_free(port, demo)
    _say("Preparing the database and the demo's people ...")
    prepare(demo)
    with Children() as children:
        _say("Starting the demo IdPs and the portal ...")
        idp, portal = children.add(start_idp(demo)), children.add(_start_portal(demo))
        idp.wait_until_answering(f"{demo.idp_url}/healthz")
        portal.wait_until_answering(f"http://127.0.0.1:{demo.port}/")
        _say(guide(portal_url=demo.portal_url, idp_url=demo.idp_url, data_dir=_short(demo.data_dir)))
        children.watch()


def _refuse_production(environment: Mapping[str, str]) -> None:
    if environment.get("HUBSSO_ENV", "dev") == "prod":
        raise CannotStart("HUBSSO_ENV is prod: the demo lets anyone in, and does not run in production.")


def _require_free(port: int, demo: Demo) -> None:
    what = "the portal" if port == demo.port else "the demo IdPs, beside the portal"
    advice = f"Choose another with: make run PORT={_another(demo.port)}"
    try:
        taken = _is_taken(port)
    except PermissionError:
        raise CannotStart(f"Port {port}, for {what}, needs more rights than you have. {advice}") from None
    if taken:
        raise CannotStart(f"Port {port}, for {what}, is taken by another program. {advice}")


def _is_taken(port: int) -> bool:
    """Does anything listen there? On IPv6, too, where browsers look for `localhost` first."""
    for host in ("127.0.0.1", "::1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                return True
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except PermissionError:
            raise
        except OSError:
            return True
    return False


def _another(port: int) -> int:
    return port + 10 if port + 10 <= MAX_PORT else 8010


def prepare(demo: Demo) -> None:
    """Migrate, seed, and write down what the demo IdP serves. Django comes in only now, with its environment set."""
    os.environ.clear()
    os.environ.update(demo.environment)
    demo.data_dir.mkdir(parents=True, exist_ok=True)
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    from tests.demo.seed import seed  # noqa: PLC0415
    from tests.demo_idp.config import save_config  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    tenants = seed(idp_url=demo.idp_url, idp_keys=demo.idp_keys, now=datetime.now(UTC))
    demo.idp_config.touch(mode=0o600)
    save_config(tenants, demo.idp_config)
    connections.close_all()


def start_idp(demo: Demo) -> Child:
    arguments = ["--config", str(demo.idp_config), "--data-dir", str(demo.idp_keys)]
    return Child(
        "The demo IdPs",
        [sys.executable, "-m", "tests.demo_idp", "--port", str(demo.idp_port), *arguments],
        environment=demo.environment,
        cwd=ROOT,
        log=demo.data_dir / "demo-idp.log",
    )


def _start_portal(demo: Demo) -> Child:
    address = ["--host", "127.0.0.1", "--port", str(demo.port)]
    workers = ["--workers", "1", "--blocking-threads", BLOCKING_THREADS, "--no-ws", "--http", "1"]
    return Child(
        "The portal",
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--log-level", "warning"),
            *(*address, *workers, "hubsso.wsgi:application"),
        ],
        environment=demo.environment,
        cwd=ROOT,
        log=demo.data_dir / "portal.log",
        shows_output=True,  # mails
    )


def _short(path: Path) -> Path:
    """As people would say it from where they are."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _say(text: str) -> None:
    print(text, flush=True)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.demo.run", description="Start the HubSSO demo.")
    parser.add_argument(
        "--port", type=_port, default=8000, help="port of the portal; the IdPs take the next one"
    )
    parser.add_argument("--data-dir", type=Path, default=ROOT / "var", help="where everything is kept")
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MAX_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
