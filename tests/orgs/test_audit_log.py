"""The audit log's page, its export, and how long entries are kept."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs import audit, audit_export, audit_retention
from orgs.audit_export import ExportFormat
from orgs.audit_groups import GROUP_TEXTS, events_in, group_of
from orgs.audit_reading import CHUNK, AuditFilter, entries, in_chunks, seq_at
from orgs.errors import RetentionTooShort
from orgs.models import AuditCounter, AuditEvent, Membership, Organization
from orgs.roles import Role
from tests.builders import make_member, make_org, make_user
from tests.orgs.audit_events_page import PAGE
from tests.orgs.audit_events_page import page as audit_events_page

NOW = timezone.now()
DAY = timedelta(days=1)
URL = "/orgs/hooli/settings/audit/"


@pytest.fixture
def hooli(db: None) -> Organization:
    return make_org("hooli", name="Hooli")


@pytest.fixture
def admin(hooli: Organization, client: Client) -> Membership:
    admin = make_member(hooli, make_user("gavin@hooli.example", name="Gavin"), role=Role.ADMIN)
    client.force_login(admin.user)
    return admin


def write(org: Organization, *ages_in_days: float, event: str = "org.update", **fields: Any) -> None:
    """Entries of these ages, the oldest first, as they would have been numbered."""
    start = AuditEvent.objects.filter(org=org).count() + 1
    AuditEvent.objects.bulk_create(
        AuditEvent(org=org, seq=seq, event=event, at=NOW - age * DAY, **fields)
        for seq, age in enumerate(ages_in_days, start)
    )
    AuditCounter.objects.update_or_create(org=org, defaults={"last_seq": start + len(ages_in_days) - 1})


def numbers(org: Organization, **chosen: Any) -> list[int]:
    return sorted(entry.seq for entry in entries(org, AuditFilter(**chosen)))


# --- Groups and filters --------------------------------------------------------------------------------


def test_every_event_is_in_one_group() -> None:
    grouped = [event for group in GROUP_TEXTS for event in events_in(group)]
    assert sorted(grouped) == sorted(audit.EVENTS)
    assert group_of("org.settings.sso.live") == "settings"
    assert events_in("made up") == []


@pytest.mark.parametrize("gap", [1, 3])
def test_a_time_is_found_among_the_numbers(hooli: Organization, gap: int) -> None:
    """Also where entries in between are gone, and where several were made at one time."""
    ages = [9, 8, 8, 8, 5, 4.5, 1]
    AuditEvent.objects.bulk_create(
        AuditEvent(org=hooli, seq=7 + gap * index, event="org.update", at=NOW - age * DAY)
        for index, age in enumerate(ages)
    )
    for moment in (NOW - age * DAY for age in (10, 9, 8.5, 8, 6, 5, 4.7, 4.5, 2, 1, 0)):
        parting = seq_at(hooli, moment)
        assert all((event.at >= moment) is (event.seq >= parting) for event in AuditEvent.objects.all())


def test_an_empty_log_has_its_times_too(hooli: Organization) -> None:
    assert seq_at(hooli, NOW) == 1
    assert numbers(hooli, since=NOW.date()) == []


def test_entries_are_narrowed(hooli: Organization, admin: Membership) -> None:
    other = make_user("richard@piedpiper.example", name="Richard")
    write(hooli, 30, 20, event="org.update", actor=admin.user)
    write(hooli, 10, event="org.sso_login", actor=other)
    write(hooli, 5, 0.0, event="org.group.create", actor=admin.user)
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [1, 2, 3, 4, 5]),
        ({"event": "org.update"}, [1, 2]),
        ({"event": "group:logins"}, [3]),
        ({"event": "group:made up"}, []),
        ({"actor": "gavin"}, [1, 2, 4, 5]),
        ({"actor": "richard@piedpiper.example"}, [3]),  # no member any more: by the whole address
        ({"actor": "richard"}, []),
        ({"since": (NOW - 20 * DAY).date()}, [2, 3, 4, 5]),
        ({"until": (NOW - 10 * DAY).date()}, [1, 2, 3]),
        ({"since": (NOW - 20 * DAY).date(), "until": (NOW - 5 * DAY).date(), "actor": "gavin"}, [2, 4]),
        ({"since": (NOW + DAY).date()}, []),
    ]
    assert [numbers(hooli, **chosen) for chosen, _ in cases] == [expected for _, expected in cases]


def test_days_are_the_readers_own(hooli: Organization) -> None:
    at = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    AuditEvent.objects.create(org=hooli, seq=1, event="org.update", at=at)
    with timezone.override("Asia/Tokyo"):
        assert numbers(hooli, since=datetime(2026, 3, 11).date()) == [1]  # noqa: DTZ001 - a day
    assert numbers(hooli, since=datetime(2026, 3, 11).date()) == []  # noqa: DTZ001


def test_the_page_takes_filters_and_ignores_what_can_not_be_used(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    write(hooli, 3, 2, 1)
    for query in ({"event": "made.up"}, {"since": "0001-01-01"}, {"until": "9999-12-31"}, {"before": "x"}):
        response = client.get(URL, query)
        assert response.status_code == 200
        assert len(response.context["entries"]) == 3
    assert len(client.get(URL, {"since": f"{NOW - 2 * DAY:%Y-%m-%d}"}).context["entries"]) == 2
    assert "Entries are kept for good." in client.get(URL).text


def test_a_page_costs_the_same_however_long_the_log_is(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            client.get(URL, {"event": "group:people", "actor": "gavin"})
        return len(captured)

    write(hooli, 3)
    cost()  # the first visit of a session writes more
    first = cost()
    write(hooli, *[2] * 300, event="org.leave", actor=admin.user)
    assert cost() == first


# --- Export --------------------------------------------------------------------------------------------


def exported(org: Organization, export_format: ExportFormat, admin: Membership, **chosen: Any) -> str:
    pieces = audit_export.export(
        org=org, chosen=AuditFilter(**chosen), export_format=export_format, actor=admin.user
    )
    return "".join(pieces)


def test_csv_and_json_hold_every_entry_as_it_was_recorded(hooli: Organization, admin: Membership) -> None:
    audit.record("org.update", org=hooli, actor=admin.user, data={"name": {"from": "", "to": "Hooli, Inc."}})
    write(make_org("other"), 1, actor_label="Somebody else")
    rows = list(csv.DictReader(io.StringIO(exported(hooli, ExportFormat.CSV, admin))))
    items = json.loads(exported(hooli, ExportFormat.JSON, admin))
    assert [row["event"] for row in rows] == ["org.update", "org.audit.export"]
    assert [item["seq"] for item in items] == [1, 2, 3]
    assert items[0]["actor"] == "Gavin <gavin@hooli.example>"
    assert items[0]["data"] == json.loads(rows[0]["data"]) == {"name": {"from": "", "to": "Hooli, Inc."}}
    assert datetime.fromisoformat(rows[0]["at"]).tzinfo == UTC


def test_an_export_is_recorded_with_what_it_was_narrowed_to(hooli: Organization, admin: Membership) -> None:
    exported(hooli, ExportFormat.JSON, admin, event="group:logins", since=NOW.date())
    entry = AuditEvent.objects.get(event="org.audit.export")
    assert entry.actor == admin.user
    assert entry.data == {"format": "json", "event": "group:logins", "since": str(NOW.date())}


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1"])
def test_no_cell_begins_like_a_formula(hooli: Organization, admin: Membership, typed: str) -> None:
    write(hooli, 1, actor_label=typed)
    [row, _] = csv.DictReader(io.StringIO(exported(hooli, ExportFormat.CSV, admin), newline=""))
    assert row["actor"] == f"'{typed}"


def test_an_empty_export_is_a_whole_file(hooli: Organization, admin: Membership) -> None:
    nothing = {"until": (NOW - DAY).date()}
    assert json.loads(exported(hooli, ExportFormat.JSON, admin, **nothing)) == []
    assert exported(hooli, ExportFormat.CSV, admin, **nothing).count("\r\n") == 1


def test_a_long_log_is_read_a_chunk_at_a_time(hooli: Organization) -> None:
    """Whatever the length: one query for each thousand, and none before somebody asks for the next."""
    write(hooli, *[1] * (2 * CHUNK + 1))
    with CaptureQueriesContext(database) as captured:
        found = in_chunks(hooli.audit_events.all())
        for _ in range(CHUNK):
            next(found)
        assert len(captured) == 2
        write(hooli, 0)  # is not waited for
        assert len(list(found)) == CHUNK + 1
    assert [query for query in captured if "OFFSET" in query["sql"]] == []


@pytest.mark.parametrize(
    ("export_format", "content_type"), [("csv", "text/csv; charset=utf-8"), ("json", "application/json")]
)
def test_the_page_hands_out_a_file(
    client: Client, hooli: Organization, admin: Membership, export_format: str, content_type: str
) -> None:
    write(hooli, 5, 1)
    response: Any = client.post(f"{URL}export/?since={NOW - 2 * DAY:%Y-%m-%d}", {"format": export_format})
    assert response.streaming
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith('attachment; filename="hooli-audit-')
    assert "no-store" in response["Cache-Control"]
    text = response.getvalue().decode()
    assert text.count("org.update") == 1


def test_two_exports_at_once_are_enough(client: Client, hooli: Organization, admin: Membership) -> None:
    begun: list[Any] = [client.post(f"{URL}export/", {"format": "csv"}) for _ in range(2)]
    assert client.post(f"{URL}export/", {"format": "csv"}).status_code == 429
    request_finished.disconnect(close_old_connections)  # it would close the test's own
    try:
        begun[0].close()  # as the server does when the reader has gone, whatever was read
    finally:
        request_finished.connect(close_old_connections)
    assert client.post(f"{URL}export/", {"format": "csv"}).status_code == 200


def test_a_get_or_an_unknown_format_exports_nothing(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    assert client.get(f"{URL}export/").status_code == 405
    assert client.post(f"{URL}export/", {"format": "exe"}).status_code == 302
    assert not AuditEvent.objects.exists()


# --- How long entries are kept -------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "left"), [(None, 5), (200, 5), (60, 3), (30, 2)])
@pytest.mark.parametrize("is_dry_run", [True, False])
def test_what_is_older_than_it_is_kept_goes(
    hooli: Organization, days: int | None, left: int, is_dry_run: bool
) -> None:
    write(hooli, 100, 70, 40, 29, 1)
    write(make_org("forever"), 100, 70)
    Organization.objects.filter(pk=hooli.pk).update(audit_retention_days=days)
    assert audit_retention.prune(now=NOW, is_dry_run=is_dry_run) == 5 - left
    assert hooli.audit_events.count() == (5 if is_dry_run else left)
    assert AuditEvent.objects.exclude(org=hooli).count() == 2


def test_numbers_go_on_after_entries_were_deleted(hooli: Organization) -> None:
    for _ in range(3):
        audit.record("org.update", org=hooli, actor=None)
    AuditEvent._base_manager.update(at=NOW - 50 * DAY)
    Organization.objects.update(audit_retention_days=30)
    audit_retention.prune(now=NOW, is_dry_run=False)
    assert audit.record("org.update", org=hooli, actor=None).seq == 4


def test_very_many_go_in_batches(hooli: Organization) -> None:
    write(hooli, *[100] * (audit_retention.BATCH + 5), 1)
    Organization.objects.update(audit_retention_days=30)
    assert audit_retention.prune(now=NOW, is_dry_run=False) == audit_retention.BATCH + 5
    assert hooli.audit_events.count() == 1


def test_changing_how_long_is_recorded_and_refused_below_thirty_days(
    hooli: Organization, admin: Membership
) -> None:
    with pytest.raises(RetentionTooShort):
        audit_retention.set_retention(org=hooli, days=29, actor=admin.user)
    for days in (90, 90, None):
        audit_retention.set_retention(org=hooli, days=days, actor=admin.user)
    changes = [entry.data["days"] for entry in hooli.audit_events.order_by("seq")]
    assert changes == [{"from": None, "to": 90}, {"from": 90, "to": None}]


def test_the_page_says_how_long_and_lets_admins_change_it(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    assert "at least" not in client.get(f"{URL}retention/").text
    refused = client.post(f"{URL}retention/", {"days": "7"})
    assert refused.status_code == 200
    assert "greater than or equal to 30" in refused.text
    assert client.post(f"{URL}retention/", {"days": "365"}).status_code == 302
    assert "Entries are deleted after 365 days." in client.get(URL).text
    client.post(f"{URL}retention/", {"days": ""})
    hooli.refresh_from_db()
    assert hooli.audit_retention_days is None


def pages_of(client: Client) -> Iterator[int]:
    yield client.get(URL).status_code
    yield client.post(f"{URL}export/", {"format": "csv"}).status_code
    yield client.post(f"{URL}retention/", {"days": "30"}).status_code


def test_members_who_are_no_admins_get_nothing(client: Client, hooli: Organization) -> None:
    client.force_login(make_member(hooli, role=Role.WRITE).user)
    assert list(pages_of(client)) == [403, 403, 403]
    assert not AuditEvent.objects.exists()


def test_the_list_of_event_names_in_the_docs_is_whole() -> None:
    """`python -m tests.orgs.audit_events_page` writes it."""
    assert PAGE.read_text("utf-8") == audit_events_page()
