"""The steps of a mapping's editor, each a submit button, so that all of it works without JavaScript.

A step that only changes the form shows it again with what was entered, unchecked.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from django.http import QueryDict

from hubsso.text import key_in
from sso.forms.mapping import EXTRA_ROWS, MAX_ROWS
from sso.mapping.mapping_preview import Show


class Step(StrEnum):
    """The name of the button that was pressed; none is the preview, which Enter in a field asks for too."""

    PREVIEW = "preview"
    SAVE = "save"
    EDIT = "edit"
    USE = "use"  # its value is an attribute's path
    ADD_VALUE = "add_value"  # its value goes into a row of its own
    ADD_ROW = "add_row"


CHANGES_THE_FORM = frozenset({Step.EDIT, Step.USE, Step.ADD_VALUE, Step.ADD_ROW})


def step_of(data: QueryDict) -> Step:
    return next((step for step in Step if step.value in data), Step.PREVIEW)


def entered(data: QueryDict) -> dict[str, Any]:
    """What was entered beside the rows, with the attribute that was chosen."""
    return {
        "is_enabled": "is_enabled" in data,
        "attribute": data.get(Step.USE) or data.get("attribute", ""),
        "based_on": data.get("based_on"),
    }


def entered_rows(data: QueryDict, names: Iterable[str]) -> list[dict[str, str]]:
    """The rows that were entered, without the empty and the removed ones, with the value that was chosen."""
    rows = [row for row in _kept_rows(data, names) if any(row.values())]
    if value := data.get(Step.ADD_VALUE):
        rows.append({"value": value})
    return rows


def empty_rows(data: QueryDict, names: Iterable[str]) -> int:
    """How many rows to show beneath the filled ones: one, and with *add a row* one more than there were."""
    if Step.ADD_ROW not in data:
        return EXTRA_ROWS
    return 1 + sum(not any(row.values()) for row in _kept_rows(data, names))


def _kept_rows(data: QueryDict, names: Iterable[str]) -> list[dict[str, str]]:
    """All rows but those whose tick removes them."""
    total = min(key_in(data.get("form-TOTAL_FORMS", "")) or 0, MAX_ROWS)
    return [
        {name: data.get(f"form-{number}-{name}", "") for name in names}
        for number in range(total)
        if f"form-{number}-DELETE" not in data
    ]


def hidden_fields(entries: Mapping[str, Any], rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Name and value of every field that carries a proposed mapping through its preview."""
    fields = [("attribute", entries["attribute"]), ("based_on", entries["based_on"] or "")]
    if entries["is_enabled"]:
        fields.append(("is_enabled", "on"))
    fields += [("form-TOTAL_FORMS", str(len(rows))), ("form-INITIAL_FORMS", "0")]
    fields += [
        (f"form-{number}-{name}", value) for number, row in enumerate(rows) for name, value in row.items()
    ]
    return fields


def shown_rows(data: QueryDict) -> Show:
    """Which members the preview lists."""
    try:
        return Show(data.get("show", Show.CHANGED))
    except ValueError:
        return Show.CHANGED
