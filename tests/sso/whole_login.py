"""What a whole login is in both protocols: the organisation, its member's browser, and what came of it."""

from dataclasses import dataclass
from typing import Any

from django.test import Client

from orgs.models import AuditEvent, Membership, Organization
from sso.models import Connection, LinkedIdentity, Revision, SSOSession
from sso.viewer import start_url
from tests.builders import live_revision
from tests.demo_idp import Tenant

PRIVATE_TEXT = "private-body-marker"


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLogin:
    """An organisation and its IdP. `client` is Max's browser, signed in to the portal only."""

    org: Organization
    max: Membership
    connection: Connection
    tenant: Tenant
    client: Client
    page_path: str  # of a private page that holds PRIVATE_TEXT

    @property
    def revision(self) -> Revision:
        return live_revision(self.connection)

    def start(self, *, silent: bool = False) -> Any:
        """The start page's answer: a redirect or a form to the IdP, or a refusal."""
        query = {"next": self.page_path, **({"silent": "1"} if silent else {})}
        return self.client.get(start_url(self.org.slug), query)

    def can_read(self, client: Client | None = None) -> bool:
        """Does the gate let the browser at the organisation's private page?"""
        response = (client or self.client).get(self.page_path)
        return response.status_code == 200 and PRIVATE_TEXT in response.content.decode()

    def refusals(self) -> list[str]:
        """The codes in the organisation's audit log, oldest first."""
        events = AuditEvent.objects.filter(org=self.org, event="org.sso_refused").order_by("seq")
        return [event.data["code"] for event in events]

    def assert_nothing_was_opened(self) -> None:
        assert not SSOSession.objects.exists()
        assert not LinkedIdentity.objects.exists()


def change_revision(login: WholeLogin, **fields: Any) -> None:
    """Another configuration for the live revision, which is not how the product does it."""
    Revision.objects.filter(pk=login.revision.pk).update(**fields)
