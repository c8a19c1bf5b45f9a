"""The shape of a catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One attack, or one module of a conformance suite, and what HubSSO must do about it.

    `reason` says why there is no test; it is "" where there is one.
    """

    id: str
    title: str
    must: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Rows of one kind. `source` is where others describe them."""

    name: str
    source: str
    rows: Sequence[Row]
