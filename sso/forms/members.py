"""Naming a member, and looking one up."""

from django import forms

from orgs.errors import AdminCantBeCollaborator


class MemberEmailForm(forms.Form):
    """Names the member by e-mail, because a list of all members would not fit a large organisation."""

    email = forms.EmailField(label="Member's e-mail address", help_text=AdminCantBeCollaborator.message)
