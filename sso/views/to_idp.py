"""Sending the browser to an IdP: by redirect, or by a page that leads there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hubsso.net import origin_of
from sso.protocols import BrowserRequest


def to_idp(
    request: HttpRequest, browser_request: BrowserRequest, *, template: str = "sso/post_to_idp.html"
) -> HttpResponse:
    """A redirect, or for a request with fields the page whose one form posts them to the IdP."""
    if not browser_request.fields:
        return redirect(browser_request.url)
    page = {"url": browser_request.url, "fields": browser_request.fields}
    response = render(request, template, page)
    # The form may go to the IdP and nowhere else.
    response._csp_update = {"form-action": [origin_of(browser_request.url)]}  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    return response


def to_idp_from_form(request: HttpRequest, browser_request: BrowserRequest) -> HttpResponse:
    """As `to_idp`, in answer to a form of ours: its page's `form-action` would stop a redirect to another origin."""
    if browser_request.fields:
        return to_idp(request, browser_request)
    response = render(request, "sso/go_to_idp.html", {"url": browser_request.url})
    response["Cache-Control"] = "no-store"
    return response
