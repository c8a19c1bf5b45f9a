"""What the mapping editor suggests: the attributes of the last logins, how many members have each, and their values.

Read from what is kept of members (`seen_attributes`); of the last test, the names. Everything is bounded: the newest
logins only, and of each attribute the most frequent values.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sso.mapping import seen_attributes
from sso.models import Connection, RevisionTest

NEWEST_LOGINS = 300
MAX_ATTRIBUTES = 60
MAX_EXAMPLES = 4
MAX_VALUES = 100
MAX_PATH_LENGTH = 200  # what a mapping can name
MAX_RULE_LENGTH = 300
# Names under which IdPs send what people are mapped by; they come first.
_LIKELY = re.compile(r"group|role|department|team|entitlement|memberof|affiliation", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SeenValue:
    """A value, and how many of the members that were looked at have it."""

    value: str
    members: int


@dataclass(frozen=True, slots=True)
class SeenAttribute:
    """A path as a mapping names it. `members` is 0 for one that only the last test had."""

    path: str
    members: int
    values: tuple[SeenValue, ...] = ()
    more_values: int = 0

    @property
    def examples(self) -> tuple[SeenValue, ...]:
        return self.values[:MAX_EXAMPLES]

    @property
    def more_than_examples(self) -> int:
        return self.more_values + max(0, len(self.values) - MAX_EXAMPLES)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """`members` is how many were looked at."""

    members: int = 0
    attributes: tuple[SeenAttribute, ...] = ()

    def values_of(self, path: str) -> tuple[SeenValue, ...]:
        """The values seen under a path; none for one that nobody had."""
        return next((each.values for each in self.attributes if each.path == path), ())


@dataclass(slots=True)
class _Tally:
    members: int = 0
    values: Counter[str] = field(default_factory=Counter)


def suggestions_for(*, connection: Connection, now: datetime) -> Suggestions:
    """What the connection's IdP has said in its last logins and its last test."""
    tallies: dict[str, _Tally] = {}
    members = 0
    for seen in seen_attributes.each_seen(connection=connection, now=now, newest=NEWEST_LOGINS):
        members += 1
        for path, values in seen_attributes.flattened(seen.attributes):
            if values and len(path) <= MAX_PATH_LENGTH:
                tally = tallies.setdefault(path, _Tally())
                tally.members += 1
                tally.values.update({value for value in values if len(value) <= MAX_RULE_LENGTH})
    found = sorted(tallies.items(), key=_likeliest_first)
    attributes = [_attribute(path, tally) for path, tally in found]
    attributes += [SeenAttribute(path, 0) for path in _names_in_last_test(connection) if path not in tallies]
    return Suggestions(members, tuple(attributes[:MAX_ATTRIBUTES]))


def _likeliest_first(item: tuple[str, _Tally]) -> tuple[bool, float, str]:
    """Attributes with telling names, then those whose values members share; what each has alone comes last."""
    path, tally = item
    return not _LIKELY.search(path), len(tally.values) / tally.members, path


def _attribute(path: str, tally: _Tally) -> SeenAttribute:
    ranked = sorted(tally.values.items(), key=lambda item: (-item[1], item[0]))
    return SeenAttribute(
        path=path,
        members=tally.members,
        values=tuple(SeenValue(value, members) for value, members in ranked[:MAX_VALUES]),
        more_values=max(0, len(ranked) - MAX_VALUES),
    )


def _names_in_last_test(connection: Connection) -> list[str]:
    last = RevisionTest.objects.filter(revision__connection=connection).order_by("-at", "-pk").first()
    if last is None:
        return []
    names = [*last.details.get("mapped_attributes", ()), *last.details.get("other_attributes", ())]
    return [name for name in names if isinstance(name, str) and 0 < len(name) <= MAX_PATH_LENGTH]
