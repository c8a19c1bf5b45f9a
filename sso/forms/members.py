"""Naming a member, looking members up, and what a change of several of them asks."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orgs.errors import AdminCantBeCollaborator
from orgs.roles import Role, RoleSource
from sso.members.member_list import Kind, LastSSO, Link, MemberFilter, Sort

Choice = tuple[str, str | Promise]
ALL: Choice = ("", _("All"))
LINKS: list[Choice] = [ALL, (Link.LINKED, _("Linked")), (Link.NOT_LINKED, _("Not linked"))]
LAST_SSO: list[Choice] = [
    ALL,
    (LastSSO.LONG_AGO, _("More than 30 days ago, or never")),
    (LastSSO.NEVER, _("Never")),
]
KINDS: list[Choice] = [
    ALL,
    (Kind.MEMBER, _("Ordinary members")),
    (Kind.COLLABORATOR, _("External collaborators")),
]
SORTS: list[Choice] = [
    (Sort.NAME, _("Name")),
    (Sort.NAME_DOWN, _("Name, from the end")),
    (Sort.JOINED_DOWN, _("Joined last")),
    (Sort.JOINED, _("Joined first")),
    (Sort.LAST_SSO_DOWN, _("Last SSO, most recent")),
    (Sort.LAST_SSO, _("Last SSO, longest ago")),
]


class MemberEmailForm(forms.Form):
    """Names the member by e-mail, because a list of all members would not fit a large organisation."""

    email = forms.EmailField(label=_("Member's e-mail address"), help_text=_(AdminCantBeCollaborator.message))


def _choice(label: Any, choices: list[Choice]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False)


class MemberFilterForm(forms.Form):
    """By GET; what can't be used is left out."""

    q = forms.CharField(required=False, max_length=200)
    role = _choice(_("Role"), [ALL, *Role.choices])
    source = _choice(_("Role from"), [ALL, *RoleSource.choices])
    link = _choice(_("Identity"), LINKS)
    last_sso = _choice(_("Last SSO"), LAST_SSO)
    kind = _choice(_("Kind"), KINDS)
    sort = _choice(_("Sort by"), SORTS)
    live = forms.BooleanField(label=_("With a live session"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="member-%s")

    @property
    def wanted(self) -> MemberFilter:
        self.is_valid()
        data = self.cleaned_data
        return MemberFilter(
            text=data.get("q", "").strip(),
            role=_one(Role, data.get("role")),
            source=_one(RoleSource, data.get("source")),
            link=_one(Link, data.get("link")),
            last_sso=_one(LastSSO, data.get("last_sso")),
            kind=_one(Kind, data.get("kind")),
            has_live_session=bool(data.get("live")),
            sort=Sort(data.get("sort") or Sort.NAME),
        )

    @property
    def is_unfolded(self) -> bool:
        """Is something asked for that stands below the fold?"""
        return self.wanted != MemberFilter(text=self.wanted.text)

    @property
    def kept_by_search(self) -> list[tuple[str, str]]:
        """The filters in use, for the search field's form to carry along."""
        self.is_valid()
        return [
            (field.name, "on" if field.name == "live" else str(value))
            for field in self.filters
            if (value := self.cleaned_data.get(field.name))
        ]

    @property
    def filters(self) -> list[forms.BoundField]:
        """The fields below the fold."""
        return [self[name] for name in ("role", "source", "link", "last_sso", "kind", "sort", "live")]


class BulkRoleForm(forms.Form):
    role = forms.TypedChoiceField(
        label=_("New role"), choices=[("", _("Choose a role")), *Role.choices], coerce=Role
    )


def _one(kind: Any, value: str | None) -> Any:
    return kind(value) if value else None
