"""`python -m tests.demo_idp`: the demo IdP as a process of its own, until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.demo_idp.config import load_config
from tests.demo_idp.server import LOOPBACK_HOSTS, DemoIdP, PortTaken


def main() -> int:
    """Run the server. 0 after a clean stop; 1, with a message, if it cannot start."""
    arguments = _parse_arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        tenants = load_config(arguments.config)
        idp = DemoIdP(tenants, host=arguments.host, port=arguments.port, data_dir=arguments.data_dir)
    except PortTaken as error:
        print(f"Demo IdP: {error} Choose another with --port.", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:  # a ConfigError, or a key file that is missing or holds no key
        print(f"Demo IdP: {error}", file=sys.stderr)
        return 1
    with idp:
        print(f"Demo IdP at {idp.url}/ for {', '.join(tenant.slug for tenant in idp.tenants)}", flush=True)
        stop.wait()
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.demo_idp", description=__doc__)
    parser.add_argument(
        "--config", type=Path, required=True, help="JSON file; tests/demo_idp/config.py says what is in it"
    )
    parser.add_argument(
        "--port", type=int, default=9000, help="port on loopback (default 9000; 0 takes a free one)"
    )
    parser.add_argument(
        "--host", choices=sorted(LOOPBACK_HOSTS), default="127.0.0.1", help="host name in URLs"
    )
    parser.add_argument("--data-dir", type=Path, help="folder that keeps the keys between runs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
