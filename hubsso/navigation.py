"""Side navigations as data: groups of pages, to which an app adds its own. It knows no app and no page.

An app that may not be imported by another adds its pages to that one's navigation when the apps are ready.
"""

from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a navigation. `url_name` is reversed with what the whole navigation is about, if anything."""

    label: Label
    url_name: str
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    label: Label
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Link:
    """`current` is the value of `aria-current`: `page`, `true` for a page above the one shown, or empty."""

    label: Label
    url: str
    icon: str
    current: str


@dataclass(frozen=True, slots=True)
class ShownNavigation:
    """What a page shows: links by group, and the one that the page belongs to with its group's label, if any."""

    label: Label
    groups: list[tuple[Label, list[Link]]]
    current: Link | None
    current_group: Label


@dataclass(frozen=True, slots=True)
class Navigation:
    label: Label
    groups: list[Group] = field(default_factory=list)

    def shown(self, path: str, **arguments: Any) -> ShownNavigation:
        """The navigation on the page at `path`. A page below an entry's belongs to it; the longest address counts.

        An entry whose address does not exist is left out.
        """
        located = [
            (group.label, [(entry, _address(entry, arguments)) for entry in group.entries])
            for group in self.groups
        ]
        above = [url for _, entries in located for _, url in entries if url and path.startswith(url)]
        here = max(above, key=len, default="")
        groups = [
            (label, [_link(entry, url, path=path, here=here) for entry, url in entries if url])
            for label, entries in located
        ]
        current = next(((group, link) for group, links in groups for link in links if link.current), None)
        group, link = current or ("", None)
        return ShownNavigation(self.label, groups, link, group)


def _link(entry: Entry, url: str, *, path: str, here: str) -> Link:
    current = "page" if url == path else "true" if url == here else ""
    return Link(entry.label, url, entry.icon, current)


def _address(entry: Entry, arguments: dict[str, Any]) -> str:
    try:
        return reverse(entry.url_name, kwargs=arguments)
    except NoReverseMatch:
        return ""
