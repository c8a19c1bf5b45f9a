"""Matching e-mail domains and the two mappings. Rows are a formset; an empty row does not count."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orgs.forms import SEAT_ROLES
from orgs.models import Organization, ResourceGroup
from orgs.roles import Role
from sso.forms.draft import EXACT
from sso.forms.stamps import StampedForm
from sso.mapping import mappings
from sso.mapping.mappings import GroupRow, RoleRow
from sso.models import Connection

EXTRA_ROWS = 1
MAX_ROWS = 200
NO_ROLE = [("", _("Choose a role"))]


class DomainsForm(StampedForm):
    domains = forms.CharField(
        label=_("Matching e-mail domains"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={**EXACT, "rows": 4, "placeholder": "acme.example"}),
        help_text=_("One a line. Empty means that e-mail addresses are not compared."),
    )

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).replace(",", " ").split()


class MappingForm(StampedForm):
    """Shared by both mappings: is it on, and where the values are."""

    is_enabled = forms.BooleanField(label=_("Use this mapping"), required=False)
    attribute = forms.CharField(
        label=_("Attribute"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={**EXACT, "placeholder": "groups", "list": "seen-attributes"}),
        help_text=_(
            "The name of the attribute, or a path with dots such as <code>realm_access.roles</code>. "
            "An attribute of exactly this name wins over a path."
        ),
    )


class RuleForm(forms.Form):
    """One row. With neither a value nor a choice it counts as empty."""

    value = forms.CharField(
        max_length=300, required=False, widget=forms.TextInput(attrs={**EXACT, "list": "seen-values"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_blank:
            return cleaned
        for name in self.fields:
            if name != "DELETE" and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Fill this in, or remove the row."))
        return cleaned

    @property
    def is_blank(self) -> bool:
        return not any(value for name, value in self.cleaned_data.items() if name != "DELETE")

    @property
    def counts(self) -> bool:
        """Is it a row to keep? Only for a valid form."""
        return not self.is_blank and not self.cleaned_data.get("DELETE")


class RoleRuleForm(RuleForm):
    role = forms.TypedChoiceField(
        choices=[*NO_ROLE, *Role.choices], coerce=Role, required=False, empty_value=None
    )


class GroupRuleForm(RuleForm):
    group = forms.ModelChoiceField(
        ResourceGroup.objects.none(), required=False, empty_label=_("Choose a group")
    )
    role = forms.TypedChoiceField(
        choices=[*NO_ROLE, *SEAT_ROLES], coerce=Role, required=False, empty_value=None
    )

    def __init__(self, *args: Any, org: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"] = forms.ModelChoiceField(
            org.resource_groups.order_by("name"), required=False, empty_label=_("Choose a group")
        )


def _formset(form: type[RuleForm]) -> "type[forms.BaseFormSet[Any]]":
    return forms.formset_factory(
        form,
        extra=EXTRA_ROWS,
        can_delete=True,
        max_num=MAX_ROWS,
        validate_max=True,
        absolute_max=MAX_ROWS + 50,
    )


RoleRuleFormSet = _formset(RoleRuleForm)
GroupRuleFormSet = _formset(GroupRuleForm)


def domains_initial(connection: Connection) -> dict[str, Any]:
    """What `DomainsForm` shows at first: the saved domains, one a line, and their stamp."""
    return {
        "domains": "\n".join(connection.email_domains),
        "based_on": mappings.domains_stamp(connection),
    }


def role_mapping_initial(connection: Connection) -> dict[str, Any]:
    """What `MappingForm` shows at first of the role mapping; its rows come apart from it."""
    return {
        "is_enabled": connection.role_mapping_enabled,
        "attribute": connection.role_attribute,
        "based_on": mappings.role_mapping_stamp(connection),
    }


def group_mapping_initial(connection: Connection) -> dict[str, Any]:
    """What `MappingForm` shows at first of the group mapping; its rows come apart from it."""
    return {
        "is_enabled": connection.group_mapping_enabled,
        "attribute": connection.group_attribute,
        "based_on": mappings.group_mapping_stamp(connection),
    }


def role_rows(formset: "forms.BaseFormSet[Any]") -> list[RoleRow]:
    return [
        RoleRow(form.cleaned_data["value"], form.cleaned_data["role"])
        for form in formset.forms
        if form.counts
    ]


def group_rows(formset: "forms.BaseFormSet[Any]") -> list[GroupRow]:
    return [
        GroupRow(form.cleaned_data["value"], form.cleaned_data["group"], form.cleaned_data["role"])
        for form in formset.forms
        if form.counts
    ]
