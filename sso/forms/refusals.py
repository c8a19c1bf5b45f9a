"""A refusal of a domain function, shown beside the field it belongs to."""

from django import forms
from django.core.exceptions import ValidationError

from sso.forms.stamps import StampedForm
from sso.settings_errors import SettingsRefused, StaleForm


def show_refusal(form: forms.BaseForm, refusal: SettingsRefused) -> None:
    """Add the refusal to its field, or above the form where it names none that the form has.

    A stale form keeps what was typed, and from here on is based on what is saved now.
    """
    error = ValidationError(refusal.message, code=refusal.code)
    form.add_error(refusal.field if refusal.field in form.fields else None, error)
    if isinstance(refusal, StaleForm) and isinstance(form, StampedForm):
        form.rebase(refusal.stamp)
