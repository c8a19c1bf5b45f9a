"""What has expired goes by the way, a few at a time and at little cost, with no `prune` run."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection as database
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sso import errors, replay
from sso.expired import MAX_ROWS
from sso.models import ConsumedMessage, RefusalTrace
from sso.refusals import record_refusal
from sso.types import MessageKind
from tests.conftest import World

NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=30)

Write = Callable[[World, str], object]


def consume(world: World, name: str, *, usable_until: datetime = NOW + timedelta(minutes=5)) -> bool:
    return replay.use_up(
        org_id=world.acme.pk,
        issuer="https://idp.example",
        kind=MessageKind.ASSERTION,
        message_id=name,
        usable_until=usable_until,
        now=NOW,
    )


def refuse(world: World, name: str) -> str:
    error = errors.EmailMissing(f"The IdP sent no e-mail address: {name}.")
    return record_refusal(error, connection=world.acme_idp, attempt=None, now=NOW)


KINDS = pytest.mark.parametrize(
    ("write", "model"), [(consume, ConsumedMessage), (refuse, RefusalTrace)], ids=["messages", "traces"]
)


@KINDS
def test_long_expired_rows_go_a_few_at_a_time(world: World, write: Write, model: type[Model]) -> None:
    rows = model._default_manager
    for number in range(MAX_ROWS + 3):
        write(world, f"old-{number}")
    rows.update(expires_at=LONG_AGO)
    for number, left in enumerate((3, 0, 0)):
        write(world, f"new-{number}")
        assert rows.filter(expires_at=LONG_AGO).count() == left
    assert rows.count() == 3


@KINDS
def test_a_write_costs_one_query_more_where_nothing_has_expired(
    world: World, write: Write, model: type[Model]
) -> None:
    write(world, "first")
    with CaptureQueriesContext(database) as captured:
        write(world, "second")
    looked = [query["sql"] for query in captured if f'FROM "{model._meta.db_table}"' in query["sql"]]
    by_expiry = [sql for sql in looked if sql.startswith("SELECT") and '"expires_at" <' in sql]
    assert len(by_expiry) == 1
    assert f"LIMIT {MAX_ROWS}" in by_expiry[0]
    assert not [sql for sql in looked if sql.startswith("DELETE")]


def test_a_message_is_remembered_while_a_clock_may_be_wrong_whatever_others_expire_when(world: World) -> None:
    """Another IdP's word on how long its own message counts forgets nobody else's."""
    assert consume(world, "just-over", usable_until=NOW - replay.KEEP_EXPIRED)
    assert consume(world, "for-ever", usable_until=NOW + timedelta(days=10_000))
    assert not consume(world, "just-over")
