"""The access explorer: who, what, and in which state their browser is. Asked by GET, and nothing is written."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from orgs.models import Membership, Organization, Resource
from sso.explaining.access_explorer import Person, Place, SupposedSession

MEMBER, OUTSIDER, NOBODY = "member", "outsider", "nobody"
RESOURCE = "resource"
MAX_MATCHES = 10
MAX_SUGGESTED = 100  # to pick from while typing; whoever is not among them is found by what is typed

PAGES: dict[str, Place] = {
    "home": Place("orgs:home", has_json=True),
    "members": Place("orgs:members", has_json=True),
    "groups": Place("orgs:groups"),
    "settings": Place("orgs:settings"),
    "sso": Place("sso:settings"),
}
_PLACES = [
    (RESOURCE, _("A page or app, by title")),
    ("home", _("The organisation's overview")),
    ("members", _("The list of members")),
    ("groups", _("The resource groups")),
    ("settings", _("The settings")),
    ("sso", _("The single sign-on settings")),
]


class ExplorerForm(forms.Form):
    """Names people and resources as admins do. Where several match, `people` or `resources` are those to choose from.

    After a valid form `person`, `place` and `supposes` are the question.
    """

    who = forms.ChoiceField(
        label=_("Who"),
        choices=[
            (MEMBER, _("A member, by name")),
            (OUTSIDER, _("An outsider, signed in")),
            (NOBODY, _("A visitor, not signed in")),
        ],
    )
    person = forms.CharField(
        label=_("Name or e-mail address"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "list": "explorer-people", "placeholder": _("Part of it is enough")}
        ),
    )
    what = forms.ChoiceField(label=_("What"), choices=_PLACES)
    resource = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=150,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "list": "explorer-resources",
                "placeholder": _("Part of it is enough"),
            }
        ),
    )
    session = forms.ChoiceField(
        label=_("SSO session"),
        choices=[
            (SupposedSession.NOW.value, _("As it is now")),
            (SupposedSession.LIVE.value, _("As if authenticated")),
            (SupposedSession.NONE.value, _("As if not authenticated")),
        ],
        help_text=_("Now means the browser in which they authenticated last."),
    )

    people: list[Membership]
    resources: list[Resource]
    found_person: Person
    found_place: Place

    def __init__(self, data: Any = None, *, org: Organization) -> None:
        super().__init__(data)
        self.org = org
        self.people, self.resources = [], []

    def suggested_people(self) -> list[Membership]:
        """The newest members, to pick from. Bounded, however many there are."""
        return list(self.org.memberships.select_related("user").order_by("-pk")[:MAX_SUGGESTED])

    def suggested_resources(self) -> list[Resource]:
        """The newest resources, to pick from."""
        return list(self.org.resources.order_by("-pk")[:MAX_SUGGESTED])

    @property
    def supposes(self) -> SupposedSession:
        return SupposedSession(self.cleaned_data["session"])

    def clean(self) -> dict[str, Any]:
        if "who" in self.cleaned_data:
            self._find_person()
        if "what" in self.cleaned_data:
            self._find_place()
        return self.cleaned_data

    def _find_person(self) -> None:
        if self.cleaned_data["who"] != MEMBER:
            self.found_person = Person(is_signed_in=self.cleaned_data["who"] == OUTSIDER)
            return
        typed = self.cleaned_data.get("person", "")
        if not typed:
            self.add_error("person", ValidationError(_("Name somebody."), code="person_needed"))
            return
        self.people = _matching_members(self.org, typed)
        if len(self.people) == 1:
            self.found_person = Person(self.people[0], is_signed_in=True)
        else:
            self._say_how_many("person", len(self.people))

    def _find_place(self) -> None:
        if self.cleaned_data["what"] != RESOURCE:
            self.found_place = PAGES[self.cleaned_data["what"]]
            return
        typed = self.cleaned_data.get("resource", "")
        if not typed:
            self.add_error("resource", ValidationError(_("Name a page or an app."), code="resource_needed"))
            return
        self.resources = _matching_resources(self.org, typed)
        if len(self.resources) == 1:
            self.found_place = Place("orgs:resource", self.resources[0], has_json=True)
        else:
            self._say_how_many("resource", len(self.resources))

    def _say_how_many(self, field: str, number: int) -> None:
        text = _("Several match: choose one of them.") if number else _("There is none by this name.")
        self.add_error(
            field, ValidationError(text, code=f"{field}_several" if number else f"{field}_unknown")
        )


def _matching_members(org: Organization, typed: str) -> list[Membership]:
    """The one with exactly this address, else at most `MAX_MATCHES` whose name or address has the words."""
    members = org.memberships.select_related("user")
    by_address = members.alias(address=Lower("user__email")).filter(
        address=Lower(Value(typed))
    )  # by its index
    exact: list[Membership] = [*by_address[:1]] if "@" in typed else []
    found = members.filter(Q(user__name__icontains=typed) | Q(user__email__icontains=typed))
    return exact or list(found.order_by("pk")[:MAX_MATCHES])


def _matching_resources(org: Organization, typed: str) -> list[Resource]:
    """The one with exactly this address, else at most `MAX_MATCHES` whose title has the words."""
    resources = org.resources.select_related("group", "org")
    exact = list(resources.filter(slug=typed)[:1])
    return exact or list(resources.filter(title__icontains=typed).order_by("pk")[:MAX_MATCHES])
