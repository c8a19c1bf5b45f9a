"""One of everything that an organisation owns, its private words, and all its rows as plain values.

Tests of isolation put the things into URLs and forms, look for the words, and compare the rows.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from orgs.models import Domain, Invitation, Organization
from orgs.roles import Role
from sso.models import Connection, HandOver, LinkedIdentity, RefusalTrace, Revision, RevisionTest
from tests.builders import (
    give_key_pair,
    live_revision,
    make_connection,
    make_group,
    make_member,
    make_page,
    make_sso_session,
    make_user,
)
from tests.demo_idp.keys import KeyStore

Rows = dict[str, list[dict[str, Any]]]


def rows_of(org: Organization, *, leave_out: Collection[type[Model]] = ()) -> Rows:
    """The organisation's own row and every row with an `org`, by model."""
    rows: Rows = {
        model.__name__: list(model._default_manager.filter(org=org).order_by("pk").values())
        for model in apps.get_models()
        if model not in leave_out and any(field.name == "org" for field in model._meta.get_fields())
    }
    return {**rows, "Organization": [dict(row) for row in Organization.objects.filter(pk=org.pk).values()]}


def things_of(org: Organization) -> Mapping[str, Any]:
    """One of everything an organisation owns, by the name that its URL argument has."""
    member = make_member(org, make_user())
    group = make_group(org, f"{org.slug} group")
    connection = org.connections.first() or make_connection(org)
    revision = live_revision(connection)
    identity = LinkedIdentity.objects.create(
        org=org,
        connection=connection,
        user=member.user,
        issuer=revision.issuer,
        subject=f"{org.slug}-subject",
    )
    invitation = Invitation.objects.create(
        org=org,
        email="guest@example.org",
        role=Role.READ,
        token_hash=org.slug,
        expires_at=timezone.now() + timedelta(days=1),
    )
    trace = RefusalTrace.objects.create(
        reference=f"{org.slug}-ref",
        org=org,
        code="x",
        admin_detail="x",
        at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=1),
    )
    test = RevisionTest.objects.create(
        org=org, revision=revision, user=member.user, passed=False, at=timezone.now()
    )
    old = Revision.objects.create(
        org=org,
        connection=connection,
        number=1000 + org.pk,  # which no other organisation's connection has
        status=Revision.Status.RETIRED,
        issuer=revision.issuer,
    )
    return {
        "domain_id": _domain(org).pk,
        "org_slug": org.slug,
        "vendor_key": "okta",
        "hand_over_uid": _hand_over(connection).uid,
        "member_id": member.pk,
        "user_id": member.user_id,
        "group_slug": group.slug,
        "seat_id": group.seats.create(org=org, membership=member, role=Role.READ).pk,
        "resource_slug": make_page(org, f"{org.slug} page").slug,
        "invitation_id": invitation.pk,
        "invitation_token": "no-such-token",
        "hand_over_token": "no-such-token",
        "connection_uid": connection.uid,
        "revision_number": old.number,
        "test_id": test.pk,
        "key_uid": give_key_pair(connection, KeyStore().saml_key_pair(org.slug)).uid,
        "certificate_slug": "00",
        "identity_id": identity.pk,
        "session_id": make_sso_session(member, browser_session=f"{org.slug}-browser").pk,
        "reference": trace.reference,
    }


def _hand_over(connection: Connection) -> HandOver:
    now = timezone.now()
    return HandOver.objects.create(
        org=connection.org,
        connection=connection,
        token_hash=f"{connection.org.slug}-hand-over",
        recipient=f"{connection.org.slug}-recipient",
        created_by=User.objects.filter(memberships__org=connection.org, memberships__role=Role.ADMIN).first(),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )


def _domain(org: Organization) -> Domain:
    return Domain.objects.create(
        org=org, name=f"{org.slug}-domain.example", challenge=f"{org.slug}-challenge"
    )


def private_markers(things: Mapping[str, Any]) -> list[str]:
    """Words of `things_of` that stand on no page for anybody but members."""
    slug = things["org_slug"]
    user = User.objects.get(pk=things["user_id"])
    words = [
        f"{slug} page",
        f"{slug} group",
        f"{slug}-subject",
        f"{slug}-domain",
        f"{slug}-challenge",
        f"{slug}-ref",
        f"{slug}-browser",
        user.email,
    ]
    return [*words, "guest@example.org", "private-body-marker", "Private-marker", "https://idp.example.org"]
