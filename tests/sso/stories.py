"""What the lock-out stories share: an admin's way from a draft to a live revision."""

from typing import Any

from django.test import Client
from django.utils import timezone

from sso import connections
from sso.connections import SAMLConfiguration
from sso.models import Connection, Revision, RevisionTest
from tests.demo_idp import IdPBrowser
from tests.sso.saml.conftest import GlobexLogin, way_to_idp


def sso_settings_path(login: Any, *rest: str) -> str:
    """Of the organisation's SSO settings, or of its connection's page below."""
    path = f"/orgs/{login.org.slug}/settings/sso/"
    return path if not rest else f"{path}connections/{login.connection.uid}/{''.join(rest)}"


def save_saml_draft(globex: GlobexLogin, actor: Any, *, certificates: list[str]) -> Revision:
    return connections.save_draft(
        connection=globex.connection,
        configuration=SAMLConfiguration(
            issuer=globex.tenant.saml_entity_id,
            sso_url=globex.tenant.saml_sso_url,
            certificates=certificates,
        ),
        actor=actor,
        now=timezone.now(),
    )


def run_saml_test(globex: GlobexLogin, client: Client, subject: str) -> RevisionTest:
    """A test login by the settings' own link, to its result."""
    url, form = way_to_idp(client.get(sso_settings_path(globex, "draft/test/")))
    response = globex.post(IdPBrowser().complete_login(url, subject, form=form))
    if response.status_code == 303:
        client.get(response["Location"])
    return RevisionTest.objects.latest("pk")


def live_number(connection: Connection) -> int:
    return connection.revisions.get(status=Revision.Status.LIVE).number
