"""The audit log: a catalogue of events and the one way to record them.

An event is `scope.action`. `record` refuses an event that the catalogue does not know. Entries carry who, what,
when and from where, and never a secret, a token or an assertion.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from hubsso.request_context import current_ip, current_request_id
from orgs.models import AuditCounter, AuditEvent, Organization
from orgs.roles import Role

MAX_LABEL = 300

# event -> what the log's page says of it
EVENTS: dict[str, str] = {
    "org.create": "created the organisation",
    "org.update": "changed the organisation's profile",
    "org.rename": "changed the organisation's address",
    "org.add_user": "added a member",
    "org.invite_user": "invited somebody",
    "org.revoke_invitation": "withdrew an invitation",
    "org.remove_user": "removed a member",
    "org.leave": "left the organisation",
    "org.change_role": "changed a role",
    "org.withhold_role": "kept a role that the mapping would have taken from the last admin",
    "org.set_collaborator": "changed who is an external collaborator",
    "org.group.create": "created a resource group",
    "org.group.update": "changed a resource group",
    "org.group.delete": "deleted a resource group",
    "org.group.add_seat": "gave a seat in a resource group",
    "org.group.remove_seat": "took a seat in a resource group",
    "org.resource.create": "created a resource",
    "org.resource.update": "changed a resource",
    "org.resource.delete": "deleted a resource",
    "org.sso_login": "authenticated with the identity provider",
    "org.sso_join": "joined through single sign-on",
    "org.sso_refused": "was refused single sign-on",
    "org.sso_link": "was linked to an identity",
    "org.sso_unlink": "was unlinked from an identity",
    "org.sso_idp_logout": "was signed out by the identity provider",
    "org.sso_logout_refused": "refused an identity provider's sign-out",
    "org.sso_end_sessions": "ended single sign-on sessions",
    "org.sso_groups_incomplete": "came with an incomplete list of groups; roles were kept",
    "org.sso_recovery": "opened a recovery session",
    "org.sso_recovery_end": "ended a recovery session",
    "org.sso_recovery_codes": "made recovery codes for themselves",
    "org.settings.sso": "changed the single sign-on settings",
    "org.settings.sso.draft": "saved a draft of a connection",
    "org.settings.sso.certificate": "took in a certificate that the identity provider announced",
    "org.settings.sso.test": "tested a draft of a connection",
    "org.settings.sso.live": "made a connection's revision live",
    "org.settings.sso.confirm": "confirmed a connection's new revision by signing in through it",
    "org.settings.sso.fall_back": "put back the revision before one that was not confirmed",
    "org.settings.sso.enable": "switched single sign-on on",
    "org.settings.sso.disable": "switched single sign-on off",
    "org.settings.sso.mapping": "changed a mapping from the identity provider",
}


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")
# Particulars whose values are words of the code; any other text is shown as it is.
_CODE_WORDS = frozenset(
    {
        "action",
        "default_role",
        "enforcement",
        "kept",
        "limit",
        "mapped",
        "mapping",
        "role",
        "source",
        "visibility",
    }
)

_RULE_KEYS = frozenset({"value", "role", "group"})


def record(
    event: str,
    *,
    org: Organization,
    actor: User | None,
    data: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Append one entry, in the caller's transaction or in its own. Raises KeyError for an unknown event."""
    EVENTS[event]
    with transaction.atomic():
        return AuditEvent.objects.create(
            org=org,
            seq=_next_seq(org),
            event=event,
            actor=actor,
            actor_label=label_of(actor)[:MAX_LABEL] if actor else "",
            at=timezone.now(),
            ip=current_ip(),
            request_id=current_request_id(),
            data=dict(data or {}),
        )


def label_of(user: User) -> str:
    """How entries name a person: `member`, where the event is about somebody, and whoever did it."""
    return f"{user.name} <{user.email}>"


def last_recorded(event: str, *, org: Organization) -> datetime | None:
    """When the organisation's newest entry of this event was made. Reads backwards as far as that entry."""
    entries = AuditEvent.objects.filter(org=org, event=event).order_by("-seq")
    return entries.values_list("at", flat=True).first()


def _next_seq(org: Organization) -> int:
    """Number under the counter's row lock, so that no two events of an organisation share a `seq`."""
    if not AuditCounter.objects.filter(org=org).update(last_seq=F("last_seq") + 1):
        AuditCounter.objects.get_or_create(org=org)
        AuditCounter.objects.filter(org=org).update(last_seq=F("last_seq") + 1)
    return AuditCounter.objects.values_list("last_seq", flat=True).get(org=org)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An event as people read it."""

    event: AuditEvent
    label: str
    details: tuple[tuple[str, str], ...]


def describe(event: AuditEvent) -> AuditEntry:
    """Put an event in words: what happened, and each of its particulars as a name and a text."""
    details = tuple(
        (
            name.replace("_", " "),
            _in_words(value).replace("_", " ") if name in _CODE_WORDS else _in_words(value),
        )
        for name, value in event.data.items()
    )
    return AuditEntry(event=event, label=EVENTS.get(event.event, event.event), details=details)


def _in_words(value: object) -> str:
    if isinstance(value, Mapping):
        return _mapping_in_words(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_in_words(item) for item in value) or "nothing"
    if isinstance(value, str) and _TIME.fullmatch(value):
        return date_format(datetime.fromisoformat(value).astimezone(UTC), "j M Y, H:i") + " UTC"
    return "nothing" if value in ("", None) else str(value)


def _mapping_in_words(value: Mapping[str, object]) -> str:
    """A change, a mapping's rule, or names with their values."""
    if value.keys() == {"from", "to"}:
        return f"{_in_words(value['from'])} → {_in_words(value['to'])}"
    if value.keys() <= _RULE_KEYS and {"value", "role"} <= value.keys():
        seat = f" in {_in_words(value['group'])}" if "group" in value else ""
        return f"{_in_words(value['value'])} → {_role_in_words(value['role'])}{seat}"
    return ", ".join(f"{_in_words(name)} → {_in_words(item)}" for name, item in value.items()) or "nothing"


def _role_in_words(value: object) -> str:
    return Role(value).label if value in Role.values else _in_words(value)
