"""The step from one mode of enforcement to another, and the session length."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sso.enforcing.enforcement import policy_stamp
from sso.forms.stamps import StampedForm
from sso.models import SSOPolicy
from sso.models.policy import MAX_SESSION_SECONDS, MIN_SESSION_SECONDS

HOUR, DAY = 3600, 24 * 3600
UNITS = [(HOUR, _("hours")), (DAY, _("days"))]


class StepForm(StampedForm):
    """Nothing to enter: which rules the step starts from."""


class SessionLengthForm(StampedForm):
    session_length = forms.IntegerField(
        label=_("SSO session length"), min_value=1, max_value=MAX_SESSION_SECONDS
    )
    session_unit = forms.TypedChoiceField(label=_("Unit"), choices=UNITS, coerce=int)

    def __init__(self, data: Any = None, *, policy: SSOPolicy) -> None:
        length, unit = _length_and_unit(policy.session_timeout_seconds)
        initial = {
            "session_length": length,
            "session_unit": unit,
            "based_on": policy_stamp(policy),
        }
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "session_length" in cleaned and "session_unit" in cleaned:
            seconds = cleaned["session_length"] * cleaned["session_unit"]
            if not MIN_SESSION_SECONDS <= seconds <= MAX_SESSION_SECONDS:
                self.add_error("session_length", ValidationError(_("Choose between 1 hour and 90 days.")))
            cleaned["session_timeout_seconds"] = seconds
        return cleaned


def length_in_words(seconds: int) -> str:
    length, unit = _length_and_unit(seconds)
    if unit == DAY:
        return ngettext("%(number)s day", "%(number)s days", length) % {"number": length}
    return ngettext("%(number)s hour", "%(number)s hours", length) % {"number": length}


def _length_and_unit(seconds: int) -> tuple[int, int]:
    unit = DAY if seconds % DAY == 0 else HOUR
    return max(1, seconds // unit), unit
