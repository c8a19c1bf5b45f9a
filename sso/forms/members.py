"""Naming a member, and looking one up."""

from django import forms
from django.utils.translation import gettext_lazy as _

from orgs.errors import AdminCantBeCollaborator


class MemberEmailForm(forms.Form):
    """Names the member by e-mail, because a list of all members would not fit a large organisation."""

    email = forms.EmailField(label=_("Member's e-mail address"), help_text=_(AdminCantBeCollaborator.message))
