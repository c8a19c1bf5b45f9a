"""An assertion and an attempt count once, also when two ask at the same time."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sso import replay
from sso.models import ConsumedMessage
from sso.types import MessageKind
from tests.builders import make_org
from tests.sso.saml.conftest import GlobexLogin

ISSUER = "https://idp.globex.example"


def use(org_id: int, **fields: Any) -> bool:
    return replay.use_up(
        **{
            "org_id": org_id,
            "issuer": ISSUER,
            "kind": MessageKind.ASSERTION,
            "message_id": "_a",
            "usable_until": timezone.now() + timedelta(minutes=5),
            "now": timezone.now(),
            **fields,
        }
    )


@pytest.mark.django_db
def test_assertion_is_used_once() -> None:
    org = make_org()
    assert use(org.pk)
    assert not use(org.pk)


@pytest.mark.django_db
def test_same_id_of_another_issuer_kind_or_organisation_is_another_message() -> None:
    org, other = make_org(), make_org()
    assert use(org.pk)
    assert use(org.pk, issuer="https://other.example")
    assert use(org.pk, message_id="_A")
    assert use(org.pk, kind=MessageKind.LOGOUT_REQUEST)
    assert use(other.pk)


def test_assertion_is_remembered_until_nobody_would_take_it(globex: GlobexLogin) -> None:
    globex.sign_in()

    consumed = ConsumedMessage.objects.get()
    assert consumed.org == globex.org
    lifetime = consumed.expires_at - timezone.now()
    assert timedelta(seconds=350) < lifetime <= timedelta(seconds=360)
