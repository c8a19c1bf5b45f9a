"""What the draft forms of all protocols share: the fields that an IdP's set-up page names, the rest below a fold."""

from abc import abstractmethod
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sso.connections import OIDCConfiguration, SAMLConfiguration, draft_stamp
from sso.forms.stamps import StampedForm
from sso.models import Revision
from sso.revisions.corrections import Correction, Offer, posted_correction
from sso.revisions.understood import Understood
from sso.stamps import STAMP_LENGTH, stamp_of

# Machine text: nothing should be capitalised, corrected or remembered.
EXACT = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
CORRECT = "correct"  # the name of the buttons that correct


class DraftForm(StampedForm):
    """What both protocols' forms share. `more_options` are the names of the fields below the fold.

    `source_options` are fields from which others are filled. `understood_stamp` says which values the admin has
    seen understood; it is None in a request that carries none.
    """

    understood_stamp = forms.CharField(
        required=False,
        max_length=STAMP_LENGTH,
        empty_value=None,
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
    )
    more_options: tuple[str, ...] = ()
    source_options: tuple[str, ...] = ()
    technical: tuple[str, ...] = ("based_on", "understood_stamp")  # no part of the configuration
    secrets: tuple[str, ...] = ()  # shown to nobody

    def __init__(
        self, data: Any = None, files: Any = None, *, base: Revision | None, initial: dict[str, Any]
    ) -> None:
        super().__init__(data, files, initial={**initial, "based_on": draft_stamp(base)})
        self.corrections: dict[str, Correction] = {}
        self.offers: dict[str, Offer] = {}
        if data is not None and CORRECT in data:
            self._correct(posted_correction(data[CORRECT]))

    @abstractmethod
    def configuration(self) -> OIDCConfiguration | SAMLConfiguration:
        """What was entered. Only for a valid form."""

    @abstractmethod
    def understood(self) -> Understood:
        """What it means, as the page shows it before it is saved. Only for a valid form."""

    @property
    def entered(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in self.technical}

    @property
    def was_seen(self) -> bool:
        """Has the admin seen understood what would be saved now? A request without a page saw none to miss."""
        return not self.is_corrected and self.cleaned_data["understood_stamp"] in (None, self._stamp())

    @property
    def is_corrected(self) -> bool:
        """Was it sent by a button that corrects, instead of one that saves?"""
        return CORRECT in self.data

    def mark_as_seen(self) -> None:
        """When the form is sent again as it is, it counts as seen."""
        self.replace_data(understood_stamp=self._stamp())

    def keep_secrets(self) -> None:
        """Called before a page shows the form again: what the page must not show travels sealed."""

    def mistake(
        self, field: str, message: str, *, code: str, correction: Correction | None = None
    ) -> ValidationError:
        """What is wrong with a field, to be raised or added; one click corrects it where there is a way."""
        if correction is not None:
            self.corrections[field] = correction
        return ValidationError(message, code=code)

    def offer(self, offer: Offer) -> None:
        """Show beside its field what a test taught, with the button that corrects."""
        self.offers[offer.field] = offer
        self.corrections[offer.field] = offer.correction
        described_by = f"id_{offer.field}_offer id_{offer.field}_helptext"
        self.fields[offer.field].widget.attrs["aria-describedby"] = described_by

    @property
    def source_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.source_options]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        elsewhere = (*self.more_options, *self.source_options)
        return [field for field in self.visible_fields() if field.name not in elsewhere]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.more_options]

    @property
    def is_unfolded(self) -> bool:
        """Show the fold open where something below it was set or is wrong."""
        return any(
            field.errors or field.value() not in (None, "", False, [], field.field.initial)
            for field in self.more_fields
        )

    def _correct(self, values: dict[str, str]) -> None:
        self.replace_data(**{name: value for name, value in values.items() if name in self.correctable})

    @property
    def correctable(self) -> set[str]:
        return self.fields.keys() - {*self.technical, *self.secrets}

    def _stamp(self) -> str:
        shown = {name: str(value) for name, value in self.entered.items() if name not in self.secrets}
        return stamp_of(sorted(shown.items()))
