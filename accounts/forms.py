"""What people type about themselves. allauth owns the forms for addresses, passwords and second factors."""

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import languages, profiles, time_zones
from accounts.models import User
from hubsso.text import validate_one_line

NAME_MAX_LENGTH = 150


def name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX_LENGTH,
        validators=[validate_one_line],
        help_text=_("What other members of your organisations see."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class ProfileFieldsForm(forms.Form):
    """The fields that sign-up has beside e-mail and password; allauth derives its form from this one."""

    name = name_field()
    field_order = ["name", "email", "password1"]

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the account exists. No browser can be asked which language mails should have."""
        profiles.change_name(user=user, name=self.cleaned_data["name"])
        if (language := get_language()) and language != settings.LANGUAGE_CODE:
            profiles.change_language(user=user, language=language)


class ProfileForm(forms.Form):
    """The profile page."""

    name = name_field()
    language = forms.ChoiceField(
        label=_("Language"),
        choices=languages.choices,
        required=False,
        help_text=_("Of these pages and of the mails we send you."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones.choices,
        required=False,
        help_text=_("In which times are shown, here and in mails."),
    )


class LanguageForm(forms.Form):
    """The choice of a language, for this browser or for the person that is signed in."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
    next = forms.CharField(required=False)

    def clean_next(self) -> str:
        return languages.own_path(self.cleaned_data["next"])
