"""Reading a request: what was searched for, and the keys that lists go by."""

from django.http import HttpRequest

from hubsso.text import key_in


def text_from(request: HttpRequest, name: str, *, max_length: int = 200) -> str:
    """What was typed into a search field."""
    return request.GET.get(name, "").strip()[:max_length]


def key_from(request: HttpRequest, name: str) -> int | None:
    """A key from the query string; None where it is absent or no key."""
    return key_in(request.GET.get(name, ""))
