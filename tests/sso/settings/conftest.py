"""Acme's SSO settings as its admins meet them. `AcmeSettings` is Olivia in her browser, past the gate."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs.models import AuditEvent, Membership, Organization
from orgs.roles import Role
from sso.models import Connection, Revision, RevisionTest
from sso.oidc import discovery, jwks
from sso.types import SSOProtocol
from tests.builders import make_connection, make_member, make_org, make_user
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, Person, Tenant, TenantConfig

SECRET = "client-secret-marker"


@dataclass(frozen=True, slots=True)
class AcmeSettings:
    """Acme asks for no SSO yet. Olivia is signed in; Oscar is another admin, Max a member."""

    org: Organization
    olivia: Membership
    oscar: Membership
    max: Membership
    client: Client
    browser_session: str

    @property
    def admin(self) -> User:
        return self.olivia.user

    def url(self, name: str, /, *args: Any) -> str:
        return reverse(f"sso:{name}", args=[self.org.slug, *args])

    def get(self, name: str, /, *args: Any, **query: Any) -> Any:
        return self.client.get(self.url(name, *args), query)

    def post(self, name: str, /, *args: Any, **data: Any) -> Any:
        return self.client.post(self.url(name, *args), data)

    def page(self, name: str, /, *args: Any, **query: Any) -> str:
        response = self.get(name, *args, **query)
        assert response.status_code == 200, response.content.decode()
        return str(response.content.decode())

    def audit(self, event: str) -> list[dict[str, Any]]:
        """The data of the organisation's audit entries of one kind, oldest first."""
        return [entry.data for entry in AuditEvent.objects.filter(org=self.org, event=event).order_by("seq")]


@pytest.fixture
def acme(db: None, client: Client) -> AcmeSettings:
    org = make_org("acme", name="Acme")
    olivia = make_member(org, make_user("olivia@acme.example", name="Olivia"), role=Role.ADMIN)
    return AcmeSettings(
        org=org,
        olivia=olivia,
        oscar=make_member(org, make_user("oscar@acme.example", name="Oscar"), role=Role.ADMIN),
        max=make_member(org, make_user("max@acme.example", name="Max")),
        client=client,
        browser_session=log_in(client, olivia.user),
    )


@pytest.fixture
def saml_connection(acme: AcmeSettings) -> Connection:
    """Nothing entered yet."""
    return Connection.objects.create(org=acme.org, name="Acme SAML", protocol=SSOProtocol.SAML)


@pytest.fixture
def oidc_draft(acme: AcmeSettings) -> Connection:
    """A connection with a draft only."""
    return make_connection(
        acme.org, status=Revision.Status.DRAFT, client_secret=SECRET, connection={"name": "Acme Login"}
    )


@pytest.fixture
def demo_idp() -> Iterator[DemoIdP]:
    discovery.forget_all()
    jwks.forget_all()
    with DemoIdP() as idp:
        yield idp


@pytest.fixture
def tenant(demo_idp: DemoIdP) -> Tenant:
    people = (
        Person(subject="olivia", name="Olivia", email="olivia@acme.example", groups=("admins", "eng")),
        Person(subject="max", name="Max", email="max@acme.example", groups=("eng",)),
    )
    return demo_idp.add_tenant(TenantConfig(slug="acme", people=people))


def draft_of(connection: Connection) -> Revision:
    return connection.revisions.get(status=Revision.Status.DRAFT)


def record_pass(revision: Revision, user: User, *, passed: bool = True) -> RevisionTest:
    """A test's mark, without the login that gives it."""
    return RevisionTest.objects.create(
        org_id=revision.org_id, revision=revision, user=user, passed=passed, at=timezone.now()
    )
