"""What an OIDC callback costs: `python -m bench.oidc`, with the peers' environment that `make bench` installs.

From the browser's return with a code to the last redirect, at an OP in a process of its own, by http and by https
with the public authorities: ours, those of django-allauth and mozilla-django-oidc, and a floor view, by turns, on
SQLite. CPU time of whoever logs in. The OP counts what it is asked, and by how many connections.
"""

import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.common import rounds_of, start_portal, table
from bench.op import CLIENT_ID, CLIENT_SECRET, EMAIL, running_op
from bench.our_logins import OurLogins
from bench.peers.process import Peers, running_peers

CALLS = 20
MIN_OF_PEERS = {"http": 1.6, "https": 10.0}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as name, running_op(Path(name)) as op:
        folder = Path(name)
        os.environ["SSL_CERT_FILE"] = op["ca_file"]
        os.environ["HUBSSO_EGRESS_ALLOWED_NETWORKS"] = "127.0.0.0/8"
        start_portal(folder, "sqlite")
        print(
            table(
                ("", "callback", "CPU, ms", "of HubSSO", "statements", "requests to the OP", "connections"),
                [],
            )
        )
        return max(measure(scheme, op, folder) for scheme in ("http", "https"))


def measure(scheme: str, op: dict[str, str], folder: Path) -> int:
    issuer = op[scheme]
    with running_peers(folder / scheme, material_of(issuer), ca_file=Path(op["ca_file"])) as peers:
        ours = Ours(scheme, issuer)
        found = rounds_of(
            {
                "HubSSO": lambda: ours.seconds(CALLS),
                "floor view": lambda: peers.seconds("floor-oidc", CALLS),
                "django-allauth": lambda: peers.seconds("allauth-oidc", 5),
                "mozilla-django-oidc": lambda: peers.seconds("mozilla-django-oidc", 5),
            }
        )
        asked = trips(issuer, ours, peers)
    for name, timing in found.items():
        requests, connections = asked[name]
        queries = ours.queries() if name == "HubSSO" else peers.queries[CASES[name]]
        cells = (
            scheme,
            name,
            f"{timing.milliseconds:.1f}",
            f"{timing.ratio:.2f}",
            queries,
            requests,
            connections,
        )
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    return int(min(found[name].ratio for name in CASES if name != "floor view") < MIN_OF_PEERS[scheme])


CASES = {
    "floor view": "floor-oidc",
    "django-allauth": "allauth-oidc",
    "mozilla-django-oidc": "mozilla-django-oidc",
}


def trips(issuer: str, ours: "Ours", peers: Peers) -> dict[str, tuple[int, int]]:
    """(requests, new connections) of one warm login of each. The peers' site makes two for one measured."""
    found = {"HubSSO": asked_by(issuer, lambda: ours.seconds(1), logins=1)}
    for name, case in CASES.items():
        found[name] = asked_by(issuer, lambda case=case: peers.seconds(case, 1), logins=2)
    return found


def asked_by(issuer: str, case: Callable[[], object], *, logins: int) -> tuple[int, int]:
    before = stats(issuer)
    case()
    after = stats(issuer)
    connections = after["connections"] - before["connections"] - 1  # one asks for the figures
    requests = sum(after.values()) - sum(before.values()) - (after["connections"] - before["connections"]) - 1
    return requests // logins, connections // logins


def stats(issuer: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{issuer}/stats", timeout=5) as answer:  # noqa: S310 - our own OP
        found: dict[str, int] = json.loads(answer.read())
    return found


def material_of(issuer: str) -> dict[str, Any]:
    saml = dict.fromkeys(
        (
            "issuer",
            "sso_url",
            "idp_certificate",
            "metadata",
            "key",
            "certificate",
            "xmlsec1",
            "for_allauth",
            "for_djangosaml2",
        ),
        "",
    )
    oidc = {"issuer": issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return {"oidc": oidc, "saml": saml}


class Ours(OurLogins):
    """Max's logins at an organisation whose OP has this issuer."""

    def __init__(self, slug: str, issuer: str) -> None:
        from accounts.models import User
        from sso.types import Enforcement
        from tests.builders import make_connection, make_member, make_org, make_user, set_policy

        org = make_org(slug)
        set_policy(org, Enforcement.ENFORCED)
        self.connection = make_connection(
            org, issuer=issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
        )
        user = User.objects.filter(email=EMAIL).first() or make_user(EMAIL)
        self.member = make_member(org, user)

    def prepared(self) -> Callable[[], Any]:
        """A browser that the OP has just sent back, with an attempt of its own."""
        from django.test import Client
        from django.urls import reverse

        from tests.builders import make_attempt
        from tests.conftest import log_in as log_in_to_portal

        browser = Client()
        name = log_in_to_portal(browser, self.member.user)
        nonce = os.urandom(16).hex()
        attempt = make_attempt(
            self.connection,
            self.member.user,
            browser_session=name,
            nonce=nonce,
        )
        callback = reverse("sso:oidc_callback", kwargs={"connection_uid": self.connection.uid})
        return lambda: browser.get(callback, {"code": nonce, "state": attempt.state})


if __name__ == "__main__":
    sys.exit(main())
