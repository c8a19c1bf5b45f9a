"""The audit log's numbering, catalogue and words."""

import pytest

from orgs import audit
from orgs.models import AuditEvent
from tests.builders import make_org, make_user

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


def test_particulars_in_words() -> None:
    data = {"name": {"from": "", "to": "Acme"}, "is_external_collaborator": True, "groups": ["a", "b"]}
    entry = audit.describe(audit.record("org.update", org=make_org(), actor=None, data=data))
    assert entry.details == (
        ("name", "nothing → Acme"),
        ("is external collaborator", "yes"),
        ("groups", "a, b"),
    )
