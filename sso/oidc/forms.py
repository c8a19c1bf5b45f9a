"""The draft form of an OpenID Connect connection."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sso.connections import OIDCConfiguration
from sso.errors import SSOError
from sso.forms.draft import EXACT, DraftForm
from sso.forms.refusals import show_refusal
from sso.models import Revision
from sso.models.connection import CLIENT_AUTHENTICATION_CHOICES, RESPONSE_MODE_CHOICES
from sso.models.policy import MAX_SESSION_SECONDS
from sso.oidc.client_authentication import usable_methods
from sso.oidc.discovery import PRIVATE_KEY_JWT, ProviderMetadata
from sso.oidc.errors import MAX_ISSUER_LENGTH, shown
from sso.oidc.issuer_entered import IssuerMistaken, metadata_of
from sso.oidc.jws import ALLOWED_ALGORITHMS
from sso.oidc.understood import understood
from sso.revisions.corrections import Correction
from sso.revisions.held_secrets import MAX_HELD_LENGTH, NothingHeld, hold, release
from sso.revisions.understood import Understood
from sso.settings_errors import SecretBoundToIssuer
from sso.types import ClientAuthentication, ResponseMode

MIN_MAX_AGE_SECONDS = 60
SCOPES = ("openid", "email", "profile")  # what every login asks for
_SCOPE = re.compile(r"[!#-\[\]-~]+")


class OIDCDraftForm(DraftForm):
    client_id = forms.CharField(label=_("Client ID"), max_length=300, widget=forms.TextInput(attrs=EXACT))
    client_secret = forms.CharField(
        label=_("Client Secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty if your identity provider gives none and checks our signature instead."),
    )
    client_secret_expires_on = forms.DateField(
        label=_("Client Secret expires on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("If it does. Your organisation's admins are warned before that day."),
    )
    issuer = forms.CharField(
        label=_("Issuer URL"),
        max_length=MAX_ISSUER_LENGTH,
        widget=forms.TextInput(attrs={**EXACT, "inputmode": "url", "placeholder": "https://"}),
        help_text=_(
            "Your identity provider's address, exactly as it writes it itself, or the address of its discovery "
            "document (it ends in /.well-known/openid-configuration)."
        ),
    )
    client_authentication = forms.TypedChoiceField(
        label=_("How we authenticate"),
        choices=CLIENT_AUTHENTICATION_CHOICES,
        required=False,
        initial=ClientAuthentication.CLIENT_SECRET,
        empty_value=ClientAuthentication.CLIENT_SECRET,
        help_text=_(
            "With our key, your identity provider reads the JWKS URL and no secret is shared. That is chosen "
            "by itself for an identity provider that takes nothing else."
        ),
    )
    response_mode = forms.TypedChoiceField(
        label=_("How it answers"),
        choices=RESPONSE_MODE_CHOICES,
        required=False,
        initial=ResponseMode.QUERY,
        empty_value=ResponseMode.QUERY,
        help_text=_(
            "As a form keeps the one-time code out of addresses and logs. The identity provider must offer it."
        ),
    )
    signing_algorithms = forms.MultipleChoiceField(
        label=_("Signature algorithms to accept"),
        choices=[(name, name) for name in ALLOWED_ALGORITHMS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Tick those that your identity provider signs with to refuse the others. None ticked accepts all."
        ),
    )
    more_scopes = forms.CharField(
        label=_("More scopes"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=EXACT),
        help_text=_(
            "Asked for beside openid, email and profile, with a space between them. Some identity providers send "
            "groups only where the scope groups is asked for."
        ),
    )
    max_age_seconds = forms.IntegerField(
        label=_("max_age (seconds)"),
        required=False,
        min_value=MIN_MAX_AGE_SECONDS,
        max_value=MAX_SESSION_SECONDS,
        help_text=_(
            "Ask for a fresh sign-in at the identity provider when the last one is older than this. "
            "Empty leaves it to the identity provider."
        ),
    )
    follow_id_token_expiry = forms.BooleanField(
        label=_("End SSO sessions when the ID token expires"),
        required=False,
        help_text=_(
            "Only if your identity provider issues long-lived ID tokens: many expire within the hour."
        ),
    )
    held_secret = forms.CharField(
        required=False, max_length=MAX_HELD_LENGTH, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )
    more_options = (
        "client_authentication",
        "response_mode",
        "signing_algorithms",
        "more_scopes",
        "max_age_seconds",
        "follow_id_token_expiry",
    )
    technical = (*DraftForm.technical, "held_secret")
    secrets = ("client_secret",)

    _metadata: ProviderMetadata | None = None  # of the issuer that was entered

    def __init__(
        self, data: Any = None, files: Any = None, *, base: Revision | None, place: str = ""
    ) -> None:
        names = ("client_id", "client_secret_expires_on", "issuer", *self.more_options)
        initial = {name: getattr(base, name) for name in names} if base else {}
        super().__init__(data, files, base=base, initial=initial)
        self._place = place
        self._has_stored_secret = bool(base and base.client_secret_sealed)
        self._issuer_of_stored_secret = base.issuer if base else ""
        if self._has_stored_secret:
            self.fields["client_secret"].help_text = gettext("Leave it empty to keep the one that is stored.")

    def clean_issuer(self) -> str:
        """Look the IdP up now, so that a typing error is named here and not at the first login."""
        entered: str = self.cleaned_data["issuer"]
        try:
            self._metadata = metadata_of(entered, now=timezone.now())
        except IssuerMistaken as mistaken:
            raise self.mistake(
                "issuer", mistaken.message, code=mistaken.code, correction=mistaken.correction
            ) from mistaken
        if self._metadata.issuer != entered:
            self.replace_data(issuer=self._metadata.issuer)
        return self._metadata.issuer

    def clean_client_secret(self) -> str:
        """What was typed now, else what was typed before the page showed what was understood."""
        typed: str = self.cleaned_data["client_secret"]
        held = self.data.get("held_secret", "")
        if typed or not held:
            return typed
        try:
            return release(held[:MAX_HELD_LENGTH], place=self._place, now=timezone.now())
        except NothingHeld:
            self.replace_data(held_secret="")
            raise self.mistake(
                "client_secret", gettext("Enter the client secret again."), code="held_too_long"
            ) from None

    def keep_secrets(self) -> None:
        if typed := self.data.get("client_secret", "").strip():
            self.replace_data(held_secret=hold(typed, place=self._place, now=timezone.now()))
        if self.data.get("held_secret"):
            self["client_secret"].help_text = gettext("Entered. Type another one to replace it.")
            self.fields["client_secret"].widget.attrs["placeholder"] = "••••••••"

    def clean_more_scopes(self) -> str:
        """Each once, without those that every login asks for (RFC 6749, 3.3)."""
        scopes = dict.fromkeys(self.cleaned_data["more_scopes"].split())
        if bad := next((scope for scope in scopes if not _SCOPE.fullmatch(scope)), None):
            raise ValidationError(
                gettext("%(scope)s is not a scope."), code="scope_invalid", params={"scope": shown(bad)}
            )
        return " ".join(scope for scope in scopes if scope not in SCOPES)

    def clean_client_secret_expires_on(self) -> date | None:
        """What was saved before may have passed since; what is new must lie ahead."""
        expires_on: date | None = self.cleaned_data["client_secret_expires_on"]
        is_new = expires_on != self.initial.get("client_secret_expires_on")
        if expires_on and is_new and expires_on <= timezone.localdate():
            raise ValidationError(gettext("This day has passed."), code="secret_expired")
        return expires_on

    def clean(self) -> dict[str, Any]:
        if self._metadata is not None:
            self._settle_authentication(self._metadata)
            self._check_algorithms(self._metadata)
            self._check_response_mode(self._metadata)
        self._settle_secret()
        return self.cleaned_data

    def configuration(self) -> OIDCConfiguration:
        return OIDCConfiguration(**self.entered)

    def understood(self) -> Understood:
        has_secret = self._has_stored_secret or bool(self.cleaned_data["client_secret"])
        return understood(self.configuration(), self._asked, has_secret=has_secret)

    @property
    def _asked(self) -> ProviderMetadata:
        """Of a valid form."""
        if self._metadata is None:
            raise ValueError
        return self._metadata

    def _settle_authentication(self, metadata: ProviderMetadata) -> None:
        """Our key where the IdP takes nothing else; otherwise what was chosen must be among what it takes."""
        if metadata.token_auth_methods == (PRIVATE_KEY_JWT,):
            self.cleaned_data["client_authentication"] = ClientAuthentication.PRIVATE_KEY_JWT
        way = self.cleaned_data.get("client_authentication")
        if way is None:
            return
        try:
            usable_methods(way, metadata)
        except SSOError as error:
            self.add_error(
                "client_authentication",
                self.mistake(
                    "client_authentication",
                    error.admin_detail,
                    code=error.code,
                    correction=_other_way(way, metadata),
                ),
            )

    def _settle_secret(self) -> None:
        """No secret is kept that nothing uses; one that is needed must be there, or stored for this issuer."""
        way = self.cleaned_data.get("client_authentication")
        has_secret = bool(self.cleaned_data.get("client_secret")) or "client_secret" in self.errors
        issuer = self.cleaned_data.get("issuer", self._issuer_of_stored_secret)
        if way == ClientAuthentication.PRIVATE_KEY_JWT:
            self.cleaned_data |= {"client_secret": "", "client_secret_expires_on": None}
        elif way != ClientAuthentication.CLIENT_SECRET or has_secret:
            return
        elif not self._has_stored_secret:
            self.add_error(
                "client_secret", ValidationError(gettext("Enter the client secret."), code="required")
            )
        elif issuer != self._issuer_of_stored_secret:
            show_refusal(self, SecretBoundToIssuer(field="client_secret"))

    def _check_algorithms(self, metadata: ProviderMetadata) -> None:
        """Warn of a connection that no ID token could pass, as far as the IdP says how it signs."""
        accepted = self.cleaned_data.get("signing_algorithms") or ALLOWED_ALGORITHMS
        announced = metadata.id_token_algorithms
        if announced and not set(announced) & set(accepted):
            self.add_error(
                "signing_algorithms",
                ValidationError(
                    gettext(
                        "This identity provider signs ID tokens with %(announced)s only. Accept one of these, or let "
                        "it sign with %(accepted)s."
                    )
                    % {
                        "announced": shown(", ".join(announced)),
                        "accepted": f" {gettext('or')} ".join(accepted),
                    },
                    code="signing_algorithms_without_overlap",
                ),
            )

    def _check_response_mode(self, metadata: ProviderMetadata) -> None:
        mode = self.cleaned_data.get("response_mode")
        if mode == ResponseMode.FORM_POST and metadata.response_modes and mode not in metadata.response_modes:
            error = self.mistake(
                "response_mode",
                gettext("This identity provider answers by %(modes)s only.")
                % {"modes": shown(", ".join(metadata.response_modes))},
                code="response_mode_unsupported",
                correction=Correction(
                    gettext("Let it answer in the address"), {"response_mode": ResponseMode.QUERY.value}
                ),
            )
            self.add_error("response_mode", error)


def _other_way(way: str, metadata: ProviderMetadata) -> Correction | None:
    """The other way to authenticate, where the IdP takes it."""
    (other,) = [each for each in ClientAuthentication if each != way]
    try:
        usable_methods(other, metadata)
    except SSOError:
        return None
    label = gettext("Authenticate so: %(way)s") % {"way": dict(CLIENT_AUTHENTICATION_CHOICES)[other]}
    return Correction(label, {"client_authentication": other.value})
