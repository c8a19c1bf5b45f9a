"""A recovery code that is entered, and what an admin says of their own codes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from sso.forms.stamps import StampedForm


class RecoveryCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Recovery code"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class MakeCodesForm(StampedForm):
    """Nothing to enter: which codes the new ones replace."""


class CodesSavedForm(StampedForm):
    is_saved = forms.BooleanField(
        label=_("I have saved these codes where I can reach them without this portal"),
        error_messages={"required": _("Tick the box once you have saved the codes.")},
    )
