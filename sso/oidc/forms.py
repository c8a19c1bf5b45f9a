"""The draft form of an OpenID Connect connection."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from sso.connections import OIDCConfiguration
from sso.errors import SSOError
from sso.forms.draft import EXACT, DraftForm
from sso.models import Revision
from sso.models.connection import RESPONSE_MODE_CHOICES
from sso.models.policy import MAX_SESSION_SECONDS
from sso.oidc.discovery import check_issuer
from sso.types import ResponseMode

MIN_MAX_AGE_SECONDS = 60


class OIDCDraftForm(DraftForm):
    client_id = forms.CharField(label="Client ID", max_length=300, widget=forms.TextInput(attrs=EXACT))
    client_secret = forms.CharField(
        label="Client Secret",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    issuer = forms.CharField(
        label="Issuer URL",
        max_length=500,
        widget=forms.TextInput(attrs={**EXACT, "inputmode": "url", "placeholder": "https://"}),
        help_text="Your identity provider's address, exactly as it writes it itself. It is looked up when you save.",
    )
    response_mode = forms.TypedChoiceField(
        label="How it answers",
        choices=RESPONSE_MODE_CHOICES,
        required=False,
        initial=ResponseMode.QUERY,
        empty_value=ResponseMode.QUERY,
        help_text="As a form keeps the one-time code out of addresses and logs. The identity provider must offer it.",
    )
    max_age_seconds = forms.IntegerField(
        label="max_age (seconds)",
        required=False,
        min_value=MIN_MAX_AGE_SECONDS,
        max_value=MAX_SESSION_SECONDS,
        help_text="Ask for a fresh sign-in at the identity provider when the last one is older than this. "
        "Empty leaves it to the identity provider.",
    )
    follow_id_token_expiry = forms.BooleanField(
        label="End SSO sessions when the ID token expires",
        required=False,
        help_text="Only if your identity provider issues long-lived ID tokens: many expire within the hour.",
    )
    more_options = ("response_mode", "max_age_seconds", "follow_id_token_expiry")

    def __init__(self, data: Any = None, *, base: Revision | None) -> None:
        names = ("client_id", "issuer", *self.more_options)
        initial = {name: getattr(base, name) for name in names} if base else {}
        super().__init__(data, base=base, initial=initial)
        if base and base.client_secret_sealed:
            self.fields["client_secret"].help_text = "Leave it empty to keep the one that is stored."
        else:
            self.fields["client_secret"].required = True

    def clean_issuer(self) -> str:
        """Look the IdP up now, so that a typing error is named here and not at the first login."""
        issuer: str = self.cleaned_data["issuer"]
        try:
            check_issuer(issuer, now=timezone.now())
        except SSOError as error:
            raise ValidationError(error.admin_detail, code=error.code) from error
        return issuer

    def configuration(self) -> OIDCConfiguration:
        return OIDCConfiguration(**self.entered)
