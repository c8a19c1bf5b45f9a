"""A refusal of a domain function, shown beside the field it belongs to."""

from django import forms

from sso.settings_errors import SettingsRefused


def show_refusal(form: forms.Form, refusal: SettingsRefused) -> None:
    """Add the refusal to its field, or above the form where it names none that the form has."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
