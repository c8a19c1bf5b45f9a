"""The audit log's numbering, catalogue and words."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from orgs import audit, organisations
from orgs.models import AuditEvent
from orgs.models.audit import AppendOnly
from tests.builders import make_member, make_org, make_user

pytestmark = pytest.mark.django_db


def test_unknown_event_is_an_error() -> None:
    with pytest.raises(KeyError):
        audit.record("org.typo", org=make_org(), actor=None)


def test_events_count_within_their_organisation() -> None:
    acme, globex = make_org(), make_org()
    for org in (acme, globex, acme):
        audit.record("org.update", org=org, actor=None)
    assert list(AuditEvent.objects.filter(org=acme).order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert AuditEvent.objects.get(org=globex).seq == 1


def test_entry_still_names_an_account_that_is_gone() -> None:
    org, actor = make_org(), make_user("olivia@acme.example", name="Olivia")
    audit.record("org.update", org=org, actor=actor)
    actor.delete()
    event = AuditEvent.objects.get(org=org)
    assert event.actor is None
    assert event.actor_label == "Olivia <olivia@acme.example>"


def test_the_longest_name_and_address_fit() -> None:
    actor = make_user(f"{'e' * 241}@acme.example", name="n" * 150, verified=False)
    event = audit.record("org.update", org=make_org(), actor=actor)
    event.refresh_from_db()
    assert event.actor_label.startswith("n" * 150 + " <eee")


def test_times_and_the_codes_own_words_are_written_for_people() -> None:
    data = {
        "expires_at": "2026-12-01T08:13:43.732338+02:00",
        "limit": "org_timeout",
        "connection": "eng_ops",
    }
    entry = audit.describe(audit.record("org.sso_login", org=make_org(), actor=None, data=data))
    assert entry.details == (
        ("expires at", "1 Dec 2026, 06:13 UTC"),
        ("limit", "org timeout"),
        ("connection", "eng_ops"),
    )


def test_a_mapping_is_written_as_what_gives_what() -> None:
    data = {
        "roles": [{"value": "eng", "role": "write"}, {"value": "ex", "role": "no_access"}],
        "seats": [{"value": "launch", "group": "Research", "role": "read"}],
        "domains": [],
    }
    entry = audit.describe(audit.record("org.settings.sso.mapping", org=make_org(), actor=None, data=data))
    assert entry.details == (
        ("roles", "eng → Write, ex → No access"),
        ("seats", "launch → Read in Research"),
        ("domains", "nothing"),
    )


def test_particulars_in_words() -> None:
    data = {"name": {"from": "", "to": "Acme"}, "is_external_collaborator": True, "groups": ["a", "b"]}
    entry = audit.describe(audit.record("org.update", org=make_org(), actor=None, data=data))
    assert entry.details == (
        ("name", "nothing → Acme"),
        ("is external collaborator", "yes"),
        ("groups", "a, b"),
    )


def change_and_save(event: AuditEvent) -> None:
    event.actor_label = "Somebody else"
    event.save(update_fields=["actor_label"])


def save_a_copy_over_it(event: AuditEvent) -> None:
    copy = AuditEvent(pk=event.pk, org=event.org, seq=event.seq, event="org.leave", at=event.at)
    copy.save()


def delete(event: AuditEvent) -> None:
    event.delete()


def update_rows(event: AuditEvent) -> None:
    AuditEvent.objects.filter(pk=event.pk).update(event="org.leave")


def bulk_update_rows(event: AuditEvent) -> None:
    event.event = "org.leave"
    AuditEvent.objects.bulk_update([event], ["event"])


def delete_rows(event: AuditEvent) -> None:
    AuditEvent.objects.filter(pk=event.pk).delete()


def delete_rows_of_the_organisation(event: AuditEvent) -> None:
    event.org.audit_events.all().delete()


@pytest.mark.parametrize(
    "tamper",
    [
        change_and_save,
        save_a_copy_over_it,
        delete,
        update_rows,
        bulk_update_rows,
        delete_rows,
        delete_rows_of_the_organisation,
    ],
)
def test_entry_is_neither_changed_nor_deleted(tamper: Callable[[AuditEvent], None]) -> None:
    event = audit.record("org.update", org=make_org(), actor=make_user())
    before = AuditEvent.objects.values().get()
    with pytest.raises((AppendOnly, IntegrityError)), transaction.atomic():
        tamper(event)
    assert AuditEvent.objects.values().get() == before


def test_log_goes_with_its_organisation_and_the_server_log_keeps_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    olivia, globex = make_user(), make_org("globex")
    acme = organisations.create_organisation(name="Acme", slug="acme", creator=olivia)
    audit.record("org.update", org=globex, actor=olivia)
    make_member(acme)

    with caplog.at_level("INFO", logger="orgs"):
        organisations.delete_organisation(org=acme, actor=olivia)

    assert [event.org for event in AuditEvent.objects.all()] == [globex]
    (line,) = [record for record in caplog.records if record.getMessage() == "org.delete"]
    assert (line.__dict__["org_slug"], line.__dict__["user_id"]) == ("acme", olivia.pk)
