"""An assertion and an attempt count once, also when two ask at the same time."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sso import replay
from sso.models import ConsumedMessage, LoginAttempt, SSOSession
from sso.types import MessageKind
from tests.builders import make_org
from tests.demo_idp import DemoIdP
from tests.parallel import in_parallel
from tests.sso.saml.conftest import GlobexLogin, make_globex

ISSUER = "https://idp.globex.example"


def use(org_id: int, **fields: Any) -> bool:
    return replay.use_up(
        **{
            "org_id": org_id,
            "issuer": ISSUER,
            "kind": MessageKind.ASSERTION,
            "message_id": "_a",
            "usable_until": timezone.now() + timedelta(minutes=5),
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


def test_assertion_already_used_leaves_the_attempt_open(globex: GlobexLogin) -> None:
    """The same assertion id twice, in answers to two attempts."""
    globex.tenant.next_saml_response(assertion_id="_one-and-the-same")
    globex.sign_in()
    globex.tenant.next_saml_response(assertion_id="_one-and-the-same")

    assert globex.sign_in().status_code == 400
    assert globex.refusals() == ["assertion_replayed"]
    assert LoginAttempt.objects.get(answered_at=None).ticket_hash is None


@pytest.mark.django_db(transaction=True)
def test_response_posted_twice_in_parallel_lets_in_once(demo_idp: DemoIdP, client: Client) -> None:
    globex = make_globex(demo_idp, client)
    answer = globex.go_to_idp()

    responses = in_parallel(lambda: globex.post(answer), times=4)

    assert sorted(response.status_code for response in responses) == [303, 400, 400, 400]
    assert set(globex.refusals()) <= {"assertion_replayed", "attempt_used"}
    (accepted,) = [response for response in responses if response.status_code == 303]
    globex.finish(accepted)
    assert globex.can_read()
    assert SSOSession.objects.count() == 1
    assert ConsumedMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ticket_brought_twice_in_parallel_is_taken_once(demo_idp: DemoIdP, client: Client) -> None:
    globex = make_globex(demo_idp, client)
    finish_url = globex.post(globex.go_to_idp())["Location"]
    cookies = globex.client.cookies

    def finish() -> Any:
        twin = Client()
        twin.cookies = cookies
        return twin.get(finish_url)

    assert sorted(response.status_code for response in in_parallel(finish, times=3)) == [302, 400, 400]
    assert SSOSession.objects.count() == 1
