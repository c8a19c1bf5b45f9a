"""What several stories begin with, written into the database and the browser instead of clicked."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from orgs.models import Membership
from sso import connections
from sso.connections import SAMLConfiguration
from sso.models import Connection, LinkedIdentity, Revision, SSOSession
from tests.demo_idp import Tenant
from tests.e2e.visitor import Visitor
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.whole_login import WholeLogin


def link(login: WholeLogin, member: Membership, subject: str) -> LinkedIdentity:
    """The member authenticated before, as this subject."""
    return LinkedIdentity.objects.create(
        org=login.org,
        user=member.user,
        connection=login.connection,
        issuer=login.revision.issuer,
        subject=subject,
    )


def be_known_at_idp(visitor: Visitor, tenant: Tenant, subject: str) -> None:
    """The browser holds a session of the IdP, which so asks nothing."""
    session = tenant.start_session(subject)
    bring_cookie(visitor, f"demo_idp_{tenant.slug}", session.key, url=f"{tenant.url}/")


def bring_cookie(visitor: Visitor, name: str, value: str, *, url: str) -> None:
    """Lax, as those who set it would say: without a word, browsers send a new cookie with a POST from elsewhere."""
    visitor.context.add_cookies(
        [{"name": name, "value": value, "url": url, "sameSite": "Lax", "httpOnly": True}]
    )


def let_sessions_end(member: Membership) -> None:
    """All SSO sessions of the member are over since a second ago."""
    now = timezone.now()
    SSOSession.objects.filter(org=member.org, user=member.user).update(expires_at=now - timedelta(seconds=1))


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


def live_number(connection: Connection) -> int:
    return connection.revisions.get(status=Revision.Status.LIVE).number
