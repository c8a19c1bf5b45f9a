"""Puts the demo's people and organisations into the database. What is there already is left as it is."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts.emails import add_verified_email
from accounts.models import User
from orgs import groups, members, resources
from orgs.access import MemberOf, OrgAccess
from orgs.models import Membership, Organization, Resource, ResourceGroup
from orgs.organisations import create_organisation, current_slug
from orgs.roles import Role, RoleSource
from sso.types import Enforcement
from tests.demo.connecting import connect
from tests.demo.history import invent_history
from tests.demo.identity import CONNECTIONS, registrations, tenants_at
from tests.demo.moving import follow
from tests.demo.organisations import ORGANISATIONS, App, DemoOrg, Page
from tests.demo.people import ACCOUNTS, PASSWORD, Account
from tests.demo_idp.config import TenantConfig
from tests.demo_idp.tenant import Tenant

Users = dict[str, User]


def seed(*, idp_url: str, idp_keys: Path, now: datetime) -> list[TenantConfig]:
    """Make what is missing, let connections follow the demo IdP to `idp_url`, and say what the IdP must serve.

    An organisation that exists is nobody's business but its people's; so is one that was renamed.
    Raises ImproperlyConfigured in production: the password is public, and the IdP lets anyone in.
    """
    if not settings.DEMO:
        raise ImproperlyConfigured("The demo's accounts have a public password and can't be made here.")
    tenants = tenants_at(idp_url, keys=idp_keys)
    users = {account.key: _user(account) for account in ACCOUNTS}
    for demo_org in ORGANISATIONS:
        if not _exists(demo_org.slug):
            _make_organisation(demo_org, users, tenants, now=now)
    follow(tenants, now=now)
    return registrations(tenants)


@transaction.atomic
def _user(account: Account) -> User:
    user = User.objects.filter(email__iexact=account.emails[0]).first()
    if user is None:
        user = User.objects.create_user(account.emails[0], PASSWORD, name=account.name)
        for email in account.emails:
            add_verified_email(user=user, email=email, primary=email == account.emails[0])
    return user


def _exists(slug: str) -> bool:
    return Organization.objects.filter(slug=slug).exists() or current_slug(slug) is not None


@transaction.atomic
def _make_organisation(demo_org: DemoOrg, users: Users, tenants: dict[str, Tenant], *, now: datetime) -> None:
    admin = users[demo_org.admin.key]
    org = create_organisation(
        name=demo_org.name, slug=demo_org.slug, description=demo_org.description, creator=admin
    )
    memberships = {demo_org.admin.key: org.memberships.get(user=admin)}
    memberships |= _make_members(demo_org, org, users)
    group = groups.create_group(
        org=org, name=demo_org.group, description=demo_org.group_description, actor=admin
    )
    for key, role in demo_org.seats.items():
        groups.set_seat(group=group, membership=memberships[key], role=role, actor=admin)
    access = _access(memberships[demo_org.admin.key])
    for page in demo_org.pages:
        _make_page(page, access, admin, group)
    for app in demo_org.apps:
        _make_app(app, access, admin)
    for demo_connection in CONNECTIONS:
        if demo_connection.org_slug == demo_org.slug:
            connection = connect(
                demo_connection, org=org, group=group, tenant=tenants[org.slug], actor=admin, now=now
            )
            if demo_connection.enforcement is Enforcement.ENFORCED:
                regulars = [memberships[account.key] for account in demo_org.regulars]
                invent_history(connection, regulars, now=now)


def _make_members(demo_org: DemoOrg, org: Organization, users: Users) -> dict[str, Membership]:
    made = {}
    for member in demo_org.members:
        made[member.account.key] = membership = members.add_member(
            org=org,
            user=users[member.account.key],
            role=member.role,
            source=RoleSource.MANUAL,
            actor=users[demo_org.admin.key],
        )
        if member.is_external:
            members.set_collaborator(membership=membership, is_external=True, actor=users[demo_org.admin.key])
    return made


def _access(membership: Membership) -> OrgAccess:
    """What the gate would hand to the admin's own page views."""
    member = MemberOf(
        org_id=membership.org_id,
        membership_id=membership.pk,
        role=Role(membership.role),
        org_slug=membership.org.slug,
        org_name=membership.org.name,
    )
    return OrgAccess(org=membership.org, user_id=membership.user_id, member=member)


def _make_page(page: Page, access: OrgAccess, author: User, group: ResourceGroup) -> None:
    content = resources.ResourceContent(
        title=page.title,
        description=page.description,
        body=page.body(access.org.slug),
        visibility=page.visibility,
        group=group if page.in_group else None,
    )
    resources.create_resource(access=access, actor=author, kind=Resource.Kind.PAGE, content=content)


def _make_app(app: App, access: OrgAccess, author: User) -> None:
    content = resources.ResourceContent(
        title=app.title, description=app.description, url=app.url, visibility=app.visibility
    )
    resources.create_resource(access=access, actor=author, kind=Resource.Kind.APP, content=content)
