"""What several stories begin with, written into the database and the browser instead of clicked."""

from datetime import timedelta

from django.utils import timezone

from orgs.models import Membership
from sso.models import LinkedIdentity, SSOSession
from tests.demo_idp import Tenant
from tests.e2e.visitor import Visitor
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
