"""`python -m tests.cluster.run`: the cluster with the demo's people, until Ctrl-C. This is `make cluster`."""

import argparse
import signal
import sys
from pathlib import Path

from tests.cluster.topology import Cluster
from tests.demo.processes import STOP_SIGNALS, ChildDied
from tests.demo.run import ROOT, CannotStart


def main() -> int:
    """0 after Ctrl-C or SIGTERM; 1, with a message, if something can't start or ends by itself."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.run", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8080, help="nginx's port; the demo IdPs take the next one"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "var/cluster", help="where everything is kept")
    arguments = parser.parse_args()
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        with Cluster(arguments.folder.resolve(), port=arguments.port) as cluster:
            _say(cluster)
            cluster.children.watch()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0
    except (CannotStart, ChildDied) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def _say(cluster: Cluster) -> None:
    nodes = ", ".join(f"http://127.0.0.1:{node.port}" for node in cluster.nodes)
    print(
        f"The portal is {cluster.url} (nginx), its servers are {nodes},\n"
        f"the demo IdPs are {cluster.demo.idp_url}. People and password are those of `make run`.\n"
        f"Logs and data are in {cluster.folder}. Ctrl-C stops all.",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
