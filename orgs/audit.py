"""The audit log: a catalogue of events and the one way to record them.

An event is `scope.action`. `record` refuses an event that the catalogue does not know. Entries carry who, what,
when and from where, and never a secret, a token or an assertion.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hubsso.request_context import current_ip, current_request_id
from orgs.audit_words import code_in_words, name_in_words
from orgs.models import AuditCounter, AuditEvent, Organization
from orgs.roles import Role, RoleSource

MAX_LABEL = 300

# event -> what the log's page says of it
EVENTS: dict[str, str | Promise] = {
    "org.create": _("created the organisation"),
    "org.update": _("changed the organisation's profile"),
    "org.rename": _("changed the organisation's address"),
    "org.add_user": _("added a member"),
    "org.invite_user": _("invited somebody"),
    "org.revoke_invitation": _("withdrew an invitation"),
    "org.remove_user": _("removed a member"),
    "org.leave": _("left the organisation"),
    "org.change_role": _("changed a role"),
    "org.withhold_role": _("kept a role that the mapping would have taken from the last admin"),
    "org.set_collaborator": _("changed who is an external collaborator"),
    "org.domain.add": _("claimed a domain"),
    "org.domain.verify": _("proved that a domain is the organisation's"),
    "org.domain.update": _("changed what a domain is good for"),
    "org.domain.lose": _("a domain's record was missing for a week: it counts no longer"),
    "org.domain.remove": _("removed a domain"),
    "org.audit.export": _("exported the audit log"),
    "org.audit.retention": _("changed how long the audit log is kept"),
    "org.group.create": _("created a resource group"),
    "org.group.update": _("changed a resource group"),
    "org.group.delete": _("deleted a resource group"),
    "org.group.add_seat": _("gave a seat in a resource group"),
    "org.group.remove_seat": _("took a seat in a resource group"),
    "org.resource.create": _("created a resource"),
    "org.resource.update": _("changed a resource"),
    "org.resource.delete": _("deleted a resource"),
    "org.sso_login": _("authenticated with the identity provider"),
    "org.sso_join": _("joined through single sign-on"),
    "org.sso_refused": _("was refused single sign-on"),
    "org.sso_link": _("was linked to an identity"),
    "org.sso_unlink": _("was unlinked from an identity"),
    "org.sso_relink": _("was linked to another identity"),
    "org.sso_idp_logout": _("was signed out by the identity provider"),
    "org.sso_logout_refused": _("refused an identity provider's sign-out"),
    "org.sso_end_sessions": _("ended single sign-on sessions"),
    "org.sso_groups_incomplete": _("came with an incomplete list of groups; roles were kept"),
    "org.sso_recovery": _("opened a recovery session"),
    "org.sso_recovery_end": _("ended a recovery session"),
    "org.sso_recovery_codes": _("made recovery codes for themselves"),
    "org.sso_remind": _("reminded members to authenticate"),
    "org.settings.sso": _("changed the single sign-on settings"),
    "org.settings.sso.draft": _("saved a draft of a connection"),
    "org.settings.sso.hand_over": _("made a hand-over link for a connection"),
    "org.settings.sso.hand_over_revoke": _("withdrew a hand-over link"),
    "org.settings.sso.certificate": _("took in a certificate that the identity provider announced"),
    "org.settings.sso.test": _("tested a draft of a connection"),
    "org.settings.sso.live": _("made a connection's revision live"),
    "org.settings.sso.confirm": _("confirmed a connection's new revision by signing in through it"),
    "org.settings.sso.fall_back": _("put back the revision before one that was not confirmed"),
    "org.settings.sso.enable": _("switched single sign-on on"),
    "org.settings.sso.disable": _("switched single sign-on off"),
    "org.settings.sso.mapping": _("changed a mapping from the identity provider"),
}


# Where the identity provider's mapping did it, while somebody signed in: not what they did to themselves.
BY_MAPPING: dict[str, str | Promise] = {
    "org.change_role": _("was given a role by the identity provider's mapping"),
    "org.group.add_seat": _("was given a seat in a resource group by the identity provider's mapping"),
    "org.group.remove_seat": _("lost a seat in a resource group by the identity provider's mapping"),
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

_recorded_as: ContextVar[str] = ContextVar("recorded_as", default="")
_RULE_KEYS = frozenset({"value", "role", "group"})


def record(
    event: str,
    *,
    org: Organization,
    actor: User | None,
    label: str = "",
    data: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Append one entry, in the caller's transaction or in its own. Raises KeyError for an unknown event.

    `label` names who it was where it was no account; else whoever `recorded_as` names does.
    """
    EVENTS[event]
    with transaction.atomic(savepoint=False):
        return AuditEvent.objects.create(
            org=org,
            seq=_next_seq(org),
            event=event,
            actor=actor,
            actor_label=(label_of(actor) if actor else label or _recorded_as.get())[:MAX_LABEL],
            at=timezone.now(),
            ip=current_ip(),
            request_id=current_request_id(),
            data=dict(data or {}),
        )


@contextmanager
def recorded_as(label: str) -> Iterator[None]:
    """Name whoever does, without an account, what is recorded within: a command's operator."""
    token = _recorded_as.set(label)
    try:
        yield
    finally:
        _recorded_as.reset(token)


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
        (name_in_words(name), _in_words(value, is_code=name in _CODE_WORDS))
        for name, value in event.data.items()
    )
    return AuditEntry(event=event, label=_label(event), details=details)


def _label(event: AuditEvent) -> str:
    """What an admin switched off names no member: that stays their own doing."""
    if event.data.get("source") == RoleSource.IDP and event.data.get("member") and event.event in BY_MAPPING:
        return str(BY_MAPPING[event.event])
    return str(EVENTS.get(event.event, event.event))


def _in_words(value: object, *, is_code: bool = False) -> str:
    if isinstance(value, Mapping):
        return _mapping_in_words(value, is_code=is_code)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(_in_words(item) for item in value) or gettext("nothing")
    if isinstance(value, str) and _TIME.fullmatch(value):
        return date_format(timezone.localtime(datetime.fromisoformat(value)), "SHORT_DATETIME_ZONE_FORMAT")
    if value in ("", None):
        return gettext("nothing")
    return code_in_words(str(value)) if is_code else str(value)


def _mapping_in_words(value: Mapping[str, object], *, is_code: bool) -> str:
    """A change, a mapping's rule, or names with their values."""
    if value.keys() == {"from", "to"}:
        return f"{_in_words(value['from'], is_code=is_code)} → {_in_words(value['to'], is_code=is_code)}"
    if value.keys() <= _RULE_KEYS and {"value", "role"} <= value.keys():
        return _rule_in_words(value)
    words = (f"{_in_words(name)} → {_in_words(item)}" for name, item in value.items())
    return ", ".join(words) or gettext("nothing")


def _rule_in_words(rule: Mapping[str, object]) -> str:
    words = {"value": _in_words(rule["value"]), "role": _role_in_words(rule["role"])}
    if "group" not in rule:
        return "{value} → {role}".format(**words)
    return gettext("%(value)s → %(role)s in %(group)s") % {**words, "group": _in_words(rule["group"])}


def _role_in_words(value: object) -> str:
    return str(Role(value).label) if value in Role.values else _in_words(value)
