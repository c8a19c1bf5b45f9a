"""Our side of a login: Acme, whose private page asks for SSO, and Max's browser, signed in to the portal only."""

from dataclasses import dataclass
from typing import Any

from django.test import Client

from orgs.models import AuditEvent, Organization
from sso.models import Connection
from sso.types import Enforcement, SSOProtocol
from sso.viewer import start_url
from tests.builders import make_connection, make_member, make_org, make_page, make_user, set_policy
from tests.conftest import log_in

PRIVATE_TEXT = "private-body-marker"


@dataclass(frozen=True, slots=True)
class Portal:
    org: Organization
    connection: Connection
    client: Client
    page_path: str

    def start(self, *, silent: bool = False) -> Any:
        """The start page's answer: the way to the IdP, or a refusal."""
        query = {"next": self.page_path, **({"silent": "1"} if silent else {})}
        return self.client.get(start_url(self.org.slug), query)

    def can_read(self) -> bool:
        """Does the gate let Max at the private page?"""
        response = self.client.get(self.page_path)
        return response.status_code == 200 and PRIVATE_TEXT in response.content.decode()

    def refusals(self) -> list[str]:
        """The codes of what was refused, oldest first."""
        events = AuditEvent.objects.filter(org=self.org, event="org.sso_refused").order_by("seq")
        return [event.data["code"] for event in events]


def make_portal(client: Client, protocol: SSOProtocol, **revision: Any) -> Portal:
    """Acme enforces SSO by one connection, whose live revision has the fields given."""
    org = make_org("acme", name="Acme")
    set_policy(org, Enforcement.ENFORCED)
    user = make_user("max@acme.example", name="Max")
    make_member(org, user)
    log_in(client, user)
    return Portal(
        org=org,
        connection=make_connection(org, protocol, **revision),
        client=client,
        page_path=make_page(org, "Private", body=PRIVATE_TEXT).get_absolute_url(),
    )
