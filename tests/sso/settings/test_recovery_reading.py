"""A recovery session is for repairing single sign-on: it opens nothing that tells about other members."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import Membership
from sso.enforcing import recovery
from sso.mapping import seen_attributes
from sso.models import LinkedIdentity, SSOSession
from tests.builders import give_recovery_codes, live_revision, make_assertion, make_sso_session
from tests.conftest import World, log_in, log_in_with_sso
from tests.sso.settings.conftest import record_pass
from tests.sso.test_changing_members import came_as
from tests.sso.test_refusal_claims import refuse

SECRET = "salary-band-marker"


@dataclass(frozen=True, slots=True)
class Recovering:
    """Olivia in a browser, with a recovery session and no SSO session."""

    world: World
    client: Client

    def get(self, name: str, *args: Any) -> Any:
        return self.client.get(reverse(f"sso:{name}", args=["acme", *args]))

    def post(self, name: str, *args: Any) -> Any:
        return self.client.post(reverse(f"sso:{name}", args=["acme", *args]))


def recover(client: Client, world: World) -> None:
    browser = log_in(client, world.olivia.user)
    code = give_recovery_codes(world.olivia)[0]
    recovery.redeem(
        org=world.acme, user=world.olivia.user, code=code, browser_session=browser, now=timezone.now()
    )


@pytest.fixture
def olivia(client: Client, world: World) -> Recovering:
    for membership in (world.max, world.olivia):
        make_sso_session(membership, browser_session=f"of-{membership.user}")
    recover(client, world)
    return Recovering(world, client)


def identity_of(membership: Membership) -> LinkedIdentity:
    return LinkedIdentity.objects.get(user=membership.user)


def test_another_members_page_and_link_stay_closed_and_ones_own_open(olivia: Recovering) -> None:
    world = olivia.world
    said = make_assertion(world.acme_idp, attributes={"band": [SECRET]})
    seen_attributes.remember(
        connection=world.acme_idp, user=world.max.user, assertion=said, now=timezone.now()
    )
    traces = [came_as(world, membership, f"new-{membership.pk}") for membership in (world.max, world.olivia)]
    theirs = [
        olivia.get("member", world.max.pk),
        olivia.get("identity_unlink", identity_of(world.max).pk),
        olivia.post("identity_unlink", identity_of(world.max).pk),
        olivia.get("relink", traces[0].reference),
        olivia.post("relink", traces[0].reference),
        olivia.get("unlinked_csv"),
        olivia.get("sessions"),
        olivia.post("session_end", SSOSession.objects.get(user=world.max.user).pk),
        olivia.post("sessions_end_all", world.max.user_id),
    ]
    assert {response.status_code for response in theirs} == {403}
    assert not [response for response in theirs if SECRET in response.text or "max@acme" in response.text]
    assert identity_of(world.max).subject == f"subject-{world.max.user_id}"
    assert SSOSession.objects.filter(user=world.max.user).exists()
    assert olivia.get("member", world.olivia.pk).status_code == 200
    assert olivia.get("relink", traces[1].reference).status_code == 200
    assert olivia.post("identity_unlink", identity_of(world.olivia).pk).status_code == 302


def test_claims_of_others_are_withheld_in_refusals_and_tests(olivia: Recovering) -> None:
    world = olivia.world
    refused = [refuse(world.acme_idp, who.user).reference for who in (world.max, world.olivia)]
    tests = [record_pass(live_revision(world.acme_idp), who.user) for who in (world.max, world.olivia)]
    for test in tests:
        test.details = {"subject": "x"}
        test.seal_claims([{"name": "badge", "values": ["badge-4711"], "uses": []}])
        test.save()

    def shown() -> list[bool]:
        pages = [olivia.get("refusal", reference) for reference in refused]
        pages += [olivia.get("revision_test", world.acme_idp.uid, test.pk) for test in tests]
        assert {page.status_code for page in pages} == {200}
        return ["badge-4711" in page.text for page in pages]

    assert shown() == [False, True, False, True]
    log_in_with_sso(olivia.client, world.olivia)
    assert all(shown())
