"""Every URL of the portal, as data: what tests walk to find the one that nobody thought of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from orgs.access import Area
from sso.middleware import ORG_ARGUMENTS


@dataclass(frozen=True, slots=True)
class Route:
    """One URL pattern: its full name, the arguments it takes, and the view behind it."""

    name: str
    arguments: frozenset[str]
    view: Callable[..., Any]

    @property
    def names_an_org(self) -> bool:
        return not ORG_ARGUMENTS.isdisjoint(self.arguments)

    @property
    def exempt_reason(self) -> str | None:
        return getattr(self.view, "gate_exempt_reason", None)

    @property
    def area(self) -> Area | None:
        return getattr(self.view, "org_area", None)

    def path(self, **values: Any) -> str:
        return reverse(self.name, kwargs={name: values[name] for name in self.arguments})


def all_routes() -> list[Route]:
    return list(_walk(get_resolver(), (), frozenset()))


def _walk(node: URLResolver, namespaces: tuple[str, ...], arguments: frozenset[str]) -> Iterator[Route]:
    for entry in node.url_patterns:
        taken = arguments | frozenset(entry.pattern.converters) | frozenset(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry, inner, taken)
        elif isinstance(entry, URLPattern) and entry.name:
            yield Route(":".join((*namespaces, entry.name)), taken, entry.callback)
        else:
            yield Route("", taken, entry.callback)
