"""What an IdP's word counts for: matching e-mail domains, the role mapping, the resource-group mapping.

They belong to the connection and hold from the next login on, whichever revision is live.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from hubsso.domain_names import ascii_domain
from orgs import audit
from orgs.domains import verified_names
from orgs.models import Organization, ResourceGroup, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from sso.connection_lock import lock_connection
from sso.mapping.mapping_preview import leaves_no_admin
from sso.mapping.role_mapping import GroupMapping, RoleMapping
from sso.models import Connection, GroupRule, RoleRule
from sso.settings_errors import (
    AdminRuleNeeded,
    AttributeNeeded,
    DomainClaimed,
    DomainInvalid,
    GroupUnknown,
    NoAdminLeft,
    PreviewNeeded,
    RuleRepeated,
    RulesNeeded,
)
from sso.stamps import refuse_stale, stamp_of


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A value of the role attribute, and the role it gives."""

    value: str
    role: Role


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A value of the group attribute, and the seat it gives."""

    value: str
    group: ResourceGroup
    role: Role


@transaction.atomic
def save_email_domains(
    *, connection: Connection, domains: Iterable[str], actor: User | None, based_on: str | None = None
) -> list[str]:
    """Set the matching e-mail domains; none means that no e-mail is compared.

    Two connections of an organisation share no domain: it says which of them a member goes through. Raises
    DomainInvalid, DomainClaimed or StaleForm.
    """
    cleaned = sorted({_clean_domain(domain) for domain in domains})
    refuse_stale(based_on=based_on, now_saved=domains_stamp(lock_connection(connection)))
    _refuse_claimed(connection, cleaned)
    connection.email_domains = cleaned
    connection.save(update_fields=["email_domains"])
    _record(connection, actor, mapping="email_domains", domains=cleaned)
    return cleaned


def proposed_role_mapping(
    *, connection: Connection, is_enabled: bool, attribute: str, rows: Sequence[RoleRow], based_on: str | None
) -> RoleMapping:
    """A role mapping as it can be previewed. While it is on it needs an attribute.

    One without a row that gives Admin is previewed too: what it would do to whom is what teaches its author best.
    Raises AttributeNeeded, RuleRepeated or StaleForm.
    """
    if is_enabled and not attribute:
        raise AttributeNeeded(field="attribute")
    _refuse_repeats([row.value for row in rows])
    refuse_stale(based_on=based_on, now_saved=role_mapping_stamp(connection))
    return RoleMapping(is_enabled, attribute, tuple((row.value, row.role) for row in rows))


def save_role_mapping(
    *,
    connection: Connection,
    is_enabled: bool,
    attribute: str,
    rows: Sequence[RoleRow],
    actor: User | None,
    now: datetime,
    based_on: str | None = None,
    previewed: str | None = None,
) -> None:
    """Replace the role mapping. `previewed` is the stamp of what the admin saw a preview of; None: no admin asks.

    Raises PreviewNeeded, AdminRuleNeeded, NoAdminLeft, or what `proposed_role_mapping` raises. Members are looked
    through before the lock is taken: what changes meanwhile is for the guard that every login has.
    """
    mapping = proposed_role_mapping(
        connection=connection, is_enabled=is_enabled, attribute=attribute, rows=rows, based_on=based_on
    )
    _require_preview(previewed, mapping)
    if mapping.lacks_admin:
        raise AdminRuleNeeded
    if leaves_no_admin(connection=connection, mapping=mapping, now=now):
        raise NoAdminLeft
    _replace_role_mapping(connection, mapping, actor=actor, based_on=based_on)


@transaction.atomic
def _replace_role_mapping(
    connection: Connection, mapping: RoleMapping, *, actor: User | None, based_on: str | None
) -> None:
    refuse_stale(based_on=based_on, now_saved=role_mapping_stamp(lock_connection(connection)))
    is_enabled, attribute = mapping.is_enabled, mapping.attribute
    connection.role_mapping_enabled, connection.role_attribute = is_enabled, attribute
    connection.save(update_fields=["role_mapping_enabled", "role_attribute"])
    connection.role_rules.all().delete()
    RoleRule.objects.bulk_create(
        RoleRule(connection=connection, value=value, role=role) for value, role in mapping.rules
    )
    rules = [{"value": value, "role": role.value} for value, role in mapping.rules]
    _record(connection, actor, mapping="role", enabled=is_enabled, attribute=attribute, rules=rules)


def proposed_group_mapping(
    *,
    connection: Connection,
    is_enabled: bool,
    attribute: str,
    rows: Sequence[GroupRow],
    based_on: str | None,
) -> GroupMapping:
    """A resource-group mapping as it could be saved.

    Raises AttributeNeeded, RulesNeeded, RuleRepeated, GroupUnknown or StaleForm.
    """
    if is_enabled and not attribute:
        raise AttributeNeeded(field="attribute")
    if is_enabled and not rows:
        raise RulesNeeded
    if any(row.group.org_id != connection.org_id for row in rows):
        raise GroupUnknown
    _refuse_repeats(
        [_("%(value)s and %(group)s") % {"value": row.value, "group": row.group.name} for row in rows]
    )
    refuse_stale(based_on=based_on, now_saved=group_mapping_stamp(connection))
    return GroupMapping(is_enabled, attribute, tuple((row.value, row.group.pk, row.role) for row in rows))


@transaction.atomic
def save_group_mapping(
    *,
    connection: Connection,
    is_enabled: bool,
    attribute: str,
    rows: Sequence[GroupRow],
    actor: User | None,
    based_on: str | None = None,
    previewed: str | None = None,
) -> None:
    """Replace the resource-group mapping. Switched off, the seats it gave are taken back at once.

    Raises PreviewNeeded, or what `proposed_group_mapping` raises.
    """
    mapping = proposed_group_mapping(
        connection=lock_connection(connection),
        is_enabled=is_enabled,
        attribute=attribute,
        rows=rows,
        based_on=based_on,
    )
    _require_preview(previewed, mapping)
    connection.group_mapping_enabled, connection.group_attribute = is_enabled, attribute
    connection.save(update_fields=["group_mapping_enabled", "group_attribute"])
    connection.group_rules.all().delete()
    GroupRule.objects.bulk_create(
        GroupRule(connection=connection, value=row.value, group=row.group, role=row.role) for row in rows
    )
    if not is_enabled:
        take_back_mapped_seats(connection=connection, actor=actor)
    rules = [{"value": row.value, "group": row.group.name, "role": row.role.value} for row in rows]
    _record(connection, actor, mapping="group", enabled=is_enabled, attribute=attribute, rules=rules)


def preview_stamp(mapping: RoleMapping | GroupMapping) -> str:
    """Names a proposed mapping, so that what is saved is what the preview showed."""
    return stamp_of(mapping.is_enabled, mapping.attribute, sorted(mapping.rules))


@dataclass(frozen=True, slots=True)
class DomainRoute:
    """A connection and the e-mail domains that lead to it, each with whether it is proven to be the organisation's."""

    connection: Connection
    domains: tuple[tuple[str, bool], ...]


def domain_routes(org: Organization) -> list[DomainRoute]:
    """Which domain leads to which of the organisation's connections, oldest first. Two queries."""
    proven = verified_names(org)
    return [
        DomainRoute(connection, tuple((name, name in proven) for name in connection.email_domains))
        for connection in Connection.objects.filter(org=org).order_by("pk")
    ]


def domains_stamp(connection: Connection) -> str:
    """Names the saved domains that a page shows, for `save_email_domains` to compare."""
    return stamp_of(connection.email_domains)


def role_mapping_stamp(connection: Connection) -> str:
    """Names the saved role mapping that a page shows, for `save_role_mapping` to compare."""
    rules = sorted(connection.role_rules.values_list("value", "role"))
    return stamp_of(connection.role_mapping_enabled, connection.role_attribute, rules)


def group_mapping_stamp(connection: Connection) -> str:
    """Names the saved group mapping that a page shows, for `save_group_mapping` to compare."""
    rules = sorted(connection.group_rules.values_list("value", "group_id", "role"))
    return stamp_of(connection.group_mapping_enabled, connection.group_attribute, rules)


def take_back_mapped_seats(*, connection: Connection, actor: User | None) -> None:
    """Remove the organisation's mapped seats unless another of its connections still maps groups.

    Otherwise they would stay for ever: only a login through a mapping takes a mapped seat back.
    """
    others = Connection.objects.filter(org=connection.org_id, group_mapping_enabled=True)
    if others.exclude(pk=connection.pk).exists():
        return
    seats = ResourceGroupSeat.objects.filter(org=connection.org_id, source=RoleSource.IDP)
    groups = sorted(set(seats.values_list("group__name", flat=True)))
    count, _ = seats.delete()
    if count:
        data = {
            "source": RoleSource.IDP.value,
            "groups": groups,
            "seats": count,
            "why": "group mapping switched off",
        }
        audit.record("org.group.remove_seat", org=connection.org, actor=actor, data=data)


def _clean_domain(domain: str) -> str:
    name = ascii_domain(domain)
    if name is None:
        raise DomainInvalid(
            _("“%(domain)s” is not a domain such as acme.example.") % {"domain": domain.strip()},
            field="domains",
        )
    return name


def _refuse_claimed(connection: Connection, domains: Sequence[str]) -> None:
    for other in Connection.objects.filter(org=connection.org_id).exclude(pk=connection.pk).order_by("pk"):
        claimed = [domain for domain in domains if domain in other.email_domains]
        if claimed:
            raise DomainClaimed(
                _("%(connection)s has %(domain)s already. A domain leads to one connection.")
                % {"connection": other.name, "domain": claimed[0]},
                field="domains",
            )


def _refuse_repeats(keys: list[str]) -> None:
    repeated = [key for key, count in Counter(keys).items() if count > 1]
    if repeated:
        raise RuleRepeated(_("There are several rows for %(value)s. Keep one.") % {"value": repeated[0]})


def _require_preview(previewed: str | None, mapping: RoleMapping | GroupMapping) -> None:
    if previewed is not None and previewed != preview_stamp(mapping):
        raise PreviewNeeded


def _record(connection: Connection, actor: User | None, **data: object) -> None:
    audit.record(
        "org.settings.sso.mapping",
        org=connection.org,
        actor=actor,
        data={"connection": connection.name, **data},
    )
