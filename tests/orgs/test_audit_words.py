"""Whatever is recorded, the audit log's page says it in words, never as a list or a mapping is written in code."""

from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from orgs import audit
from orgs.models import AuditEvent, Membership, Organization

MAX = "Max <max@hooli.example>"
TIME = "2026-12-01T08:13:43.732338+00:00"
CONNECTION = {"connection": "Hooli ID"}
RESOURCE = {"resource": "Runbook", "slug": "runbook", "visibility": "private", "group": "Research"}

# event -> what the product records with it, at its fullest
RECORDED: dict[str, dict[str, Any]] = {
    "org.create": {"name": "Hooli", "slug": "hooli"},
    "org.update": {"name": {"from": "", "to": "Hooli"}, "default_role": {"from": "read", "to": "no_access"}},
    "org.rename": {"address": {"from": "hooli", "to": "hooli-xyz"}},
    "org.add_user": {
        "member": MAX,
        "role": "no_access",
        "source": "invitation",
        "is_external_collaborator": True,
    },
    "org.invite_user": {"email": "max@hooli.example", "role": "read", "is_external_collaborator": True},
    "org.revoke_invitation": {"email": "max@hooli.example", "role": "read"},
    "org.remove_user": {"member": MAX},
    "org.leave": {},
    "org.change_role": {"member": MAX, "role": {"from": "read", "to": "no_access"}, "source": "idp"},
    "org.withhold_role": {"member": MAX, "kept": "admin", "mapped": "no_access", "why": "No mapping matched"},
    "org.set_collaborator": {"member": MAX, "is_external_collaborator": False},
    "org.domain.add": {"domain": "hooli.example"},
    "org.domain.verify": {"domain": "hooli.example"},
    "org.domain.update": {"domain": "hooli.example", "auto_join": True},
    "org.domain.lose": {"domain": "hooli.example"},
    "org.domain.remove": {"domain": "hooli.example", "was_verified": True},
    "org.audit.export": {"format": "csv", "event": "group:logins", "since": "2026-11-01"},
    "org.audit.retention": {"days": {"from": None, "to": 90}},
    "org.group.create": {"group": "Research"},
    "org.group.update": {"group": "Research"},
    "org.group.delete": {"group": "Research"},
    "org.group.add_seat": {"member": MAX, "source": "idp", "groups": ["Research", "Sales"]},
    "org.group.remove_seat": {"source": "idp", "groups": ["Research"], "seats": 3, "why": "switched off"},
    "org.resource.create": RESOURCE,
    "org.resource.update": RESOURCE,
    "org.resource.delete": RESOURCE,
    "org.sso_login": CONNECTION
    | {"revision": 2, "expires_at": TIME, "limit": "saml_session_not_on_or_after", "silent": False},
    "org.sso_join": CONNECTION | {"role": "read"},
    "org.sso_refused": CONNECTION | {"code": "audience_mismatch", "reference": "ABCD-2345"},
    "org.sso_link": CONNECTION | {"issuer": "https://idp.hooli.example", "subject": "00u1"},
    "org.sso_relink": CONNECTION
    | {"member": MAX, "issuer": "https://idp.hooli.example", "reference": "ABCD-2345", "unlinked": MAX}
    | {"subject": {"from": "00u1", "to": "00u2"}},
    "org.sso_unlink": {"member": MAX, "issuer": "https://idp.hooli.example", "subject": "00u1"},
    "org.sso_idp_logout": CONNECTION,
    "org.sso_logout_refused": CONNECTION | {"code": "logout_unsigned", "reference": "ABCD-2345"},
    "org.sso_end_sessions": {"member": MAX, "count": 2},
    "org.sso_groups_incomplete": CONNECTION,
    "org.sso_recovery": {"expires_at": TIME, "source": "own_code"},
    "org.sso_recovery_end": {},
    "org.sso_recovery_codes": {"codes": 10, "replaced": True},
    "org.sso_remind": {"members": 3},
    "org.settings.sso": CONNECTION | {"action": "switch_off", "sessions_ended": 2, "keeps_attributes": False},
    "org.settings.sso.draft": CONNECTION
    | {"revision": 3, "issuer": "https://idp.hooli.example", "copied_from": 1},
    "org.settings.sso.hand_over": CONNECTION | {"for": "Ida of the IT company", "expires_at": TIME},
    "org.settings.sso.hand_over_revoke": CONNECTION | {"for": "Ida of the IT company"},
    "org.settings.sso.certificate": CONNECTION
    | {"revision": 2, "certificate": "CN=Hooli", "fingerprint": "AB:CD", "valid_until": TIME},
    "org.settings.sso.test": CONNECTION | {"revision": 3, "passed": True, "code": ""},
    "org.settings.sso.live": CONNECTION | {"revision": 3, "replaced": None, "confirm_by": TIME},
    "org.settings.sso.confirm": CONNECTION | {"revision": 3},
    "org.settings.sso.fall_back": CONNECTION | {"revision": 3, "restored": 2},
    "org.settings.sso.enable": {"enforcement": {"from": "off", "to": "report_only"}},
    "org.settings.sso.disable": {"enforcement": {"from": "enforced", "to": "off"}},
    "org.settings.sso.mapping": CONNECTION
    | {
        "mapping": "group",
        "enabled": True,
        "attribute": "groups",
        "domains": [],
        "rules": [
            {"value": "launch", "group": "Research", "role": "read"},
            {"value": "ex", "role": "no_access"},
        ],
    },
}
plain_words = st.text(st.characters(exclude_characters="{}[]", exclude_categories=["Cs"]), max_size=12)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), plain_words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(plain_words, inner, max_size=3)),
    max_leaves=8,
)


def test_the_examples_are_of_every_event() -> None:
    assert RECORDED.keys() == audit.EVENTS.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("event", sorted(RECORDED))
def test_page_writes_the_event_in_words(
    client: Client, hooli: Organization, admin: Membership, event: str
) -> None:
    audit.record(event, org=hooli, actor=admin.user, data=RECORDED[event])
    page = client.get("/orgs/hooli/settings/audit/").text
    entries = page[page.index('class="card"') : page.index("<footer")]
    is_mapped = RECORDED[event].keys() >= {"member", "source"} and event in audit.BY_MAPPING
    assert escape(str((audit.BY_MAPPING if is_mapped else audit.EVENTS)[event])) in entries
    for written_as_code in ("{", "[", ">None<", ">True<", ">False<", "no_access", "_only"):
        assert written_as_code not in entries


@given(st.dictionaries(plain_words, json_values, max_size=4))
def test_no_value_is_written_as_code(data: dict[str, Any]) -> None:
    entry = audit.describe(AuditEvent(event="org.update", data=data))
    assert not set("{}[]") & set("".join(text for _, text in entry.details))
