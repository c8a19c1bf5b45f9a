"""Search over the titles and texts of every resource that the viewer may see."""

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, Value, When

from orgs import markdown
from orgs.access import Viewer
from orgs.models import Resource

MAX_RESULTS = 50
MAX_QUERY_LENGTH = 200
MAX_WORDS = 8
EXCERPT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A resource that holds every word, and the text around the first of them."""

    resource: Resource
    excerpt: str


def search(*, viewer: Viewer, query: str) -> list[SearchResult]:
    """The resources that hold all words of `query`, titles first, then the newest; at most MAX_RESULTS."""
    words = words_of(query)
    if not words:
        return []
    matches, in_title = Q(), Q()
    for word in words:
        matches &= Q(title__icontains=word) | Q(description__icontains=word) | Q(body__icontains=word)
        in_title &= Q(title__icontains=word)
    rank = Case(When(in_title, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = Resource.objects.visible_to(viewer).filter(matches).select_related("org", "group")
    return [
        SearchResult(resource, _excerpt(resource, words))
        for resource in found.order_by(rank, "-updated_at", "pk")[:MAX_RESULTS]
    ]


def words_of(query: str) -> list[str]:
    return query[:MAX_QUERY_LENGTH].split()[:MAX_WORDS]


def _excerpt(resource: Resource, words: list[str]) -> str:
    text = " ".join(part for part in (resource.description, markdown.plain_text(resource.body)) if part)
    found = (text.lower().find(word.lower()) for word in words)
    start = max(min((at for at in found if at >= 0), default=0) - EXCERPT_LENGTH // 4, 0)
    excerpt = text[start : start + EXCERPT_LENGTH]
    return f"{'…' if start else ''}{excerpt}{'…' if len(text) > start + EXCERPT_LENGTH else ''}"
