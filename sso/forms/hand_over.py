"""Who a hand-over link is for, and how long it works."""

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from hubsso.text import validate_one_line
from sso.revisions.hand_overs import DEFAULT_DAYS, MAX_DAYS

DAYS = (1, DEFAULT_DAYS, 7, MAX_DAYS)


class HandOverForm(forms.Form):
    recipient = forms.CharField(
        label=_("Who it is for"),
        max_length=200,
        validators=[validate_one_line],
        help_text=_("A name or an address, for you and the audit log. Nothing is sent there."),
    )
    days = forms.TypedChoiceField(label=_("Works for"), coerce=int, initial=DEFAULT_DAYS)

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # None or what was posted
        choices = [(days, ngettext("%(days)s day", "%(days)s days", days) % {"days": days}) for days in DAYS]
        cast("forms.ChoiceField", self.fields["days"]).choices = choices
