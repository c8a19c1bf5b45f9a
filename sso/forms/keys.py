"""What is asked before a step of a key rollover that the IdP must have followed."""

from django import forms


class SwitchOverForm(forms.Form):
    idp_knows_next = forms.BooleanField(label="The identity provider has the next key.")


class RemoveOldForm(forms.Form):
    idp_left_old = forms.BooleanField(label="The identity provider no longer uses the old key.")
