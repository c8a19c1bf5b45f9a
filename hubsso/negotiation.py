"""What a client would rather be answered with: a page, or JSON."""

from django.http import HttpRequest


def wants_json(request: HttpRequest) -> bool:
    """Does the client prefer JSON to a page? A client that takes anything is given a page."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
