"""What an IdP last said of each member: kept sealed, for a while, and only where the organisation wants that.

Written at every login, inside its transaction. The mapping editor reads it for its suggestions and its preview, and
members read on a page of their own what is kept of them. It goes when it expires, when the organisation switches it
off, and when the member leaves, is removed or is unlinked.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from accounts.models import User
from hubsso.crypto import CannotUnseal, seal, unseal
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Organization
from sso.mapping.role_mapping import strings_of
from sso.models import Connection, SeenAttributes, SSOPolicy
from sso.types import IdentityAssertion

KEEP = timedelta(days=30)
# No rule of a mapping is longer than 300 characters, so what is dropped could match none.
MAX_VALUE_LENGTH = 500
MAX_DEPTH = 6
BATCH = 1000
# Distributed claims (OpenID Connect Core 5.6.2) carry access tokens. AD's `tokenGroups` are groups.
_NEVER_KEPT = re.compile(r"_claim_sources|(access|refresh|id)[_-]?token|secret|passw(or)?d", re.IGNORECASE)
_COLUMNS = ("user_id", "attributes_sealed", "groups_incomplete", "seen_at")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*")


@dataclass(frozen=True, slots=True)
class Seen:
    """The last word on one member: `attributes` as in an `IdentityAssertion`, less what is never kept."""

    user_id: int
    attributes: Mapping[str, object]
    groups_incomplete: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class KeptAttribute:
    """One attribute as its owner reads it. `used_for` holds `role` and `groups`, or is empty."""

    name: str
    values: tuple[str, ...]
    used_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptOfMember:
    """What one organisation keeps of a member, for the member's own page."""

    org: Organization
    connection: Connection
    attributes: tuple[KeptAttribute, ...]
    seen_at: datetime
    kept_until: datetime


def remember(*, connection: Connection, user: User, assertion: IdentityAssertion, now: datetime) -> None:
    """Keep what a login said of a member, in the login's transaction, unless the organisation says no."""
    policy: SSOPolicy | None = getattr(connection.org, "sso_policy", None)
    if policy is not None and not policy.keeps_attributes:
        return
    text = json.dumps(kept_part_of(assertion.attributes), separators=(",", ":"))
    row = SeenAttributes(
        org_id=connection.org_id,
        connection=connection,
        user=user,
        attributes_sealed=seal(text, context=_context(connection.org_id, connection.pk, user.pk)),
        groups_incomplete=assertion.groups_incomplete,
        seen_at=now,
        expires_at=now + KEEP,
    )
    SeenAttributes.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["connection", "user"],
        update_fields=["attributes_sealed", "groups_incomplete", "seen_at", "expires_at"],
    )


def keeps_attributes(org_id: int) -> bool:
    """Does the organisation keep them? It does unless it says no."""
    return not SSOPolicy.objects.filter(org=org_id, keeps_attributes=False).exists()


@transaction.atomic
def set_keeping(*, org: Organization, keeps: bool, actor: User) -> None:
    """Switch the keeping on or off; off forgets at once what was kept. A login comes wholly before or after it."""
    lock_organisation(org.pk)
    policy, _ = SSOPolicy.objects.get_or_create(org=org)
    if policy.keeps_attributes == keeps:
        return
    policy.keeps_attributes = keeps
    policy.save(update_fields=["keeps_attributes", "changed_at"])
    if not keeps:
        SeenAttributes.objects.filter(org=org).delete()
    audit.record("org.settings.sso", org=org, actor=actor, data={"keeps_attributes": keeps})


def seen_of(*, connection: Connection, user_ids: Collection[int], now: datetime) -> dict[int, Seen]:
    """User id -> last word, of those who have one. One query; ask for no more than some thousand at a time."""
    rows = _current(connection, now).filter(user__in=list(user_ids))
    return {seen.user_id: seen for seen in _opened(connection, rows.values_list(*_COLUMNS))}


def each_seen(*, connection: Connection, now: datetime, newest: int | None = None) -> Iterator[Seen]:
    """Everybody's last word, in batches; or that of the `newest` logins only, the latest first."""
    if newest is not None:
        rows = _current(connection, now).order_by("-seen_at").values_list(*_COLUMNS)
        yield from _opened(connection, rows[:newest])
        return
    last = 0
    batches = _current(connection, now).order_by("user").values_list(*_COLUMNS)
    while batch := list(batches.filter(user__gt=last)[:BATCH]):
        yield from _opened(connection, batch)
        last = batch[-1][0]


def seen_for(*, user: User, now: datetime) -> list[KeptOfMember]:
    """What every organisation keeps of a member, for the member's own page, by organisation."""
    return _kept_of(SeenAttributes.objects.filter(user=user, expires_at__gt=now))


def seen_in(*, org: Organization, user: User, now: datetime) -> list[KeptOfMember]:
    """The same of one organisation, for its admins: one for each connection the member has signed in by."""
    return _kept_of(SeenAttributes.objects.filter(org=org, user=user, expires_at__gt=now))


def _kept_of(rows: models.QuerySet[SeenAttributes]) -> list[KeptOfMember]:
    return [
        KeptOfMember(
            org=row.org,
            connection=row.connection,
            attributes=tuple(_kept_attributes(seen.attributes, row.connection)),
            seen_at=row.seen_at,
            kept_until=row.expires_at,
        )
        for row in rows.select_related("org", "connection").order_by("org__name", "pk")
        for seen in _opened(row.connection, [tuple(getattr(row, name) for name in _COLUMNS)])
    ]


def forget(*, org_id: int, user_id: int) -> None:
    """The member left, was removed, or is somebody else at the IdP from now on."""
    SeenAttributes.objects.filter(org=org_id, user=user_id).delete()


def kept_part_of(attributes: Mapping[str, object]) -> dict[str, object]:
    """Attributes without overlong values, without anything like a token, and not nested without end."""
    kept = _kept(attributes, MAX_DEPTH)
    return kept if isinstance(kept, dict) else {}


def flattened(attributes: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every path that holds values, as a mapping would name it, with those values."""
    for name, value in attributes.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from flattened(value, f"{path}.")
        else:
            yield path, tuple(strings_of(value))


def _kept(value: object, depth: int) -> object:
    """The same without what is dropped; None for what is dropped itself."""
    if isinstance(value, str):
        return None if len(value) > MAX_VALUE_LENGTH or _JWT.fullmatch(value) else value
    if isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        parts = {
            str(name): _kept(item, depth - 1)
            for name, item in value.items()
            if not _NEVER_KEPT.search(str(name)) and len(str(name)) <= MAX_VALUE_LENGTH
        }
        return {name: part for name, part in parts.items() if part is not None}
    if isinstance(value, list | tuple):
        items = [_kept(item, depth - 1) for item in value]
        return [item for item in items if item is not None]
    return None


def _kept_attributes(attributes: Mapping[str, object], connection: Connection) -> Iterator[KeptAttribute]:
    for path, values in flattened(attributes):
        used_for = []
        if connection.role_mapping_enabled and path == connection.role_attribute:
            used_for.append("role")
        if connection.group_mapping_enabled and path == connection.group_attribute:
            used_for.append("groups")
        yield KeptAttribute(name=path, values=values, used_for=tuple(used_for))


def _current(connection: Connection, now: datetime) -> models.QuerySet[SeenAttributes]:
    return SeenAttributes.objects.filter(connection=connection, expires_at__gt=now)


def _opened(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> Iterator[Seen]:
    """Rows of _COLUMNS. One that no key of ours opens any more counts as not kept: the next login writes it anew."""
    for user_id, sealed, groups_incomplete, seen_at in rows:
        try:
            text = unseal(sealed, context=_context(connection.org_id, connection.pk, user_id))
        except CannotUnseal:
            continue
        yield Seen(user_id, json.loads(text), groups_incomplete, seen_at)


def _context(org_id: int, connection_id: int, user_id: int) -> str:
    return f"seen_attributes:{org_id}:{connection_id}:{user_id}"
