"""A recovery session is for repairing single sign-on: it opens nothing that tells about other members."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import Membership
from orgs.roles import Role
from sso.enforcing import recovery, reporting
from sso.mapping import seen_attributes
from sso.models import LinkedIdentity, SSOSession
from tests.builders import (
    give_recovery_codes,
    live_revision,
    make_assertion,
    make_member,
    make_sso_session,
    make_user,
)
from tests.conftest import World, log_in, log_in_with_sso
from tests.sso.settings.conftest import record_pass
from tests.sso.settings.mapping_pages import rows
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


def test_lists_say_how_many_and_not_who(olivia: Recovering) -> None:
    """Nina is a collaborator, Uma not linked, Otto another admin; Max was refused, blocked and reported."""
    world = olivia.world
    make_member(world.acme, make_user("uma@acme.example"))
    make_member(world.acme, make_user("otto@acme.example"), role=Role.ADMIN)
    said = make_assertion(world.acme_idp, attributes={"groups": ["eng"], "band": [SECRET]})
    seen_attributes.remember(
        connection=world.acme_idp, user=world.max.user, assertion=said, now=timezone.now()
    )
    trace = refuse(world.acme_idp, world.max.user)
    trace.admin_detail = "The IdP says max@acme.example"
    trace.save()
    reporting.record(org=world.acme, user_id=world.max.user_id, path="/orgs/acme/", channel="html")
    uid = world.acme_idp.uid
    mapping = olivia.client.post(
        reverse("sso:mapping", args=["acme", uid]),
        {"is_enabled": "on", "attribute": "groups", **rows({"value": "eng", "role": "write"}), "show": "all"},
    )
    pages = {
        "unlinked": olivia.get("unlinked"),
        "collaborators": olivia.get("collaborators"),
        "reported": olivia.get("reported"),
        "codes": olivia.get("recovery_codes"),
        "refusals": olivia.get("refusals"),
        "refusal": olivia.get("refusal", trace.reference),
        "activity": olivia.get("activity"),
        "mapping": olivia.get("mapping", uid),
        "preview": mapping,
    }
    names = ("max@acme", "nina@", "uma@", "otto@", "Max", "Nina", SECRET)
    assert {name: page.status_code for name, page in pages.items() if page.status_code != 200} == {}
    assert [(name, who) for name, page in pages.items() for who in names if who in page.text] == []
    assert [name for name, page in pages.items() if "how many, and not who" not in page.text] == []
    assert mapping.context["summary"]["gain"] == 1
    log_in_with_sso(olivia.client, world.olivia)
    assert "uma@acme.example" in olivia.get("unlinked").text


def test_searching_for_a_person_finds_nothing_out(olivia: Recovering) -> None:
    trace = refuse(olivia.world.acme_idp, olivia.world.max.user)

    def found(search: str) -> bool:
        page = olivia.client.get(reverse("sso:refusals", args=["acme"]), {"reference": search})
        return trace.reference in page.text

    assert (found("max@acme.example"), found(trace.reference)) == (False, True)
    assert "person" not in olivia.get("activity").context["form"].fields
    assert "Reference or code" in olivia.get("refusals").text


def test_collaborators_are_not_changed_and_no_member_is_found_out(olivia: Recovering) -> None:
    world = olivia.world

    def add(email: str) -> Any:
        return olivia.client.post(reverse("sso:collaborators", args=["acme"]), {"email": email})

    assert olivia.get("collaborators").context["count"].count == 1
    others = [add(email).context["form"].errors["email"] for email in ("max@acme.example", "no@body.example")]
    assert others[0] == others[1] == ["Authenticate first: a recovery session does not change who is exempt."]
    removed = olivia.client.post(reverse("sso:collaborators", args=["acme"]), {"remove": world.nina.pk})
    assert removed.status_code == 403


def test_a_test_that_met_another_account_does_not_say_whose(olivia: Recovering) -> None:
    world = olivia.world
    test = record_pass(live_revision(world.acme_idp), world.olivia.user)
    link = {"kind": "subject_taken", "subject": "s-1", "account": "Max", "email": "max@acme.example"}
    test.details = {"subject": "s-1", "emails": [], "issuer": "https://idp", "link": link}
    test.save()
    page = olivia.get("revision_test", world.acme_idp.uid, test.pk).text
    assert "linked to another account" in page
    assert "max@acme.example" not in page
