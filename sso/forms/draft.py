"""What the draft forms of all protocols share: the fields that an IdP's set-up page names, the rest below a fold."""

from abc import abstractmethod
from typing import Any

from django import forms

from sso.connections import OIDCConfiguration, SAMLConfiguration, draft_stamp
from sso.forms.stamps import StampedForm
from sso.models import Revision

# Machine text: nothing should be capitalised, corrected or remembered.
EXACT = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class DraftForm(StampedForm):
    """What both protocols' forms share. `more_options` are the names of the fields below the fold."""

    more_options: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *, base: Revision | None, initial: dict[str, Any]) -> None:
        super().__init__(data, initial={**initial, "based_on": draft_stamp(base)})

    @abstractmethod
    def configuration(self) -> OIDCConfiguration | SAMLConfiguration:
        """What was entered. Only for a valid form."""

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.more_options]

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
