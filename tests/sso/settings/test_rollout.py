"""Before enforcing: whom a step would meet, in numbers, and who has to be reminded to link an identity first."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from hubsso.spreadsheets import harmless
from orgs.models import Membership
from orgs.roles import Role
from sso.enforcing import rollout
from sso.models import LinkReminder
from sso.settings_errors import NoLiveConnection
from sso.types import Enforcement
from tests.builders import make_connection, make_member, make_sso_session, make_user
from tests.sso.settings.conftest import AcmeSettings


@pytest.fixture
def crowd(acme: AcmeSettings) -> AcmeSettings:
    """Olivia has an SSO session, Ines a linked identity, Nina is external, Bot is switched off; Max and Oscar wait."""
    make_connection(acme.org)
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    ines = make_member(acme.org, make_user("ines@acme.example", name="Ines"))
    make_sso_session(ines, browser_session="old", expires_at=timezone.now())
    make_member(acme.org, make_user("nina@partner.example", name="Nina"), is_external_collaborator=True)
    make_member(acme.org, make_user("bot@acme.example", name="Bot", is_active=False))
    return acme


def emails(acme: AcmeSettings) -> list[str]:
    return sorted(membership.user.email for membership in rollout.unlinked_members(acme.org))


def test_numbers_are_of_those_whom_enforcing_meets(crowd: AcmeSettings) -> None:
    counted = rollout.rollout_of(crowd.org, now=timezone.now())
    numbers = [counted.asked, counted.unlinked, counted.authenticated, counted.collaborators]
    assert [number.count for number in numbers] == [4, 2, 1, 1]
    assert emails(crowd) == ["max@acme.example", "oscar@acme.example"]


def test_counting_stops_and_says_so(crowd: AcmeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "COUNT_UP_TO", 3)
    counted = rollout.rollout_of(crowd.org, now=timezone.now())
    assert (counted.asked, counted.unlinked) == (rollout.Number(3, True), rollout.Number(2, False))
    assert "3+ members" in crowd.page("policy")


def test_rules_say_what_each_step_changes(crowd: AcmeSettings) -> None:
    page = crowd.page("policy")
    assert "<strong>4 members</strong> would be asked" in page
    assert "<strong>2</strong> of them have no linked identity yet" in page
    assert "<strong>1</strong> is here now with a live SSO session" in page
    assert "<strong>1 external collaborator</strong> is not asked" in page


@pytest.mark.parametrize("step", list(Enforcement))
def test_ladder_has_what_is_above_and_what_is_below(step: Enforcement) -> None:
    steps = rollout.steps_from(step)
    assert [found.value for found in steps if found.is_current] == [step]
    current = [found.is_current for found in steps].index(True)
    assert [found.is_up for found in steps] == [False] * (current + 1) + [True] * (3 - current)
    assert [found.value for found in steps if found.is_next] == list(Enforcement)[current + 1 : current + 2]


def remind(acme: AcmeSettings, **options: Any) -> rollout.Reminded:
    return rollout.remind(org=acme.org, actor=acme.admin, **{"now": timezone.now(), **options})


def test_reminder_goes_to_whoever_has_no_identity_and_leads_to_the_login(
    crowd: AcmeSettings, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert remind(crowd) == rollout.Reminded(count=2, has_more=False)
    assert sorted(message.to[0] for message in mail.outbox) == ["max@acme.example", "oscar@acme.example"]
    assert "http://testserver/orgs/acme/sso/" in str(mail.outbox[0].body)
    assert crowd.audit("org.sso_remind") == [{"members": 2}]


def test_once_a_day_whoever_asks(crowd: AcmeSettings) -> None:
    now = timezone.now()
    assert remind(crowd, member_ids=[crowd.max.pk], now=now).count == 1
    assert remind(crowd, now=now + timedelta(hours=23)).count == 1
    assert remind(crowd, now=now + timedelta(hours=24)).count == 1
    assert remind(crowd, now=now + timedelta(hours=25)).count == 0
    assert LinkReminder.objects.count() == 2


def test_nobody_is_reminded_of_a_login_that_does_not_work(crowd: AcmeSettings) -> None:
    crowd.org.connections.update(is_enabled=False)
    with pytest.raises(NoLiveConnection):
        remind(crowd)
    page = crowd.page("unlinked")
    assert "before a connection is live" in page
    assert "Remind all" not in page
    assert (
        "Make a connection live first"
        in crowd.client.post(crowd.url("unlinked"), {"everybody": "on"}, follow=True).content.decode()
    )


def test_many_are_reminded_some_at_a_time(crowd: AcmeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "REMIND_AT_ONCE", 1)
    assert [remind(crowd) for _ in range(3)] == [
        rollout.Reminded(1, True),
        rollout.Reminded(1, False),
        rollout.Reminded(0, False),
    ]


def test_linked_external_and_switched_off_people_are_reminded_by_no_choice(crowd: AcmeSettings) -> None:
    others = Membership.objects.exclude(pk__in=[crowd.max.pk, crowd.oscar.pk])
    assert remind(crowd, member_ids=list(others.values_list("pk", flat=True))).count == 0


# --- The page and the file -----------------------------------------------------------------------------


def test_page_goes_by_key_and_sets_collaborators_apart(
    crowd: AcmeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sso.views.settings_unlinked.PAGE_SIZE", 1)
    first = crowd.get("unlinked").context
    assert [row.user.email for row in first["members"]] == ["oscar@acme.example"]
    assert [row.user.email for row in first["collaborators"]] == ["nina@partner.example"]
    second = crowd.client.get(first["next_url"]).context
    assert [row.user.email for row in second["members"]] == ["max@acme.example"]
    assert second["next_url"] == ""


def test_page_reminds_the_ticked_and_shows_when(crowd: AcmeSettings) -> None:
    crowd.post("unlinked", member=[crowd.max.pk])
    assert [reminder.user for reminder in LinkReminder.objects.all()] == [crowd.max.user]
    assert crowd.page("unlinked").count("Reminded ") == 1
    assert "Choose somebody" in crowd.client.post(crowd.url("unlinked"), follow=True).content.decode()
    crowd.post("unlinked", everybody="on")
    assert LinkReminder.objects.count() == 2


def test_empty_page_says_that_everybody_is_linked(acme: AcmeSettings) -> None:
    Membership.objects.exclude(pk=acme.olivia.pk).delete()
    make_connection(acme.org)
    make_sso_session(acme.olivia, browser_session="x")
    assert "Everybody is linked" in acme.page("unlinked")


def test_file_is_streamed_and_runs_nothing_in_a_spreadsheet(
    crowd: AcmeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "CSV_BATCH", 1)
    crowd.max.user.name = '=HYPERLINK("https://evil.example")'
    crowd.max.user.save()
    response = crowd.get("unlinked_csv")
    assert response.streaming
    assert 'filename="acme-unlinked-members.csv"' in response["Content-Disposition"]
    text = response.getvalue().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[:3] for row in rows] == [
        ["Name", "E-mail", "Role"],
        ["Oscar", "oscar@acme.example", Role.ADMIN],
        ['\'=HYPERLINK("https://evil.example")', "max@acme.example", Role.READ],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_formulas_are_made_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Max", "a=1", "1-1"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text
