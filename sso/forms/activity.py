"""The filters above the lists of logins and of refusals. They change nothing: what can't be used is left out."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orgs.models import Organization
from sso.explaining.causes import CAUSES, all_codes
from sso.models import Connection
from sso.watching.activity_reading import OUTCOME_TEXTS, PURPOSE_TEXTS, ActivityFilter

Choice = tuple[str, str | Promise]
ALL: Choice = ("", _("All"))
# No login ends by these.
_NO_LOGINS = frozenset({"gate", "no_connection", "logout"})


class ActivityFilterForm(forms.Form):
    """By GET; `chosen` is what of it can be used. Without `by_person` nobody is looked for."""

    outcome = forms.ChoiceField(label=_("Outcome"), required=False)
    purpose = forms.ChoiceField(label=_("Kind"), required=False)
    connection = forms.ChoiceField(label=_("Connection"), required=False)
    reason = forms.ChoiceField(label=_("Reason"), required=False)
    person = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name or e-mail")}),
    )

    def __init__(self, data: Any, *, org: Organization, by_person: bool = True) -> None:
        super().__init__(data, auto_id="activity-%s")
        if not by_person:
            del self.fields["person"]
        self.connections = {str(row.uid): row for row in org.connections.order_by("name")}
        self._offer("outcome", OUTCOME_TEXTS.items())
        self._offer("purpose", PURPOSE_TEXTS.items())
        self._offer("connection", ((uid, row.name) for uid, row in self.connections.items()))
        self._offer("reason", reason_choices(data.get("reason", ""), leave_out=_NO_LOGINS))

    @property
    def chosen(self) -> ActivityFilter:
        self.is_valid()
        connection: Connection | None = self.connections.get(self.cleaned_data.pop("connection", ""))
        return ActivityFilter(connection=connection, **self.cleaned_data)

    def _offer(self, name: str, choices: Iterable[Choice]) -> None:
        field: Any = self.fields[name]
        field.choices = [ALL, *choices]
        field.widget.attrs["class"] = "form-select"


def reason_choices(chosen: str, *, leave_out: frozenset[str] = frozenset()) -> list[Choice]:
    """Every cause, and the one code that a link has asked for."""
    causes: list[Choice] = [(cause.key, cause.title) for cause in CAUSES if cause.key not in leave_out]
    return [*causes, (chosen, chosen)] if chosen in all_codes() else causes


class RefusalSearchForm(forms.Form):
    """By GET; `searched` and `chosen` are what of it can be used."""

    reference = forms.CharField(
        label=_("Reference, person or code"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "ABCD-2345"}),
    )
    reason = forms.ChoiceField(label=_("Reason"), required=False)

    def __init__(self, data: Any, *, by_person: bool = True) -> None:
        super().__init__(data, auto_id="refusal-%s")
        if not by_person:
            self.fields["reference"].label = _("Reference or code")
        field: Any = self.fields["reason"]
        field.choices = [ALL, *reason_choices(data.get("reason", ""))]
        field.widget.attrs["class"] = "form-select"
        self.is_valid()
        self.searched: str = self.cleaned_data.get("reference", "")
        self.chosen: str = self.cleaned_data.get("reason", "")
