"""A connection and its drafts: exactly the fields that an IdP's own set-up page names, the rest below a fold."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from hubsso import net
from hubsso.text import validate_one_line
from sso.connections import OIDCConfiguration, SAMLConfiguration, draft_stamp
from sso.errors import SSOError
from sso.forms.stamps import StampedForm
from sso.models import Connection, Revision
from sso.models.connection import PROTOCOL_CHOICES
from sso.models.policy import MAX_SESSION_SECONDS
from sso.oidc.discovery import check_issuer
from sso.saml.certificates import parse_certificates
from sso.saml.limits import MAX_CERTIFICATES_LENGTH
from sso.types import SSOProtocol

MIN_MAX_AGE_SECONDS = 60

# Machine text: nothing should be capitalised, corrected or remembered.
EXACT = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class ConnectionForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        validators=[validate_one_line],
        help_text="Members read it on the button: “Authenticate with Acme Login”.",
    )
    protocol = forms.TypedChoiceField(choices=PROTOCOL_CHOICES, coerce=SSOProtocol, widget=forms.RadioSelect)


class ConnectionNameForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = Connection
        fields = ["name"]


class DraftForm(StampedForm):
    """What both protocols' forms share. `more_options` are the names of the fields below the fold."""

    more_options: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *, base: Revision | None, initial: dict[str, Any]) -> None:
        super().__init__(data, initial={**initial, "based_on": draft_stamp(base)})

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.more_options]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.more_options]

    @property
    def is_unfolded(self) -> bool:
        """Show the fold open where something below it was set or is wrong."""
        return any(field.errors or field.value() not in self._defaults for field in self.more_fields)

    _defaults = (None, "", False, Revision.Binding.REDIRECT)


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
    more_options = ("max_age_seconds", "follow_id_token_expiry")

    def __init__(self, data: Any = None, *, base: Revision | None) -> None:
        names = ("client_id", "issuer", "max_age_seconds", "follow_id_token_expiry")
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
        """What was entered. Only for a valid form."""
        return OIDCConfiguration(**self.entered)


class SAMLDraftForm(DraftForm):
    issuer = forms.CharField(
        label="Issuer",
        max_length=500,
        widget=forms.TextInput(attrs=EXACT),
        help_text="Your identity provider's entity ID, exactly as it writes it itself.",
    )
    certificates = forms.CharField(
        label="x509 public certificate(s)",
        max_length=MAX_CERTIFICATES_LENGTH,
        widget=forms.Textarea(attrs={**EXACT, "rows": 8, "class": "font-monospace small"}),
        help_text="One after the other if there are several: each may have signed. So a new one can be added "
        "before the old one is taken away.",
    )
    sso_url = forms.CharField(
        label="SSO URL",
        max_length=500,
        widget=forms.TextInput(attrs={**EXACT, "inputmode": "url", "placeholder": "https://"}),
        help_text="Where members are sent to sign in.",
    )
    sso_binding = forms.ChoiceField(
        label="How members are sent there",
        choices=Revision.Binding.choices,
        initial=Revision.Binding.REDIRECT,
        help_text="HTTP-Redirect suits almost every identity provider.",
    )
    sign_requests = forms.BooleanField(
        label="Sign requests",
        required=False,
        help_text="Our certificate is then in the metadata, for the identity provider to check them with.",
    )
    email_attribute = forms.CharField(
        label="E-mail attribute",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=EXACT),
        help_text="The attribute that holds the e-mail address. Empty tries the usual names, then the NameID.",
    )
    more_options = ("sso_binding", "sign_requests", "email_attribute")

    def __init__(self, data: Any = None, *, base: Revision | None) -> None:
        names = ("issuer", "sso_url", *self.more_options)
        initial = {name: getattr(base, name) for name in names} if base else {}
        if base:
            initial["certificates"] = "\n".join(base.certificates)
        super().__init__(data, base=base, initial=initial)

    def clean_certificates(self) -> list[str]:
        """PEM texts. Names what is wrong with a certificate that can't be used."""
        try:
            infos = parse_certificates(self.cleaned_data["certificates"], now=timezone.now())
        except SSOError as error:
            raise ValidationError(error.admin_detail, code=error.code) from error
        return [info.pem for info in infos]

    def clean_sso_url(self) -> str:
        """An address that a browser, a header and we understand in one way: https, or http to this machine where
        development allows it.
        """
        url: str = self.cleaned_data["sso_url"]
        try:
            net.check_url(url)
        except net.UrlNotAllowed as error:
            raise ValidationError(
                "Enter a full address that starts with https://.", code="sso_url_invalid"
            ) from error
        return url

    def configuration(self) -> SAMLConfiguration:
        """What was entered. Only for a valid form."""
        return SAMLConfiguration(**self.entered)


DRAFT_FORMS: dict[SSOProtocol, type[OIDCDraftForm] | type[SAMLDraftForm]] = {
    SSOProtocol.OIDC: OIDCDraftForm,
    SSOProtocol.SAML: SAMLDraftForm,
}


class LockOutForm(forms.Form):
    """Asks for a tick before the last door of an enforcing organisation is closed."""

    accepts_lock_out = forms.BooleanField(
        label="I understand that nobody, me included, can enter until somebody opens the settings with a recovery "
        "code from this portal's operator.",
    )

    def __init__(self, data: Any = None, *, would_lock_out: bool) -> None:
        super().__init__(data)
        if not would_lock_out:
            del self.fields["accepts_lock_out"]


class DeleteConnectionForm(LockOutForm):
    unlink_members = forms.BooleanField(
        label="Also unlink its members' identities",
        required=False,
        help_text="Tick this when you move to another identity provider: members link to it at their next login.",
    )
