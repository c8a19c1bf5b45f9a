"""Several members at once, one member's page, and another identity in the place of the old one."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from orgs import members
from orgs.models import AuditEvent, Membership
from orgs.roles import Role
from sso import login
from sso.errors import AccountLinkedToAnother, SSOError, SubjectLinkedToAnother
from sso.members import relinking
from sso.models import Connection, LinkedIdentity, RefusalTrace, Revision, SSOSession
from sso.refusals import record_refusal
from sso.settings_errors import RelinkEmailRefused, RelinkOutdated, StaleForm
from tests.builders import make_assertion, make_attempt, make_member, make_revision, make_sso_session
from tests.conftest import World, log_in_with_sso

BULK = "/orgs/acme/members/change/"


@pytest.fixture
def olivia(client: Client, world: World) -> Client:
    log_in_with_sso(client, world.olivia)
    return client


def change(client: Client, action: str, *memberships: Membership, **more: Any) -> Any:
    data = {"action": action, "member": [membership.pk for membership in memberships], **more}
    return client.post(BULK, data)


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# --- Several at once -----------------------------------------------------------------------------------


def test_a_change_is_asked_about_first(olivia: Client, world: World) -> None:
    asked = change(olivia, "remove", world.max, world.nina)
    assert [reason for _line, reason in asked.context["rows"]] == ["", ""]
    assert world.acme.memberships.count() == 3
    here = "/orgs/acme/members/?q=a"
    done = change(olivia, "remove", world.max, world.nina, confirmed="yes", next=here)
    assert done["Location"] == here
    assert list(world.acme.memberships.all()) == [world.olivia]


def test_roles_are_set_for_all(olivia: Client, world: World) -> None:
    other = make_member(world.acme)
    assert 'name="role"' in change(olivia, "set_role", world.max, other).text
    assert "This field is required" in change(olivia, "set_role", world.max, confirmed="yes").text
    change(olivia, "set_role", world.max, other, confirmed="yes", role="write")
    assert set(world.acme.memberships.filter(role=Role.WRITE)) == {world.max, other}


@pytest.mark.parametrize(
    ("action", "who", "reason"),
    [
        ("make_collaborator", "olivia", "An admin can&#x27;t be an external collaborator"),
        ("make_collaborator", "nina", "Is an external collaborator already."),
        ("make_member", "max", "Is no external collaborator."),
        ("end_sessions", "max", "Has no live session."),
        ("unlink", "max", "Is not linked."),
        ("remove", "olivia", "An organisation needs at least one admin."),
    ],
)
def test_whom_a_rule_keeps_stays_on_the_list_with_the_reason(
    olivia: Client, world: World, action: str, who: str, reason: str
) -> None:
    asked = change(olivia, action, getattr(world, who)).text
    assert reason in asked
    assert "None of them can be changed this way." in asked
    before = list(Membership.objects.values())
    change(olivia, action, getattr(world, who), confirmed="yes")
    assert list(Membership.objects.values()) == before


def test_roles_that_the_idp_decides_are_locked_but_for_collaborators(olivia: Client, world: World) -> None:
    world.acme_idp.role_mapping_enabled = True
    world.acme_idp.save()
    asked = change(olivia, "set_role", world.max, world.nina)
    assert [bool(reason) for _line, reason in asked.context["rows"]] == [True, False]
    change(olivia, "set_role", world.max, world.nina, confirmed="yes", role="write")
    assert list(world.acme.memberships.filter(role=Role.WRITE)) == [world.nina]


def test_what_can_not_be_done_for_one_is_said_and_done_for_the_others(olivia: Client, world: World) -> None:
    response = change(olivia, "set_role", world.olivia, world.max, confirmed="yes", role="write")
    assert told(response) == [
        "1 member was changed.",
        "Olivia: An organisation needs at least one admin. Make somebody else an admin first.",
    ]


def test_sessions_end_and_links_go(olivia: Client, world: World) -> None:
    make_sso_session(world.max, browser_session="max")
    change(olivia, "end_sessions", world.max, confirmed="yes")
    assert not SSOSession.objects.filter(user=world.max.user).exists()
    change(olivia, "unlink", world.max, confirmed="yes")
    assert not LinkedIdentity.objects.filter(user=world.max.user).exists()


@pytest.mark.parametrize("action", ["set_role", "remove", "unlink"])
def test_members_of_another_organisation_can_not_be_named(olivia: Client, world: World, action: str) -> None:
    before = list(Membership.objects.filter(org=world.globex).values())
    response = change(olivia, action, world.zoe, confirmed="yes", role="read")
    assert told(response) == ["Tick the members first."]
    assert list(Membership.objects.filter(org=world.globex).values()) == before


def test_an_action_nobody_knows_is_not_found(olivia: Client, world: World) -> None:
    assert change(olivia, "promote", world.max).status_code == 404


# --- One member's page ---------------------------------------------------------------------------------


def page_of(client: Client, membership: Membership) -> str:
    response = client.get(f"/orgs/acme/members/{membership.pk}/")
    assert response.status_code == 200
    return response.text


def test_the_page_tells_identity_sessions_and_what_happened(olivia: Client, world: World) -> None:
    session = make_sso_session(world.max, browser_session="max")
    members.change_role(membership=world.max, role=Role.WRITE, actor=world.olivia.user)
    page = page_of(olivia, world.max)
    assert f"subject-{world.max.user_id}" in page
    assert f"/settings/sso/sessions/{session.pk}/end/" in page
    assert "changed a role" in page
    assert "changed a role" not in page_of(olivia, world.nina)


def test_the_browser_of_a_session_is_named(olivia: Client, world: World) -> None:
    browser = Client()
    log_in_with_sso(browser, world.max)
    UserSession.objects.create(
        user=world.max.user,
        session_key=browser.session.session_key,
        ip="127.0.0.1",
        user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    )
    assert "Firefox on Linux" in page_of(olivia, world.max)


def test_a_form_of_the_page_leads_back_to_it_and_nowhere_else(olivia: Client, world: World) -> None:
    here = f"/orgs/acme/members/{world.max.pk}/"
    path = f"{here}role/"
    assert olivia.post(path, {"role": "write", "next": here})["Location"] == here
    for elsewhere in ("//evil.example/", "https://evil.example/", "/orgs/globex/", "/orgs/acme/\\evil"):
        answer = olivia.post(path, {"role": "write", "next": elsewhere})
        assert answer["Location"] == "/orgs/acme/members/"


# --- Another identity ----------------------------------------------------------------------------------


def came_as(world: World, membership: Membership, subject: str, **assertion: Any) -> RefusalTrace:
    """A login as another identity, refused and recorded as the product does it."""
    attempt = make_attempt(world.acme_idp, membership.user)
    said = make_assertion(world.acme_idp, subject=subject, **assertion)
    now = timezone.now()
    with pytest.raises(SSOError) as refused:
        login.complete_login(attempt=attempt, assertion=said, now=now)
    reference = record_refusal(refused.value, connection=world.acme_idp, attempt=attempt, now=now)
    return RefusalTrace.objects.select_related("connection", "user").get(reference=reference)


def replace(world: World, trace: RefusalTrace, **more: Any) -> LinkedIdentity:
    arguments = {"actor": world.olivia.user, "now": timezone.now(), "based_on": None, **more}
    return relinking.replace_identity(trace=trace, **arguments)


def test_a_member_who_came_as_another_identity_is_given_it(olivia: Client, world: World) -> None:
    make_sso_session(world.max, browser_session="max")
    trace = came_as(world, world.max, "new-subject", emails=("max@acme.example",))
    assert trace.code == AccountLinkedToAnother.code
    path = f"/orgs/acme/settings/sso/refusals/{trace.reference}/relink/"
    assert path in page_of(olivia, world.max)
    assert path in olivia.get(f"/orgs/acme/settings/sso/refusals/{trace.reference}/").text
    compared = olivia.get(path)
    assert f"subject-{world.max.user_id}" in compared.text
    assert "new-subject" in compared.text
    olivia.post(path, {"based_on": compared.context["relink"].stamp})
    identity = LinkedIdentity.objects.get(user=world.max.user)
    assert (identity.subject, identity.issuer) == ("new-subject", "https://idp.example.org")
    assert not SSOSession.objects.filter(user=world.max.user).exists()
    entry = AuditEvent.objects.get(org=world.acme, event="org.sso_relink")
    assert entry.data["subject"] == {"from": f"subject-{world.max.user_id}", "to": "new-subject"}
    for page in (page_of(olivia, world.max), olivia.get(path.removesuffix("relink/")).text):
        assert path not in page  # there is nothing left to compare, and Max need not have come yet
    login.complete_login(
        attempt=make_attempt(world.acme_idp, world.max.user),
        assertion=make_assertion(world.acme_idp, subject="new-subject"),
        now=timezone.now(),
    )
    assert "relink" not in page_of(olivia, world.max)


def test_an_identity_that_another_account_has_is_taken_from_it(world: World) -> None:
    make_sso_session(world.max, browser_session="max")
    trace = came_as(world, world.olivia, f"subject-{world.max.user_id}")
    assert trace.code == SubjectLinkedToAnother.code
    replace(world, trace)
    identity = LinkedIdentity.objects.get()
    assert identity.user == world.olivia.user
    entry = AuditEvent.objects.get(org=world.acme, event="org.sso_relink")
    assert entry.data["unlinked"] == "Max <max@acme.example>"
    assert not SSOSession.objects.exists()


def test_the_email_rule_holds_for_the_new_identity_too(world: World) -> None:
    make_sso_session(world.max, browser_session="max")
    world.acme_idp.email_domains = ["acme.example"]
    world.acme_idp.save()
    trace = came_as(world, world.max, "new-subject", emails=("somebody@acme.example",))
    with pytest.raises(RelinkEmailRefused) as refusal:
        replace(world, trace)
    assert refusal.value.code == "relink_email_refused"
    assert LinkedIdentity.objects.get().subject == f"subject-{world.max.user_id}"


@pytest.mark.parametrize(
    ("emails", "refusal"),
    [
        (("max@acme.example",), ""),
        (("somebody@acme.example",), "email_not_yours"),
        (("max@elsewhere.example",), "email_domain_not_allowed"),
        ((), "email_missing"),
        (("max@acme.example", "other@acme.example"), "email_ambiguous"),
    ],
)
def test_the_email_rule_is_the_one_of_now(world: World, emails: tuple[str, ...], refusal: str) -> None:
    make_sso_session(world.max, browser_session="max")
    trace = came_as(world, world.max, "new-subject", emails=emails)
    assert relinking.relink_for(trace).email_refusal == ""
    Connection.objects.filter(pk=world.acme_idp.pk).update(email_domains=["acme.example"])
    assert relinking.relink_for(trace).email_refusal == refusal
    if refusal:
        with pytest.raises(RelinkEmailRefused):
            replace(world, trace)


def gone(world: World, trace: RefusalTrace) -> None:
    members.remove_member(membership=world.max, actor=world.olivia.user)


def another_idp(world: World, trace: RefusalTrace) -> None:
    Revision.objects.filter(connection=world.acme_idp).update(status=Revision.Status.RETIRED)
    make_revision(world.acme_idp, issuer="https://other.example.org")


def another_revision(world: World, trace: RefusalTrace) -> None:
    """Of the same issuer: the word of the one before may be why it was replaced."""
    Revision.objects.filter(connection=world.acme_idp).update(status=Revision.Status.RETIRED)
    make_revision(world.acme_idp)


def switched_off(world: World, trace: RefusalTrace) -> None:
    world.acme_idp.is_enabled = False
    world.acme_idp.save()


def of_a_test(world: World, trace: RefusalTrace) -> None:
    trace.purpose = "test"


def too_old(world: World, trace: RefusalTrace) -> None:
    trace.expires_at = timezone.now() - timedelta(seconds=1)


def without_the_identity(world: World, trace: RefusalTrace) -> None:
    trace.fields = {"linked_user_id": world.max.user_id}


def another_code(world: World, trace: RefusalTrace) -> None:
    trace.code = "email_missing"


@pytest.mark.parametrize(
    "spoil",
    [
        gone,
        another_idp,
        another_revision,
        switched_off,
        of_a_test,
        too_old,
        without_the_identity,
        another_code,
    ],
)
def test_a_refusal_that_says_no_longer_how_things_are_gives_no_identity(world: World, spoil: Any) -> None:
    make_sso_session(world.max, browser_session="max")
    trace = came_as(world, world.max, "new-subject")
    spoil(world, trace)
    with pytest.raises(RelinkOutdated) as refusal:
        replace(world, trace)
    assert refusal.value.code == "relink_outdated"
    assert not LinkedIdentity.objects.filter(subject="new-subject").exists()


def test_links_that_changed_since_the_page_was_opened_are_not_replaced(world: World) -> None:
    make_sso_session(world.max, browser_session="max")
    trace = came_as(world, world.max, "new-subject")
    stamp = relinking.relink_for(trace).stamp
    LinkedIdentity.objects.update(subject="yet-another")
    with pytest.raises(StaleForm):
        replace(world, trace, based_on=stamp)


def test_the_new_identity_stands_in_the_trace_and_in_no_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    make_sso_session(world.max, browser_session="max")
    caplog.set_level("INFO")
    trace = came_as(world, world.max, "new-subject-marker")
    assert trace.fields["offered_subject"] == "new-subject-marker"
    assert not [record for record in caplog.records if "new-subject-marker" in str(record.__dict__)]
