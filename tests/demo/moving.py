"""The demo IdP's port is part of its issuer: when it moves, the portal's connections follow.

At a real IdP a new issuer is another IdP, and linked identities would not carry over. Here it is the same one with
the same keys and people, so they do.
"""

import re
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from orgs.models import Organization
from orgs.roles import Role
from sso.connections import OIDCConfiguration, SAMLConfiguration
from sso.models import LinkedIdentity, Revision
from sso.types import SSOProtocol
from tests.demo.connecting import make_live, vouch
from tests.demo_idp.tenant import Tenant


def follow(tenants: dict[str, Tenant], *, now: datetime) -> None:
    """Give every live connection to a demo IdP at another address, or with other keys, a new live revision."""
    for tenant in tenants.values():
        anywhere = rf"^http://127\.0\.0\.1:\d+/{re.escape(tenant.slug)}(/|$)"
        live = Revision.objects.filter(status=Revision.Status.LIVE, issuer__regex=anywhere)
        for revision in live.select_related("connection__org"):
            _follow(revision, tenant, now=now)


@transaction.atomic
def _follow(revision: Revision, tenant: Tenant, *, now: datetime) -> None:
    before, after = _configurations(revision, tenant)
    if after == before:
        return
    org = revision.connection.org
    make_live(revision.connection, after, test=vouch, actor=_admin(org), now=now)
    LinkedIdentity.objects.filter(org=org, issuer=before.issuer).update(issuer=after.issuer)


def _configurations(
    revision: Revision, tenant: Tenant
) -> tuple[OIDCConfiguration, OIDCConfiguration] | tuple[SAMLConfiguration, SAMLConfiguration]:
    """What is live, and what it should be."""
    if revision.connection.protocol == SSOProtocol.OIDC:
        oidc = OIDCConfiguration(**_values_of(revision, OIDCConfiguration))
        return oidc, replace(oidc, issuer=tenant.issuer)
    saml = SAMLConfiguration(**_values_of(revision, SAMLConfiguration))
    moved = replace(
        saml,
        issuer=tenant.saml_entity_id,
        sso_url=tenant.saml_sso_url,
        slo_url=tenant.saml_slo_url if saml.slo_url else "",
        metadata_url=tenant.saml_entity_id if saml.metadata_url else "",
    )
    if tenant.saml_certificate_pem not in saml.certificates:
        moved = replace(moved, certificates=[tenant.saml_certificate_pem])
    return saml, moved


def _values_of(
    revision: Revision, configuration: type[OIDCConfiguration] | type[SAMLConfiguration]
) -> dict[str, Any]:
    return {field.name: getattr(revision, field.name) for field in fields(configuration)}


def _admin(org: Organization) -> User:
    """Somebody to do it in the name of: an organisation always has an admin."""
    return org.memberships.filter(role=Role.ADMIN).order_by("id")[0].user
