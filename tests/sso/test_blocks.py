"""The gate's block has a reference: always the same for the same block, written down once, and explained under it."""

import html
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import caches
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from orgs.access import Area
from sso import errors
from sso.explaining import blocks
from sso.explaining.decision_steps import explain
from sso.explaining.references import as_typed, new_reference, reference_for
from sso.gate import Who, find_org
from sso.models import Connection, RefusalTrace
from sso.refusals import record_refusal
from sso.return_paths import with_next
from sso.types import Enforcement, SSOProtocol
from tests.builders import make_attempt, make_connection, make_sso_session, set_policy
from tests.conftest import World, log_in, log_in_with_sso

PAGE = "/orgs/acme/"


def reference_of(client: Client, path: str = PAGE) -> str:
    response = client.get(path, headers={"Accept": "application/json"})
    assert response.status_code == 403
    return str(response.json()["reference"])


def why(client: Client, reference: str) -> Any:
    return client.get(f"/orgs/acme/sso/why/{reference}/")


# --- References ----------------------------------------------------------------------------------------


def test_references_look_alike_and_are_found_as_people_type_them() -> None:
    for reference in (new_reference(), reference_for(1, 2, "x")):
        assert len(reference) == 9
        assert not set(reference) & set("01ILOU")
        for typed in (reference, reference.lower(), reference.replace("-", ""), reference.replace("-", " ")):
            assert as_typed(typed) == reference


def test_a_worked_out_reference_depends_on_all_that_it_is_for() -> None:
    assert reference_for(1, 23) == reference_for(1, 23)
    assert (
        len({reference_for(1, 23), reference_for(12, 3), reference_for(1, 2, 3), reference_for(2, 23)}) == 4
    )


# --- The block -----------------------------------------------------------------------------------------


def test_page_and_json_show_a_reference_that_stays(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    reference = reference_of(client)
    assert reference_of(client, "/orgs/acme/r/private-marker/") == reference
    page = client.get(PAGE).content.decode()
    assert reference in page
    assert f'href="/orgs/acme/sso/why/{reference}/?next={quote(PAGE, safe="")}"' in page


def test_who_asks_why_goes_on_to_the_page_they_wanted(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    why = f"/orgs/acme/sso/why/{reference_of(client)}/"
    for asked, kept in ((PAGE, PAGE), ("//evil.example/", "")):
        page = client.get(why, {"next": asked})
        assert page.context["start_url"] == with_next("/orgs/acme/sso/", kept)


def test_it_is_another_in_another_browser_and_for_another_person(world: World) -> None:
    found = set()
    for user in (world.max.user, world.max.user, world.olivia.user):
        client = Client()
        log_in(client, user)
        found.add(reference_of(client))
    assert len(found) == RefusalTrace.objects.count() == 3


def test_the_first_view_is_written_down_and_the_others_cost_nothing(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    client.get(PAGE)
    trace = RefusalTrace.objects.get()
    assert (trace.user, trace.code, trace.fields["area"]) == (world.max.user, "sso_missing", "public")
    with CaptureQueriesContext(database) as captured:
        client.get(PAGE)
    assert not [query for query in captured if "refusaltrace" in query["sql"]]
    caches["throttle"].clear()  # another process meets it
    client.get(PAGE)
    assert RefusalTrace.objects.count() == 1


def test_one_person_can_not_fill_the_table(world: World) -> None:
    for _ in range(35):
        client = Client()
        log_in(client, world.max.user)
        assert reference_of(client)
    assert RefusalTrace.objects.count() == 30


def test_blocks_take_nothing_from_what_is_kept_of_refused_logins(client: Client, world: World) -> None:
    for _ in range(30):
        RefusalTrace.objects.create(
            reference=new_reference(),
            org=world.acme,
            user=world.max.user,
            code="sso_missing",
            admin_detail="-",
            at=timezone.now(),
            expires_at=timezone.now() + timedelta(days=7),
        )
    attempt = make_attempt(world.acme_idp, world.max.user)
    reference = record_refusal(
        errors.EmailMissing("-"), connection=world.acme_idp, attempt=attempt, now=timezone.now()
    )
    assert RefusalTrace.objects.filter(reference=reference).exists()


def test_strangers_and_people_let_in_leave_nothing(client: Client, world: World) -> None:
    client.get(PAGE)
    log_in(client, world.zoe.user)
    client.get(PAGE)
    set_policy(world.acme, Enforcement.REPORT_ONLY)
    log_in(client, world.max.user)
    client.get(PAGE)
    assert not RefusalTrace.objects.exists()


# --- What the person reads -----------------------------------------------------------------------------


def test_the_person_reads_the_steps_and_what_to_do(client: Client, world: World) -> None:
    make_sso_session(
        world.max,
        browser_session=log_in(client, world.max.user),
        expires_at=timezone.now() - timedelta(hours=2),
        org_limit_at=timezone.now() - timedelta(hours=2),
    )
    page = why(client, reference_of(client)).content.decode()
    assert "Your last authentication has expired." in page
    assert "No longer: it ended at" in page
    assert 'href="/orgs/acme/sso/"' in page
    assert "Authenticate for Acme" in page


def test_where_nobody_can_sign_in_the_person_is_sent_to_an_admin(client: Client, world: World) -> None:
    Connection.objects.update(is_enabled=False)
    log_in(client, world.max.user)
    page = why(client, reference_of(client)).content.decode()
    assert "Nobody can sign in to Acme at the moment" in page
    assert "why-detail" not in page  # "no" needs no second one
    assert "Authenticate for" not in page


def test_steps_are_read_in_the_readers_language_whatever_they_were_written_in(world: World) -> None:
    who = Who(user_id=world.max.user_id, browser_session="b")
    gated = find_org("acme", who=who, now=timezone.now(), area=Area.MEMBERS)
    assert gated is not None
    steps = explain(gated.facts, area=Area.MEMBERS, now=timezone.now()).steps
    with translation.override("fr"):
        rows = blocks.stored(steps)
    assert [step.answer_text for step in blocks.restored(rows)] == [step.answer_text for step in steps]


@pytest.mark.parametrize("who", ["olivia", "zoe", "nina"])
def test_a_reference_of_another_is_unknown(client: Client, world: World, who: str) -> None:
    log_in(client, world.max.user)
    reference = reference_of(client)
    other = Client()
    log_in(other, world.person(who))
    answer = why(other, reference)
    assert answer.status_code == 404
    assert "Why was I" not in answer.content.decode()
    assert why(Client(), reference).status_code == 302


def test_what_is_over_a_week_old_is_said_to_be_gone(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    reference = reference_of(client)
    RefusalTrace.objects.update(expires_at=timezone.now())
    answer = why(client, reference)
    assert answer.status_code == 404
    assert "kept for seven days" in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "got_to"),
    [
        (errors.LoginCancelled("-"), 1),
        (errors.EmailNotYours("-"), 3),
        (errors.NotAMember("-"), 4),
        (errors.SubjectLinkedToAnother("-"), 3),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
@pytest.mark.parametrize("protocol", SSOProtocol)
def test_a_refused_login_says_how_far_it_got(
    client: Client, world: World, error: errors.SSOError, got_to: int, protocol: SSOProtocol
) -> None:
    connection = make_connection(world.acme, protocol)
    attempt = make_attempt(connection, world.max.user)
    reference = record_refusal(error, connection=connection, attempt=attempt, now=timezone.now())
    log_in(client, world.max.user)
    page = html.unescape(why(client, reference.lower()).content.decode())
    assert type(error).user_message in page
    assert page.count("why-step is-passed") == got_to
    assert page.count("why-step is-failed") == 1
    assert page.count("why-step is-not_reached") == 4 - got_to


# --- What the admins read ------------------------------------------------------------------------------


def test_admins_read_the_gates_steps(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    reference = reference_of(client, "/orgs/acme/members/")
    log_in_with_sso(client, world.olivia)
    page = client.get(f"/orgs/acme/settings/sso/refusals/{reference}/").content.decode()
    assert "How the gate decided" in page
    assert "SSO session in this browser?" in page
    assert "Max, max@acme.example" in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 3),
        ({"reference": "max@acme"}, 2),
        ({"reference": "Nina"}, 1),
        ({"reference": "EMAIL_MISSING"}, 1),
        ({"reference": "0000"}, 0),
        ({"reason": "gate"}, 1),
        ({"reason": "email_missing"}, 1),
        ({"reason": "gate", "reference": "nina"}, 0),
    ],
)
def test_refusals_are_found_by_reference_person_and_code(
    client: Client, world: World, query: dict[str, str], expected: int
) -> None:
    now = timezone.now()
    for user, error in (
        (world.max.user, errors.EmailMissing("-")),
        (world.nina.user, errors.LoginCancelled("-")),
    ):
        attempt = make_attempt(world.acme_idp, user)
        record_refusal(error, connection=world.acme_idp, attempt=attempt, now=now)
    log_in(client, world.max.user)
    reference = reference_of(client)
    log_in_with_sso(client, world.olivia)
    assert len(client.get("/orgs/acme/settings/sso/refusals/", query).context["refusals"]) == expected
    by_hand = {"reference": reference.replace("-", "").lower()}
    assert len(client.get("/orgs/acme/settings/sso/refusals/", by_hand).context["refusals"]) == 1
