"""What differs, and what would be done about it."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, in words that name no secret. `before` is empty for what is new."""

    place: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.place}: {self.before or '(nothing)'} -> {self.after or '(nothing)'}"


@dataclass(frozen=True, slots=True)
class Step:
    """Changes that are made together. `line` is where the file asks for them."""

    line: int
    changes: tuple[Change, ...]
    run: Callable[[], object]


@dataclass(slots=True)
class Plan:
    """Steps in the order in which they are taken, and what nobody but an admin can do."""

    steps: list[Step] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def add(self, line: int, run: Callable[[], object], *changes: Change) -> None:
        if changes:
            self.steps.append(Step(line, changes, run))
