"""What is kept of what an IdP said: sealed, bound to its member, for 30 days, and only where it is wanted."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from hubsso.crypto import CannotUnseal, unseal
from orgs import members
from orgs.models import AuditEvent
from sso import login
from sso.mapping import seen_attributes
from sso.members import member_access
from sso.models import Connection, LinkedIdentity, SeenAttributes
from tests.builders import make_assertion, make_attempt, make_connection
from tests.conftest import World

GROUPS = {"groups": ["eng", "all"], "sub": "subject-1"}


def sign_in(world: World, **assertion: Any) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    said = make_assertion(world.acme_idp, **{"attributes": GROUPS, **assertion})
    login.complete_login(attempt=attempt, assertion=said, now=timezone.now())


def seen_of_max(world: World) -> seen_attributes.Seen | None:
    return last_word(world.acme_idp, world.max.user, now=timezone.now())


def last_word(connection: Connection, user: User, *, now: datetime) -> seen_attributes.Seen | None:
    return seen_attributes.seen_of(connection=connection, user_ids=[user.pk], now=now).get(user.pk)


def test_a_login_is_remembered_and_the_next_one_takes_its_place(world: World) -> None:
    sign_in(world)
    sign_in(world, attributes={"groups": ["sales"]}, groups_incomplete=True)
    seen = seen_of_max(world)
    assert seen is not None
    assert (seen.attributes, seen.groups_incomplete) == ({"groups": ["sales"]}, True)
    assert SeenAttributes.objects.count() == 1


def test_it_is_sealed_for_its_own_member_and_connection(world: World) -> None:
    sign_in(world)
    row = SeenAttributes.objects.get()
    assert "eng" not in row.attributes_sealed
    with pytest.raises(CannotUnseal):
        unseal(row.attributes_sealed, context="seen_attributes:1:1:999")
    SeenAttributes.objects.update(user=world.olivia.user)
    now = timezone.now()
    assert last_word(world.acme_idp, world.olivia.user, now=now) is None
    assert seen_attributes.seen_for(user=world.olivia.user, now=now) == []


def test_after_30_days_it_counts_no_more(world: World) -> None:
    sign_in(world)
    SeenAttributes.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert seen_of_max(world) is None
    assert list(seen_attributes.each_seen(connection=world.acme_idp, now=timezone.now())) == []


def test_switched_off_it_is_forgotten_at_once_and_kept_no_more(world: World) -> None:
    sign_in(world)
    seen_attributes.set_keeping(org=world.acme, keeps=False, actor=world.olivia.user)
    assert not SeenAttributes.objects.exists()
    sign_in(world)
    assert not SeenAttributes.objects.exists()
    entry = AuditEvent.objects.filter(org=world.acme, event="org.settings.sso").get()
    assert entry.data == {"keeps_attributes": False}


def test_whoever_is_removed_or_unlinked_leaves_nothing_behind(world: World) -> None:
    sign_in(world)
    identity = LinkedIdentity.objects.get(user=world.max.user)
    member_access.unlink_identity(identity=identity, actor=world.olivia.user)
    assert not SeenAttributes.objects.exists()
    sign_in(world)
    members.remove_member(membership=world.max, actor=world.olivia.user)
    assert not SeenAttributes.objects.exists()


def test_overlong_values_and_whatever_looks_like_a_token_are_not_kept() -> None:
    deep: dict[str, Any] = {"end": "x"}
    for _ in range(2000):
        deep = {"in": deep}
    kept = seen_attributes.kept_part_of(
        {
            "groups": ["eng", "v" * 501, {"name": "x"}],
            "jwt": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
            "_claim_sources": {"src1": {"endpoint": "https://x", "access_token": "t"}},
            "profile": {"access_token": "t", "team": "core", "level": 3, "is_staff": True, "none": None},
            "deep": deep,
        }
    )
    assert "end" not in str(kept.pop("deep"))
    assert kept == {
        "groups": ["eng", {"name": "x"}],
        "profile": {"team": "core", "level": 3, "is_staff": True},
    }


def test_paths_are_listed_as_a_mapping_would_name_them() -> None:
    attributes = {"realm_access": {"roles": ["a", "b"]}, "urn:oid:1.2": ["x"], "is_staff": True}
    assert dict(seen_attributes.flattened(attributes)) == {
        "realm_access.roles": ("a", "b"),
        "urn:oid:1.2": ("x",),
        "is_staff": ("true",),
    }


def test_a_member_reads_what_is_kept_of_them_and_what_for(world: World) -> None:
    world.acme_idp.role_mapping_enabled, world.acme_idp.role_attribute = True, "groups"
    world.acme_idp.save()
    sign_in(world)
    (kept,) = seen_attributes.seen_for(user=world.max.user, now=timezone.now())
    assert (kept.org, kept.connection) == (world.acme, world.acme_idp)
    assert [(each.name, each.values, each.used_for) for each in kept.attributes] == [
        ("groups", ("eng", "all"), ("role",)),
        ("sub", ("subject-1",), ()),
    ]
    assert kept.kept_until - kept.seen_at == timedelta(days=30)
    assert seen_attributes.seen_for(user=world.olivia.user, now=timezone.now()) == []


def test_another_connections_word_is_not_this_ones(world: World) -> None:
    sign_in(world)
    other = make_connection(world.acme)
    now = timezone.now()
    assert last_word(other, world.max.user, now=now) is None


def test_everybody_is_walked_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_attributes, "BATCH", 1)
    now = timezone.now()
    for member in (world.max, world.olivia):
        seen_attributes.remember(
            connection=world.acme_idp,
            user=member.user,
            assertion=make_assertion(world.acme_idp, attributes=GROUPS),
            now=now,
        )
    found = seen_attributes.each_seen(connection=world.acme_idp, now=now)
    assert [seen.user_id for seen in found] == [world.olivia.user_id, world.max.user_id]
    assert len(list(seen_attributes.each_seen(connection=world.acme_idp, now=now, newest=1))) == 1


def test_a_login_says_when_the_member_last_passed(world: World) -> None:
    sign_in(world)
    world.max.refresh_from_db()
    assert world.max.last_sso_at is not None
