"""What a file may say: organisations, their domains and rules, their connections. Unknown keys are refused.

A key that is not there is None here, and means: leave it as it is.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from orgs.audit_retention import LEAST_DAYS
from orgs.roles import Role
from sso.declared.reader import DeclarationRefused, Section, Value, read
from sso.models.policy import MAX_SESSION_SECONDS, MIN_SESSION_SECONDS
from sso.types import Enforcement, SSOProtocol

HOUR = 3600
FOREVER = "forever"
_MAX_DAYS = 36_500
_REFERENCE = re.compile(r"(env|file):(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDomain:
    line: int
    name: str
    auto_join: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMapping:
    """Rules are (value, role), or (value, resource group's slug, role)."""

    line: int
    is_enabled: bool
    attribute: str
    rules: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedConnection:
    line: int
    name: str
    protocol: SSOProtocol
    vendor: str | None
    is_enabled: bool | None
    is_live: bool
    configuration: dict[str, Value]
    email_domains: tuple[str, ...] | None
    role_mapping: WantedMapping | None
    group_mapping: WantedMapping | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedOrganisation:
    """`audit_retention` is a number of days, `forever`, or None."""

    line: int
    slug: str
    name: str | None
    description: str | None
    default_role: Role | None
    audit_retention: int | str | None
    admins: tuple[str, ...]
    domains: tuple[WantedDomain, ...]
    enforcement: Enforcement | None
    session_seconds: int | None
    connections: tuple[WantedConnection, ...]


def read_wanted(content: bytes) -> list[WantedOrganisation]:
    """The organisations of a file, in its order. Raises DeclarationRefused."""
    organisations = read(content).section("organisations").required("organisations").items()
    found = [_organisation(value) for value in organisations]
    _refuse_twins([(org.line, org.slug) for org in found], "organisation")
    return found


def referred(value: Value) -> str:
    """The secret that a reference leads to: `env:NAME` or `file:/path`. Raises DeclarationRefused."""
    match = _REFERENCE.fullmatch(value.text())
    if match is None:
        raise value.refused("write env:NAME or file:/path, never the secret itself.")
    kind, target = match.groups()
    if kind == "env":
        secret = os.environ.get(target, "")
    else:
        try:
            secret = Path(target).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise value.refused(f"{target} can't be read.") from None
    if not secret:
        raise value.refused(f"{target} is empty, or not set.")
    return secret


def _organisation(value: Value) -> WantedOrganisation:
    section = value.section(
        "slug",
        "name",
        "description",
        "default_role",
        "audit_retention_days",
        "admins",
        "domains",
        "enforcement",
        "session_hours",
        "connections",
    )
    hours = section.get("session_hours")
    connections = tuple(_connection(item) for item in section.items("connections"))
    _refuse_twins([(each.line, each.name) for each in connections], "connection")
    return WantedOrganisation(
        line=section.line,
        slug=section.required("slug").text(),
        name=section.text("name"),
        description=section.text("description"),
        default_role=_role(section.get("default_role")),
        audit_retention=_retention(section.get("audit_retention_days")),
        admins=tuple(item.text() for item in section.items("admins")),
        domains=tuple(_domain(item) for item in section.items("domains")),
        enforcement=_enforcement(section.get("enforcement")),
        session_seconds=hours.integer(MIN_SESSION_SECONDS // HOUR, MAX_SESSION_SECONDS // HOUR) * HOUR
        if hours
        else None,
        connections=connections,
    )


def _connection(value: Value) -> WantedConnection:
    section = value.section(
        "name",
        "protocol",
        "vendor",
        "enabled",
        "live",
        "configuration",
        "email_domains",
        "role_mapping",
        "group_mapping",
    )
    configuration = section.get("configuration")
    domains = section.get("email_domains")
    return WantedConnection(
        line=section.line,
        name=section.required("name").text(),
        protocol=SSOProtocol(section.required("protocol").one_of([each.value for each in SSOProtocol])),
        vendor=section.text("vendor"),
        is_enabled=_boolean(section, "enabled"),
        is_live=bool(_boolean(section, "live")),
        configuration=configuration.section().found if configuration else {},
        email_domains=domains.texts() if domains else None,
        role_mapping=_mapping(section.get("role_mapping"), "value", "role"),
        group_mapping=_mapping(section.get("group_mapping"), "value", "group", "role"),
    )


def _mapping(value: Value | None, *columns: str) -> WantedMapping | None:
    if value is None:
        return None
    section = value.section("enabled", "attribute", "rules")
    is_enabled = _boolean(section, "enabled")
    return WantedMapping(
        line=section.line,
        is_enabled=is_enabled is not False,
        attribute=section.text("attribute") or "",
        rules=tuple(_rule(item, columns) for item in section.items("rules")),
    )


def _rule(value: Value, columns: tuple[str, ...]) -> tuple[str, ...]:
    section = value.section(*columns)
    section.required("role").one_of(Role.values)
    return tuple(section.required(column).text() for column in columns)


def _domain(value: Value) -> WantedDomain:
    section = value.section("name", "auto_join")
    return WantedDomain(
        line=section.line, name=section.required("name").text(), auto_join=_boolean(section, "auto_join")
    )


def _role(value: Value | None) -> Role | None:
    below_admin = [role for role in Role.values if role != Role.ADMIN]
    return Role(value.one_of(below_admin)) if value else None


def _enforcement(value: Value | None) -> Enforcement | None:
    return Enforcement(value.one_of([each.value for each in Enforcement])) if value else None


def _retention(value: Value | None) -> int | str | None:
    if value is None:
        return None
    if value.text() == FOREVER:
        return FOREVER
    return value.integer(LEAST_DAYS, _MAX_DAYS)


def _boolean(section: Section, name: str) -> bool | None:
    value = section.get(name)
    return value.boolean() if value else None


def _refuse_twins(named: list[tuple[int, str]], what: str) -> None:
    seen: set[str] = set()
    for line, name in named:
        if name in seen:
            raise DeclarationRefused(f"the {what} {name} is there twice.", line=line)
        seen.add(name)
