"""`/styleguide/`: every component once, with all its variants. In development alone, and in English alone.

Its data are made up here, so that the page needs no database and shows what real pages seldom do.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from hubsso.charts import day_chart
from hubsso.days import last_days
from hubsso.navigation import Entry, Group, Navigation
from orgs.roles import Role
from sso.renewal import Renewal
from sso.types import LoginOutcome
from sso.viewer import WaitingOrg

TONES = ("primary", "secondary", "success", "info", "warning", "danger")
BUTTONS = ("primary", "secondary", "danger", "quiet", "link")
# fmt: off
ICONS = [
    "brand", "search", "organisation", "chevron", "grid", "plus", "person", "device", "gear", "exit", "sun",
    "moon", "check", "info", "warning", "lock", "unlock", "key", "mail", "shield", "copy", "link", "page",
    "app", "group", "clock", "activity", "trash", "edit", "arrow", "download", "globe",
]
# fmt: on
NAMES = ("Acme", "Globex", "Initech", "Hooli", "Olivia Owens", "Max Meyer", "Nina Novak", "Zoe Zhang")
DAYS = 30


@dataclass(frozen=True, slots=True)
class SampleBanner:
    """A banner of made-up organisations. Its "not now" leads to the real one, which then has nothing to do."""

    title: str
    items: tuple[WaitingOrg, ...]

    @property
    def skip_url(self) -> str:
        return reverse("sso:skip") if any(item.can_skip for item in self.items) else ""


class SampleForm(forms.Form):
    name = forms.CharField(label="Name", help_text="What others see.")
    role = forms.ChoiceField(label="Role", choices=Role.choices)
    about = forms.CharField(label="About", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    is_public = forms.BooleanField(label="Everybody may see it", required=False)
    length = forms.ChoiceField(
        label="Session length",
        choices=[("hour", "An hour"), ("week", "A week")],
        widget=forms.RadioSelect,
        help_text="Of those who authenticate from now on.",
    )


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """404 where it is not development."""
    if not (settings.DEMO or settings.DEBUG):
        raise Http404
    now = timezone.now()
    page = {
        "tones": TONES,
        "buttons": BUTTONS,
        "icons": ICONS,
        "names": NAMES,
        "roles": [(role.value, role.label) for role in Role],
        "sample_messages": _messages(),
        "empty_form": SampleForm(auto_id="empty_%s"),
        "wrong_form": SampleForm({"about": "Kept as it was typed."}, auto_id="wrong_%s"),
        "navigation": _navigation(request.path),
        "banners": _banners(),
        "renewal": Renewal(now + timedelta(minutes=4), now, is_due=True, url="#renewal"),
        "trials": [_trial(now)],
        "org": SimpleNamespace(name="Acme", slug="acme"),
        "chart": _chart(now),
        "until": now + timedelta(minutes=40),
        "here": request.path,
    }
    return render(request, "styleguide.html", page)


def _messages() -> list[Message]:
    return [
        Message(constants.SUCCESS, "The profile has been saved."),
        Message(constants.INFO, "A mail is on its way."),
        Message(constants.WARNING, "The session was ended here, but not at the identity provider."),
        Message(constants.ERROR, "The last admin can't leave."),
    ]


def _navigation(path: str) -> Any:
    entries = [Entry("Components", "styleguide", "grid"), Entry("Profile", "account_profile", "person")]
    others = [Entry("Start page", "home", "organisation"), Entry("Search", "search", "search")]
    return Navigation("Sample", [Group("Here", entries), Group("Elsewhere", others)]).shown(path)


def _banners() -> list[SampleBanner]:
    enforced, offered = _waiting("Acme", is_enforced=True), _waiting("Initech", is_enforced=False)
    ended = _waiting("Globex", is_enforced=True, reason_text="Your last authentication has expired.")
    return [
        SampleBanner("Required", (enforced,)),
        SampleBanner("Required, after a session", (ended,)),
        SampleBanner("Offered", (offered,)),
        SampleBanner("Several organisations", (enforced, ended, offered)),
    ]


def _waiting(name: str, *, is_enforced: bool, reason_text: str = "") -> WaitingOrg:
    return WaitingOrg(
        org_id=0,
        org_name=name,
        org_slug=name.lower(),
        idp_name=f"{name} Login",
        idp_host=f"login.{name.lower()}.example",
        start_url="#banners",
        reason_text=reason_text,
        can_skip=not is_enforced,
        is_enforced=is_enforced,
    )


def _trial(now: datetime) -> SimpleNamespace:
    return SimpleNamespace(
        connection_name="Acme Login",
        number=4,
        falls_back_to=3,
        confirm_by=now + timedelta(minutes=15),
        confirm_url="#strips",
    )


def _chart(now: datetime) -> Any:
    days = last_days(DAYS, now=now)
    numbers = {
        day: {LoginOutcome.OK.value: 40 + 13 * (index % 7), LoginOutcome.FAILED.value: index % 5}
        for index, day in enumerate(days)
    }
    series = {LoginOutcome.OK.value: "Passed", LoginOutcome.FAILED.value: "Refused"}
    return day_chart(days, numbers, series=series)
