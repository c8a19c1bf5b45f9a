"""The draft form of a SAML connection."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from hubsso import net
from sso.connections import SAMLConfiguration
from sso.errors import SSOError
from sso.forms.draft import EXACT, DraftForm
from sso.models import Revision
from sso.saml.certificates import parse_certificates
from sso.saml.limits import MAX_CERTIFICATES_LENGTH


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
        return SAMLConfiguration(**self.entered)
