"""What a SAML login costs: `python -m bench.saml`, with the peers' environment that `make bench` installs.

First the judging of one response with two signatures, beside the least that can be done with it (parse, the schema,
the two signatures) and python3-saml as its README has it. Then whole logins, from the posted response to the last
redirect: ours, those of django-allauth and djangosaml2, and a floor view, by turns, on SQLite. CPU time, children's
included.
"""

import base64
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlencode

from bench.common import cpu_seconds_of, rounds_of, start_portal, table
from bench.our_logins import OurLogins
from bench.peers.process import Peers, running_peers
from bench.peers.site import EMAIL, FORM, HOST, REQUEST_ID

CALLS = 20  # of each case in a round
MAX_OF_FLOOR, MIN_OF_ALLAUTH, MIN_OF_DJANGOSAML2 = 3.4, 2.5, 10.0
MIN_OF_ALLAUTH_AT_SCALE, MANY_TENANTS = 5.0, 100_000
ISSUER, SSO_URL = "https://idp.acme.example/metadata", "https://idp.acme.example/sso"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hubsso-bench-") as name:
        folder = Path(name)
        start_portal(folder, "sqlite")
        from tests.sso.saml.exchange import key_pair

        idp = key_pair("bench")
        material = material_of(idp)
        with (
            running_peers(folder / "one", material) as peers,
            running_peers(folder / "many", material, tenants=MANY_TENANTS) as crowded,
        ):
            return max(judge(peers, idp), log_in(idp, peers, crowded))


def judge(peers: Peers, idp: Any) -> int:
    """The peers' response but for whom it is meant for and what it answers."""
    from sso.saml.responses import accept_response, read_response
    from tests.sso.saml.exchange import make_exchange

    exchange = make_exchange(issuer=ISSUER, sso_url=SSO_URL, certificates=[idp.certificate_pem])
    sp = exchange.honest
    posted = response_for(idp, sp.recipient or "", (sp.audiences or [""])[0], sp.in_response_to or "")
    now = now_in_utc()
    exchange.attempt.created_at = now

    def ours() -> None:
        accept_response(read_response(posted), attempt=exchange.attempt, now=now)

    found = rounds_of(
        {
            "floor: parse, kept schema, two signatures with a kept key": lambda: peers.seconds("floor", 50),
            "HubSSO: every check": lambda: cpu_seconds_of(ours, 50),
            "python3-saml as in its README": lambda: peers.seconds("python3-saml", 50),
        }
    )
    size = len(base64.b64decode(posted))
    print(f"One response of {size / 1000:.1f} kB, both it and its assertion signed:\n")
    rows = [(name, f"{timing.milliseconds:.2f}", f"{timing.ratio:.1f}") for name, timing in found.items()]
    print(table(("judging a response", "CPU, ms", "of the floor"), rows))
    print()
    return int(found["HubSSO: every check"].ratio > MAX_OF_FLOOR)


def log_in(idp: Any, peers: Peers, crowded: Peers) -> int:
    ours = Ours(idp)
    cases: dict[str, Callable[[], float]] = {
        "HubSSO": lambda: ours.seconds(CALLS),
        "floor view": lambda: peers.seconds("floor-saml", CALLS),
        "django-allauth": lambda: peers.seconds("allauth-saml", CALLS),
        "django-allauth, 100,000 tenants": lambda: crowded.seconds("allauth-saml", 3),
        "djangosaml2": lambda: peers.seconds("djangosaml2", 3),
    }
    if which("xmlsec1") is None:
        del cases["djangosaml2"]
    found = rounds_of(cases)
    queries = {
        "HubSSO": ours.queries(),
        "floor view": peers.queries["floor-saml"],
        "django-allauth": peers.queries["allauth-saml"],
        "django-allauth, 100,000 tenants": crowded.queries["allauth-saml"],
        "djangosaml2": peers.queries.get("djangosaml2", 0),
    }
    rows = [
        (name, f"{timing.milliseconds:.1f}", f"{timing.ratio:.2f}", queries[name])
        for name, timing in found.items()
    ]
    print(table(("whole login", "CPU, ms", "of HubSSO", "statements"), rows))
    wanted = {
        "django-allauth": MIN_OF_ALLAUTH,
        "django-allauth, 100,000 tenants": MIN_OF_ALLAUTH_AT_SCALE,
        "djangosaml2": MIN_OF_DJANGOSAML2,
    }
    return int(any(found[name].ratio < least for name, least in wanted.items() if name in found))


def response_for(idp: Any, acs_url: str, audience: str, in_response_to: str, **fields: Any) -> str:
    """As the form field holds it. Lasts an hour."""
    from tests.demo_idp.saml_response import SamlResponseBuilder

    return SamlResponseBuilder.honest(
        **{
            "issuer": ISSUER,
            "acs_url": acs_url,
            "audience": audience,
            "in_response_to": in_response_to,
            "name_id": EMAIL,
            "signing_key": idp,
            "now": now_in_utc(),
            "lifetime_seconds": 3600,
            "sign_response": True,
            "attributes": {
                "email": (EMAIL,),
                "name": ("Max",),
                "groups": ("staff", "engineering", "on-call"),
            },
            **fields,
        }
    ).base64()


def material_of(idp: Any) -> dict[str, Any]:
    """What the peers' site needs, see there."""
    from tests.demo_idp.keys import private_key_pem

    def form(acs: str, audience: str) -> str:
        fields = {
            "SAMLResponse": response_for(idp, HOST + acs, HOST + audience, REQUEST_ID),
            "RelayState": "/",
        }
        return urlencode(fields)

    pem = idp.certificate_pem
    body = "".join(pem.strip().splitlines()[1:-1])
    metadata = (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ISSUER}">'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
        f'Location="{SSO_URL}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )
    return {
        "oidc": {"issuer": "http://127.0.0.1:9", "client_id": "c", "client_secret": "s"},
        "saml": {
            "issuer": ISSUER,
            "sso_url": SSO_URL,
            "idp_certificate": pem,
            "metadata": metadata,
            "key": private_key_pem(idp.private_key).decode(),
            "certificate": pem,
            "xmlsec1": which("xmlsec1") or "",
            "for_allauth": form("/accounts/saml/acme/acs/", "/accounts/saml/acme/metadata/"),
            "for_djangosaml2": form("/saml2/acs/", "/saml2/metadata/"),
        },
    }


def now_in_utc() -> datetime:
    return datetime.now(UTC)


class Ours(OurLogins):
    """Max's logins at Acme. Each has a login attempt of its own, made before the clock starts."""

    def __init__(self, idp: Any) -> None:
        from sso.types import Enforcement, SSOProtocol
        from tests.builders import make_connection, make_member, make_org, make_user, set_policy

        org = make_org("acme")
        set_policy(org, Enforcement.ENFORCED)
        self.idp = idp
        self.connection = make_connection(
            org, SSOProtocol.SAML, issuer=ISSUER, sso_url=SSO_URL, certificates=[idp.certificate_pem]
        )
        self.member = make_member(org, make_user(EMAIL))

    def prepared(self) -> Callable[[], Any]:
        from django.test import Client

        from sso.saml.sp import service_provider
        from tests.builders import make_attempt
        from tests.conftest import log_in as log_in_to_portal

        browser = Client()
        name = log_in_to_portal(browser, self.member.user)
        attempt = make_attempt(self.connection, self.member.user, browser_session=name)
        request_id = f"_request-{attempt.pk}"
        type(attempt).objects.filter(pk=attempt.pk).update(
            request_id=request_id, created_at=attempt.created_at - timedelta(seconds=5)
        )
        sp = service_provider(self.connection.uid)
        fields = {
            "SAMLResponse": response_for(self.idp, sp.acs_url, sp.entity_id, request_id),
            "RelayState": attempt.state,
        }
        return lambda: self._bring(browser, fields)

    def _bring(self, browser: Any, fields: dict[str, str]) -> Any:
        from django.test import Client
        from django.urls import reverse

        acs = reverse("sso:saml_acs", kwargs={"connection_uid": self.connection.uid})
        # A cross-site post carries no cookie of ours.
        parked = Client().post(acs, urlencode(fields), content_type=FORM)
        return browser.get(parked["Location"]) if parked.status_code == 303 else parked


if __name__ == "__main__":
    sys.exit(main())
