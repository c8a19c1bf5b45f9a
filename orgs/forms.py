"""What people type into the pages of organisations. Forms check shapes; rules are in the domain functions."""

from typing import Any

from django import forms
from django.forms import model_to_dict
from django.utils.translation import gettext_lazy as _

from hubsso.domain_names import validate_email_domain
from orgs.models import Organization, Resource, ResourceGroup
from orgs.models.organization import validate_slug
from orgs.resources import Places, ResourceContent
from orgs.roles import Role

SLUG_HELP = _("Lower-case letters, digits and inner hyphens; part of every link: /orgs/<b>address</b>/.")
BELOW_ADMIN = [(role.value, role.label) for role in Role if role is not Role.ADMIN]
SEAT_ROLES = [(role.value, role.label) for role in Role if role not in (Role.NO_ACCESS, Role.ADMIN)]


def slug_field() -> forms.CharField:
    return forms.CharField(
        label=_("Address"),
        max_length=40,
        validators=[validate_slug],
        help_text=SLUG_HELP,
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
        ),
    )


class NewOrganisationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    slug = slug_field()

    class Meta:
        model = Organization
        fields = ["name", "slug", "description"]
        labels = {"name": _("Name"), "description": _("Description")}
        help_texts = {"description": _("One or two sentences that anybody may read.")}
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def validate_unique(self) -> None:
        """Left to the domain function, which also knows the slugs that were given up."""


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = Organization
        fields = ["name", "description", "default_role"]
        labels = {"name": _("Name"), "description": _("Description")}
        help_texts = {
            "description": _("One or two sentences that anybody may read."),
            "default_role": _(
                "What new members get when neither an invitation nor a mapping says otherwise."
            ),
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["default_role"] = forms.ChoiceField(
            label=_("Default role"),
            choices=BELOW_ADMIN,
            help_text=self.fields["default_role"].help_text,
        )


class RenameForm(forms.Form):
    slug = slug_field()


class TypedConfirmationForm(forms.Form):
    """Asks to type `expected` before something that can't be undone."""

    confirmation = forms.CharField(
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"})
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["confirmation"].label = _("Type %(expected)s to confirm") % {"expected": expected}

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"]
        if typed != self.expected:
            raise forms.ValidationError(_("That is not %(expected)s.") % {"expected": self.expected})
        return typed


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=Role)


class CollaboratorForm(forms.Form):
    is_external = forms.BooleanField(required=False)


class InviteForm(forms.Form):
    """While `invitations_off` says why, only external collaborators can be invited, and the box is ticked."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254, validators=[validate_email_domain])
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=Role, initial=Role.READ)
    is_external_collaborator = forms.BooleanField(
        label=_("External collaborator (no single sign-on asked)"),
        help_text=_("For people who are not in your identity provider. Never an admin."),
        required=False,
    )

    def __init__(self, data: Any, *, invitations_off: str) -> None:
        super().__init__(data)
        if invitations_off:
            box = self.fields["is_external_collaborator"]
            box.initial, box.required = True, True
            box.error_messages["required"] = invitations_off
            self.fields["role"].choices = BELOW_ADMIN  # type: ignore[attr-defined]


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = ResourceGroup
        fields = ["name", "description"]
        labels = {"name": _("Name"), "description": _("Description")}
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}


class SeatForm(forms.Form):
    """Names the member by e-mail, because a list of all members would not fit a large organisation."""

    email = forms.EmailField(label=_("Member's e-mail address"))
    role = forms.TypedChoiceField(label=_("Role"), choices=SEAT_ROLES, coerce=Role, initial=Role.READ)


class ResourceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A page or an app; `places` are where this person may put it, beside where it is already."""

    url = forms.URLField(
        label=_("URL"),
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text=_("Where the tile leads."),
    )

    class Meta:
        model = Resource
        fields = ["title", "description", "body", "url", "visibility", "group"]
        labels = {
            "title": _("Title"),
            "description": _("Description"),
            "body": _("Text"),
            "visibility": _("Visibility"),
        }
        help_texts = {
            "description": _("One line, shown on the card."),
            "body": _("Markdown: # headings, **bold**, lists, tables, links."),
            "visibility": _("Public resources can be read by anybody, signed in or not."),
        }
        widgets = {
            "description": forms.TextInput(),
            "body": forms.Textarea(attrs={"rows": 16, "class": "font-monospace"}),
            "visibility": forms.RadioSelect(),
        }

    def __init__(
        self, data: Any, *, kind: Resource.Kind, places: Places, resource: Resource | None = None
    ) -> None:
        super().__init__(data, initial=model_to_dict(resource, self.Meta.fields) if resource else {})
        self._use_fields_of(kind)
        self._offer_groups(places, resource)

    def content(self) -> ResourceContent:
        """What was filled in. Only for a valid form."""
        data = self.cleaned_data
        return ResourceContent(
            title=data["title"],
            description=data["description"],
            body=data.get("body", ""),
            url=data.get("url", ""),
            visibility=Resource.Visibility(data["visibility"]),
            group=data.get("group"),
        )

    def _use_fields_of(self, kind: Resource.Kind) -> None:
        if kind is Resource.Kind.PAGE:
            del self.fields["url"]
        else:
            del self.fields["body"]
            self.fields["url"].required = True

    def _offer_groups(self, places: Places, resource: Resource | None) -> None:
        keys = {group.pk for group in places.groups}
        if resource and resource.group_id:
            keys.add(resource.group_id)
        if not keys:
            del self.fields["group"]
            return
        stays_outside = resource is not None and resource.group_id is None
        self.fields["group"] = forms.ModelChoiceField(
            ResourceGroup.objects.filter(pk__in=keys).order_by("name"),
            required=not (places.outside_groups or stays_outside),
            empty_label=_("No group: every member with the role Read"),
            label=_("Resource group"),
            help_text=_("In a group, only its members and the organisation's admins see a private resource."),
        )


class DomainForm(forms.Form):
    name = forms.CharField(
        label=_("Domain"),
        max_length=260,
        widget=forms.TextInput(
            attrs={
                "autocapitalize": "none",
                "spellcheck": "false",
                "autocomplete": "off",
                "inputmode": "url",
                "placeholder": "acme.example",
            }
        ),
    )


class AutoJoinForm(forms.Form):
    is_on = forms.BooleanField(required=False)
