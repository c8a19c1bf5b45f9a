"""What is asked before a step of a key rollover that the IdP must have followed."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SwitchOverForm(forms.Form):
    idp_knows_next = forms.BooleanField(label=_("The identity provider has the next key."))


class RemoveOldForm(forms.Form):
    idp_left_old = forms.BooleanField(label=_("The identity provider no longer uses the old key."))
