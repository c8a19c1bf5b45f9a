"""How the views answer: a page of an organisation, JSON where the client asks for it, a refusal as a message."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from orgs.access import OrgRequest
from orgs.errors import Forbidden, OrgError
from orgs.paging import Page
from orgs.roles import Ability


def org_page(
    request: OrgRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the organisation the request is for; its header and tabs come from `org_navigation`."""
    access = request.access
    page = {"access": access, "org": access.org, "can_manage": access.can(Ability.MANAGE), **context}
    return render(request, template, page, status=status)


def page_links(request: HttpRequest, page: Page[Any], *, key: str = "after") -> dict[str, str]:
    """`next_url` and `first_url` for the pagination partial; empty where they would lead nowhere."""
    query = request.GET.copy()
    was_cut = query.pop(key, None) is not None
    first_url = f"{request.path}?{query.urlencode()}" if was_cut else ""
    if page.next_key is None:
        return {"next_url": "", "first_url": first_url}
    query[key] = str(page.next_key)
    return {"next_url": f"{request.path}?{query.urlencode()}", "first_url": first_url}


def page_to_return_to(request: OrgRequest, otherwise: str) -> str:
    """The page of this organisation that a form names as `next`; else the one with the URL name `otherwise`."""
    slug = request.access.org.slug
    path = request.POST.get("next", "")
    is_ours = path.startswith(f"/orgs/{slug}/") and path.isprintable() and "\\" not in path
    return path if is_ours else reverse(otherwise, args=[slug])


def vary_on_accept(response: HttpResponse) -> HttpResponse:
    """Say that the same URL answers both HTML and JSON."""
    patch_vary_headers(response, ["Accept"])
    return response


def json_answer(body: Mapping[str, Any]) -> HttpResponse:
    return vary_on_accept(JsonResponse(body))


def absolute(path: str) -> str:
    return f"{settings.BASE_URL}{path}"


@contextmanager
def telling(request: HttpRequest, success: str = "") -> Iterator[None]:
    """Run a domain function; say `success`, if any, or why a rule said no. Forbidden stays a 403."""
    try:
        yield
    except Forbidden:
        raise
    except OrgError as refusal:
        messages.error(request, refusal.message)
    else:
        if success:
            messages.success(request, success)
