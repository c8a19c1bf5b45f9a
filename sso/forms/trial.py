"""For how long a revision that goes live is on trial."""

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sso.revisions.trials import DEFAULT_TRIAL_MINUTES, TRIAL_MINUTES

NO_TRIAL = 0


def _in_words(minutes: int) -> str:
    return ngettext("%(minutes)s minute", "%(minutes)s minutes", minutes) % {"minutes": minutes}


TRIAL_CHOICES = [
    *((minutes, lazy(_in_words, str)(minutes)) for minutes in TRIAL_MINUTES),
    (NO_TRIAL, _("No trial")),
]


def trial_options() -> dict[str, object]:
    """What the page of a draft needs to offer a trial."""
    return {"trial_choices": TRIAL_CHOICES, "default_trial_minutes": DEFAULT_TRIAL_MINUTES}


class TrialForm(forms.Form):
    """Where nothing is chosen, the usual trial: forgetting it must not be the risky choice."""

    trial_minutes = forms.TypedChoiceField(choices=TRIAL_CHOICES, coerce=int)

    def seconds(self) -> int:
        """The chosen length; the usual one for what is none of the choices."""
        minutes: int = self.cleaned_data["trial_minutes"] if self.is_valid() else DEFAULT_TRIAL_MINUTES
        return minutes * 60
