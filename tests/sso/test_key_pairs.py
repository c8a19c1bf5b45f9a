"""The life of our key pairs for one connection: one signs, the next is published before it does."""

import pytest
from django.utils import timezone

from sso import key_pairs
from sso.errors import ConfigurationUnreadable
from sso.types import KeyPairStatus, SSOProtocol
from tests.builders import make_connection
from tests.conftest import World


def test_a_rollover_publishes_signs_and_forgets_in_that_order(world: World) -> None:
    connection = make_connection(world.acme, SSOProtocol.SAML)
    now, actor = timezone.now(), world.olivia.user
    first = key_pairs.ensure_key_pair(connection, now=now)
    second = key_pairs.add_next(connection=connection, actor=actor, now=now)
    assert key_pairs.signing_key_pair(connection) == first
    assert key_pairs.published_key_pairs(connection) == [first, second]

    assert key_pairs.switch_over(connection=connection, actor=actor)
    assert key_pairs.signing_key_pair(connection) == second
    assert key_pairs.published_key_pairs(connection) == [second]
    assert key_pairs.decrypting_key_pairs(connection) == [second, first]

    assert key_pairs.remove_old(connection=connection, actor=actor)
    assert key_pairs.decrypting_key_pairs(connection) == [second]


def test_steps_out_of_order_do_nothing(world: World) -> None:
    connection = make_connection(world.acme, SSOProtocol.SAML)
    now, actor = timezone.now(), world.olivia.user
    assert key_pairs.add_next(connection=connection, actor=actor, now=now) is None
    first = key_pairs.ensure_key_pair(connection, now=now)
    assert not key_pairs.switch_over(connection=connection, actor=actor)
    assert not key_pairs.remove_old(connection=connection, actor=actor)
    key_pairs.add_next(connection=connection, actor=actor, now=now)
    assert key_pairs.add_next(connection=connection, actor=actor, now=now) is None
    assert connection.key_pairs.count() == 2
    assert key_pairs.ensure_key_pair(connection, now=now) == first


def test_a_connection_without_a_pair_signs_nothing(world: World) -> None:
    with pytest.raises(ConfigurationUnreadable):
        key_pairs.signing_key_pair(make_connection(world.acme, SSOProtocol.SAML))


def test_the_statuses_have_an_order(world: World) -> None:
    assert set(key_pairs._ORDER) == set(KeyPairStatus)
