"""Forms that say what they were based on, so that a stale tab overwrites nothing unseen. `sso.stamps` has the rule."""

from typing import Any

from django import forms
from django.http import QueryDict


class StampedForm(forms.Form):
    """Give the stamp as `initial["based_on"]`. It is None in a request that carries none."""

    based_on = forms.CharField(
        required=False,
        max_length=64,
        empty_value=None,
        widget=forms.HiddenInput(attrs={"autocomplete": "off"}),
    )
    is_stale = False  # the page then also shows what is saved now

    @property
    def entered(self) -> dict[str, Any]:
        """What the admin typed. Only for a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if name != "based_on"}

    def rebase(self, stamp: str) -> None:
        """Keep what was typed; when it is sent again it counts as based on what is saved now."""
        self.is_stale = True
        self.replace_data(based_on=stamp)

    def replace_data(self, **values: str) -> None:
        """Let the form hold these values instead of what was sent."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        for name, value in values.items():
            data[self.add_prefix(name)] = value
        self.data = data
