"""What the pages of the role mapping and of the group mapping have in common, and what each has of its own.

An editor knows a connection, the forms and the domain functions of one kind of mapping; no request.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict

from accounts.models import User
from orgs.models import ResourceGroup
from orgs.roles import Role
from sso.forms import mapping_steps
from sso.forms.mapping import (
    GroupRuleFormSet,
    MappingForm,
    RoleRuleFormSet,
    group_mapping_initial,
    group_rows,
    role_mapping_initial,
    role_rows,
)
from sso.mapping import mappings
from sso.mapping.mapping_preview import GroupRow, Member, Preview, Show, preview_roles, preview_seats
from sso.mapping.role_mapping import GroupMapping, RoleMapping, values_at
from sso.models import Connection
from sso.settings_errors import AdminRuleNeeded, NoAdminLeft, SettingsRefused


@dataclass(frozen=True, slots=True)
class ShownSeat:
    """A seat of a preview's row, by its group's name."""

    group: str
    before: Role | None
    after: Role | None


@dataclass(frozen=True, slots=True)
class ShownGroupRow:
    """A member's row in the preview of a group mapping."""

    member: Member
    seats: list[ShownSeat]
    because: str


class MappingEditor(ABC):
    """One kind of mapping of one connection, with the form and the rows that its page shows."""

    url_name: str
    template: str
    preview_template: str
    row_names: tuple[str, ...]

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.form = MappingForm(initial=self.saved())
        self.rows = self.formset(initial=list(self.saved_rows()))

    def restart(self, data: QueryDict) -> None:
        """Show what was entered, unchecked."""
        self.form = MappingForm(initial=mapping_steps.entered(data))
        self.rows = self.formset(initial=mapping_steps.entered_rows(data, self.row_names))
        self.rows.extra = mapping_steps.empty_rows(data, self.row_names)

    def take(self, data: QueryDict) -> bool:
        """Bind the forms. Is what was entered of the right shape?

        Rows begin with none: one that equals a saved row would count as untouched, and be lost.
        """
        self.form = MappingForm(data, initial=self.saved())
        self.rows = self.formset(data, initial=[])
        return self.form.is_valid() and self.rows.is_valid()

    def entered(self) -> dict[str, Any]:
        """The arguments of the domain functions. Only after `take`."""
        return {**self.form.cleaned_data, "rows": self.typed_rows()}

    def hidden_fields(self) -> list[tuple[str, str]]:
        return mapping_steps.hidden_fields(self.form.cleaned_data, self.plain_rows())

    @property
    def attribute(self) -> str:
        """What the form's attribute field shows."""
        return str(self.form["attribute"].value() or "")

    @abstractmethod
    def formset(self, data: QueryDict | None = None, *, initial: list[Any]) -> Any: ...

    @abstractmethod
    def saved(self) -> dict[str, Any]: ...

    @abstractmethod
    def saved_rows(self) -> Iterable[Any]: ...

    @abstractmethod
    def typed_rows(self) -> Any: ...

    @abstractmethod
    def plain_rows(self) -> list[dict[str, str]]: ...

    @abstractmethod
    def propose(self) -> RoleMapping | GroupMapping:
        """The mapping that was entered. Raises SettingsRefused."""

    @abstractmethod
    def preview(self, *, now: datetime, show: Show, after: int | None) -> Preview: ...

    @abstractmethod
    def shown(self, mapping: Any, rows: list[Any]) -> list[Any]:
        """A preview's rows as its page reads them."""

    def why_not_savable(self, mapping: Any, summary: Mapping[str, int]) -> SettingsRefused | None:
        """What saving would be refused for, as far as the preview's numbers tell."""
        return None

    @abstractmethod
    def save(self, *, actor: User, now: datetime, previewed: str) -> None:
        """Raises SettingsRefused."""

    @abstractmethod
    def page(self) -> dict[str, Any]:
        """What the editor's page shows of its own."""


class RoleMappingEditor(MappingEditor):
    url_name = "sso:mapping"
    template = "sso/settings/mapping.html"
    preview_template = "sso/settings/mapping_preview.html"
    row_names = ("value", "role")

    def formset(self, data: QueryDict | None = None, *, initial: list[Any]) -> Any:
        return RoleRuleFormSet(data, initial=initial)

    def saved(self) -> dict[str, Any]:
        return role_mapping_initial(self.connection)

    def saved_rows(self) -> Iterable[Any]:
        return self.connection.role_rules.values("value", "role")

    def typed_rows(self) -> list[mappings.RoleRow]:
        return role_rows(self.rows)

    def plain_rows(self) -> list[dict[str, str]]:
        return [{"value": row.value, "role": row.role.value} for row in self.typed_rows()]

    def propose(self) -> RoleMapping:
        return mappings.proposed_role_mapping(connection=self.connection, **self.entered())

    def preview(self, *, now: datetime, show: Show, after: int | None) -> Preview:
        return preview_roles(
            connection=self.connection, mapping=self.propose(), now=now, show=show, after=after
        )

    def shown(self, mapping: Any, rows: list[Any]) -> list[Any]:
        return rows

    def why_not_savable(self, mapping: Any, summary: Mapping[str, int]) -> SettingsRefused | None:
        if mapping.lacks_admin:
            return AdminRuleNeeded()
        return NoAdminLeft() if mapping.is_enabled and not summary["admins_left"] else None

    def save(self, *, actor: User, now: datetime, previewed: str) -> None:
        mappings.save_role_mapping(
            connection=self.connection, actor=actor, now=now, previewed=previewed, **self.entered()
        )

    def page(self) -> dict[str, Any]:
        return {"saved_rules": self.connection.role_rules.all()}


class GroupMappingEditor(MappingEditor):
    url_name = "sso:group_mapping"
    template = "sso/settings/group_mapping.html"
    preview_template = "sso/settings/group_mapping_preview.html"
    row_names = ("value", "group", "role")

    def formset(self, data: QueryDict | None = None, *, initial: list[Any]) -> Any:
        return GroupRuleFormSet(data, initial=initial, form_kwargs={"org": self.connection.org})

    def saved(self) -> dict[str, Any]:
        return group_mapping_initial(self.connection)

    def saved_rows(self) -> Iterable[Any]:
        return self.connection.group_rules.values("value", "group", "role")

    def typed_rows(self) -> list[mappings.GroupRow]:
        return group_rows(self.rows)

    def plain_rows(self) -> list[dict[str, str]]:
        return [
            {"value": row.value, "group": str(row.group.pk), "role": row.role.value}
            for row in self.typed_rows()
        ]

    def propose(self) -> GroupMapping:
        return mappings.proposed_group_mapping(connection=self.connection, **self.entered())

    def preview(self, *, now: datetime, show: Show, after: int | None) -> Preview:
        return preview_seats(
            connection=self.connection, mapping=self.propose(), now=now, show=show, after=after
        )

    def shown(self, mapping: Any, rows: list[GroupRow]) -> list[Any]:
        groups = ResourceGroup.objects.filter(org=self.connection.org_id)
        names = dict(groups.values_list("pk", "name"))
        return [
            ShownGroupRow(
                member=row.member,
                seats=[
                    ShownSeat(names.get(seat.group_id, ""), seat.before, seat.after) for seat in row.seats
                ],
                because=_because(row, mapping),
            )
            for row in rows
        ]

    def save(self, *, actor: User, now: datetime, previewed: str) -> None:
        mappings.save_group_mapping(
            connection=self.connection, actor=actor, previewed=previewed, **self.entered()
        )

    def page(self) -> dict[str, Any]:
        return {
            "saved_rules": self.connection.group_rules.select_related("group"),
            "has_groups": self.connection.org.resource_groups.exists(),
        }


def _because(row: GroupRow, mapping: Any) -> str:
    """The member's values that some rule names."""
    if row.member.seen is None or not mapping.is_enabled:
        return ""
    named = {value for value, _, _ in mapping.rules}
    values = values_at(row.member.seen.attributes, mapping.attribute)
    return ", ".join(dict.fromkeys(value for value in values if value in named))
