"""The audit log's forms: its filters, an export, and how long entries are kept."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from orgs.audit_export import ExportFormat
from orgs.audit_groups import GROUP_TEXTS, events_in
from orgs.audit_reading import GROUP_PREFIX, AuditFilter
from orgs.audit_retention import LEAST_DAYS

MAX_DAYS = 36_500
_DAY: dict[str, Any] = {
    "required": False,
    "widget": forms.DateInput(attrs={"type": "date"}),
    "validators": [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2200, 1, 1))],
}


class AuditFilterForm(forms.Form):
    """By GET; `chosen` is what of it can be used, and the rest says beside its field what is wrong."""

    event = forms.ChoiceField(label=_("Event"), required=False)
    actor = forms.CharField(
        label=_("By whom"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or e-mail")}),
    )
    since = forms.DateField(label=_("From"), **_DAY)
    until = forms.DateField(label=_("Up to"), **_DAY)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="audit-%s")
        field: Any = self.fields["event"]
        field.choices = [("", _("All events")), *map(_group_choices, GROUP_TEXTS)]
        field.widget.attrs["class"] = "form-select"

    @property
    def chosen(self) -> AuditFilter:
        self.is_valid()
        return AuditFilter(**self.cleaned_data)


class AuditExportForm(forms.Form):
    format = forms.ChoiceField(choices=[(item.value, item.name) for item in ExportFormat])


class AuditRetentionForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days that entries are kept"),
        required=False,
        min_value=LEAST_DAYS,
        max_value=MAX_DAYS,
        help_text=_("Leave it empty to keep every entry for good. The shortest time is 30 days."),
    )


def _group_choices(group: str) -> tuple[Any, list[tuple[str, Any]]]:
    """An optgroup: the whole of it first, then each event by its stable name."""
    return (
        GROUP_TEXTS[group],
        [
            (GROUP_PREFIX + group, _("All of this group")),
            *((event, event) for event in events_in(group)),
        ],
    )
