"""A connection: named, switched off, deleted. What its drafts ask is for its protocol to say."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from hubsso.text import validate_one_line
from sso.guides import Vendor
from sso.models import Connection
from sso.models.connection import PROTOCOL_CHOICES
from sso.types import SSOProtocol


class ConnectionForm(forms.Form):
    """A new connection to a vendor. The protocol is asked where the vendor has guides for more than one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        validators=[validate_one_line],
        help_text=_("Members read it on the button: “Authenticate with Acme Login”."),
    )
    protocol = forms.TypedChoiceField(
        label=_("Protocol"), choices=PROTOCOL_CHOICES, coerce=SSOProtocol, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, vendor: Vendor, name: str) -> None:
        super().__init__(data, initial={"name": name, "protocol": vendor.guides[0].protocol.value})
        labels = dict(PROTOCOL_CHOICES)
        protocol = cast("forms.TypedChoiceField", self.fields["protocol"])
        protocol.choices = [(guide.protocol.value, labels[guide.protocol.value]) for guide in vendor.guides]


class VendorForm(forms.Form):
    """Whose guide a connection shows: a vendor with one for its protocol."""

    vendor = forms.ChoiceField(label=_("Product"))

    def __init__(self, data: Any = None, *, offered: list[Vendor]) -> None:
        super().__init__(data)
        cast("forms.ChoiceField", self.fields["vendor"]).choices = [(each.key, each.name) for each in offered]


class ConnectionNameForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = Connection
        fields = ["name"]
        labels = {"name": _("Name")}


class LockOutForm(forms.Form):
    """Asks for a tick before the last door of an enforcing organisation is closed."""

    accepts_lock_out = forms.BooleanField(
        label=_(
            "I understand that nobody, me included, can enter until somebody opens the settings with a recovery "
            "code from this portal's operator."
        ),
    )

    def __init__(self, data: Any = None, *, would_lock_out: bool) -> None:
        super().__init__(data)
        if not would_lock_out:
            del self.fields["accepts_lock_out"]


class DeleteConnectionForm(LockOutForm):
    unlink_members = forms.BooleanField(
        label=_("Also unlink its members' identities"),
        required=False,
        help_text=_(
            "Tick this when you move to another identity provider: members link to it at their next login."
        ),
    )
