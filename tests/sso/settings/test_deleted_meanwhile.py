"""A connection that another admin deletes between a page's look-up and its change: not found, never an error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.models.signals import post_init
from django.utils import timezone

from accounts.models import User
from orgs.roles import Role
from sso import connections, key_pairs
from sso.connections import OIDCConfiguration
from sso.mapping import mappings
from sso.mapping.mappings import preview_stamp
from sso.mapping.role_mapping import GroupMapping, RoleMapping
from sso.models import Connection, Revision
from sso.settings_errors import ConnectionGone
from tests.builders import make_connection
from tests.sso.settings.conftest import AcmeSettings

OP = "https://op.acme.example"
NO_ROWS = {"form-TOTAL_FORMS": 0, "form-INITIAL_FORMS": 0}


@pytest.fixture
def connection(acme: AcmeSettings) -> Connection:
    return make_connection(acme.org)


def save_a_draft(connection: Connection, revision: Revision, actor: User) -> None:
    configuration = OIDCConfiguration(issuer=OP, client_id="hubsso", client_secret="s3cret")
    connections.save_draft(
        connection=connection, configuration=configuration, actor=actor, now=timezone.now()
    )


def put_back(connection: Connection, revision: Revision, actor: User) -> None:
    connections.put_back(connection=connection, revision=revision, actor=actor, now=timezone.now())


def go_live(connection: Connection, revision: Revision, actor: User) -> None:
    connections.go_live(connection=connection, revision=revision, actor=actor, now=timezone.now())


def rename(connection: Connection, revision: Revision, actor: User) -> None:
    connections.rename_connection(connection=connection, name="New name", actor=actor)


def switch_off(connection: Connection, revision: Revision, actor: User) -> None:
    connections.switch_off(connection=connection, actor=actor)


def switch_on(connection: Connection, revision: Revision, actor: User) -> None:
    connections.switch_on(connection=connection, actor=actor)


def delete(connection: Connection, revision: Revision, actor: User) -> None:
    connections.delete_connection(connection=connection, actor=actor, unlink_members=True)


def save_domains(connection: Connection, revision: Revision, actor: User) -> None:
    mappings.save_email_domains(connection=connection, domains=["acme.example"], actor=actor)


def save_a_role_mapping(connection: Connection, revision: Revision, actor: User) -> None:
    rows = [mappings.RoleRow("boss", Role.ADMIN)]
    mappings.save_role_mapping(
        connection=connection, is_enabled=True, attribute="groups", rows=rows, actor=actor, now=timezone.now()
    )


def save_a_group_mapping(connection: Connection, revision: Revision, actor: User) -> None:
    mappings.save_group_mapping(
        connection=connection, is_enabled=False, attribute="groups", rows=[], actor=actor
    )


def remove_old_keys(connection: Connection, revision: Revision, actor: User) -> None:
    key_pairs.remove_old(connection=connection, actor=actor)


@pytest.mark.parametrize(
    "change",
    [
        save_a_draft,
        put_back,
        go_live,
        rename,
        switch_off,
        switch_on,
        delete,
        save_domains,
        save_a_role_mapping,
        save_a_group_mapping,
        remove_old_keys,
    ],
)
def test_nothing_of_a_deleted_connection_is_changed_or_recorded(
    acme: AcmeSettings, connection: Connection, change: Callable[[Connection, Revision, User], None]
) -> None:
    revision = connection.revisions.get()
    Connection.objects.filter(pk=connection.pk).delete()
    before = acme.org.audit_events.count()
    with pytest.raises(ConnectionGone):
        change(connection, revision, acme.admin)
    assert acme.org.audit_events.count() == before


@contextmanager
def deleted_once_found(connection: Connection) -> Iterator[None]:
    """The other admin's click comes right after the view has found the connection."""

    def delete_it(instance: Connection, **_: Any) -> None:
        post_init.disconnect(delete_it, sender=Connection)
        Connection.objects.filter(pk=instance.pk).delete()

    post_init.connect(delete_it, sender=Connection)
    try:
        yield
    finally:
        post_init.disconnect(delete_it, sender=Connection)


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("connection_delete", {}),
        ("connection_delete", {"unlink_members": "on", "accepts_lock_out": "on"}),
        ("connection_rename", {"name": "New name"}),
        ("connection_switch", {}),
        ("domains", {"domains": "acme.example"}),
        ("mapping", {**NO_ROWS, "save": "", "previewed": preview_stamp(RoleMapping(False, "", ()))}),
        ("group_mapping", {**NO_ROWS, "save": "", "previewed": preview_stamp(GroupMapping(False, "", ()))}),
    ],
)
def test_the_later_admin_is_answered_that_it_is_not_there(
    acme: AcmeSettings, connection: Connection, page: str, fields: dict[str, Any]
) -> None:
    with deleted_once_found(connection):
        response = acme.post(page, connection.uid, **fields)
    assert response.status_code == 404
    assert not Connection.objects.exists()
    assert acme.post(page, connection.uid, **fields).status_code == 404


def test_a_member_on_the_way_to_it_is_answered_that_it_is_not_there(
    acme: AcmeSettings, connection: Connection
) -> None:
    with deleted_once_found(connection):
        response = acme.client.get("/orgs/acme/sso/")
    assert response.status_code == 404
