"""The draft form of a SAML connection, and the form that fills it from an IdP's metadata."""

import base64
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hubsso import net
from sso.connections import SAMLConfiguration
from sso.errors import SSOError
from sso.forms.draft import EXACT, DraftForm
from sso.models import Revision
from sso.saml.certificates import CertificateInfo, parse_certificates
from sso.saml.idp_metadata import DescribedIdP, described_idps, fetch_metadata
from sso.saml.limits import MAX_CERTIFICATES_LENGTH, MAX_METADATA_LENGTH

MFA_CLASS = "https://refeds.org/profile/mfa"
ENTRA_MFA_CLASS = "http://schemas.microsoft.com/claims/multipleauthn"
MAX_CONTEXT_CLASSES = 10
MAX_CONTEXT_CLASSES_LENGTH = 3_000
ADDRESS = {**EXACT, "inputmode": "url", "placeholder": "https://"}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)


def validate_address(url: str) -> None:
    """An address that a browser, a header and we understand in one way: https, or http to this machine where
    development allows it.
    """
    try:
        net.check_url(url)
    except net.UrlNotAllowed as error:
        raise ValidationError(
            "Enter a full address that starts with https://.", code="address_invalid"
        ) from error


def _address(label: str, help_text: str, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=500,
        required=required,
        validators=[validate_address],
        widget=forms.TextInput(attrs=ADDRESS),
        help_text=help_text,
    )


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
    sso_url = _address(
        "SSO URL",
        "Where members are sent to sign in.",
        required=True,
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
        help_text="Our certificate is in the metadata, for the identity provider to check them with.",
    )
    want_encrypted = forms.BooleanField(
        label="Refuse assertions in the clear",
        required=False,
        help_text="Encrypted ones are always taken, by AES-GCM with RSA-OAEP. Our certificate is in the metadata.",
    )
    force_authn = forms.BooleanField(
        label="Ask members to sign in anew each time (ForceAuthn)",
        required=False,
        help_text="Even if they are still signed in at your identity provider. Sessions are then never renewed "
        "silently.",
    )
    authn_context_classes = forms.CharField(
        label="Ways of signing in (AuthnContextClassRef)",
        max_length=MAX_CONTEXT_CLASSES_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={**EXACT, "rows": 3, "class": "font-monospace small"}),
        help_text="One a line, and any of them will do: your identity provider is asked for them, and a login by "
        f"another is refused. For a second factor, {MFA_CLASS} (REFEDS) or {ENTRA_MFA_CLASS} (Entra ID). "
        "Empty leaves it to the identity provider.",
    )
    email_attribute = forms.CharField(
        label="E-mail attribute",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=EXACT),
        help_text="The attribute that holds the e-mail address. Empty tries the usual names, then the NameID.",
    )
    slo_url = _address(
        "Single logout URL",
        "Where members are sent to sign out at your identity provider too. Empty where it has none.",
    )
    slo_response_url = _address(
        "Single logout response URL",
        "Only where your identity provider wants answers elsewhere.",
    )
    slo_binding = forms.ChoiceField(
        label="How logout messages are sent",
        required=False,
        choices=Revision.Binding.choices,
        initial=Revision.Binding.REDIRECT,
    )
    metadata_url = _address(
        "Metadata URL",
        "Read again from time to time: a certificate that your identity provider announces there is "
        "taken in beside the others, and you are told. None is taken away.",
    )
    more_options = (
        "sso_binding",
        "sign_requests",
        "want_encrypted",
        "force_authn",
        "authn_context_classes",
        "email_attribute",
        "slo_url",
        "slo_response_url",
        "slo_binding",
        "metadata_url",
    )

    def __init__(
        self, data: Any = None, *, base: Revision | None, found: dict[str, Any] | None = None
    ) -> None:
        names = ("issuer", "sso_url", *self.more_options)
        initial = {name: getattr(base, name) for name in names} if base else {}
        if base:
            initial["certificates"] = "\n".join(base.certificates)
            initial["authn_context_classes"] = "\n".join(base.authn_context_classes)
        super().__init__(data, base=base, initial={**initial, **(found or {})})

    def clean_slo_binding(self) -> str:
        return self.cleaned_data["slo_binding"] or Revision.Binding.REDIRECT.value

    def clean_authn_context_classes(self) -> list[str]:
        """Each once, in the order in which they were written."""
        lines = map(str.strip, self.cleaned_data["authn_context_classes"].splitlines())
        classes = list(dict.fromkeys(line for line in lines if line))
        if len(classes) > MAX_CONTEXT_CLASSES:
            raise ValidationError(
                f"At most {MAX_CONTEXT_CLASSES} are taken.", code="authn_context_classes_too_many"
            )
        for context_class in classes:
            if not _URI.fullmatch(context_class):
                raise ValidationError(
                    "Write each as a URI, such as %(example)s.",
                    code="authn_context_class_invalid",
                    params={"example": MFA_CLASS},
                )
        return classes

    def clean_certificates(self) -> list[str]:
        """PEM texts. Names what is wrong with a certificate that can't be used."""
        try:
            infos = parse_certificates(self.cleaned_data["certificates"], now=timezone.now())
        except SSOError as error:
            raise ValidationError(error.admin_detail, code=error.code) from error
        return [info.pem for info in infos]

    def configuration(self) -> SAMLConfiguration:
        return SAMLConfiguration(**self.entered)


class MetadataForm(forms.Form):
    """Where an IdP's metadata is: at an address, in a file, or here. After a valid form, `found` has who is in it.

    `entity_id` is the one chosen of several.
    """

    metadata_url = _address(
        "Metadata URL",
        "The best of the three: it can be read again when a certificate changes.",
    )
    metadata_file = forms.FileField(
        label="Or a file",
        required=False,
        widget=forms.FileInput(
            attrs={"accept": ".xml,text/xml,application/xml,application/samlmetadata+xml"}
        ),
    )
    metadata_text = forms.CharField(
        label="Or the XML itself",
        max_length=MAX_METADATA_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={**EXACT, "rows": 6, "class": "font-monospace small"}),
    )
    entity_id = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)

    found: tuple[DescribedIdP, ...] = ()
    source_text = ""  # the document, where it has no address

    def clean(self) -> dict[str, Any]:
        given = [
            name for name in ("metadata_url", "metadata_file", "metadata_text") if self.cleaned_data.get(name)
        ]
        if self.errors:
            return self.cleaned_data
        if len(given) != 1:
            raise ValidationError(
                "Give one of the three: an address, a file, or the XML.", code="metadata_source"
            )
        try:
            self.found = tuple(described_idps(self._read(given[0]), now=timezone.now()))
        except SSOError as error:
            self.add_error(given[0], ValidationError(error.admin_detail, code=error.code))
        return self.cleaned_data

    def _read(self, name: str) -> bytes:
        if name == "metadata_url":
            return fetch_metadata(self.cleaned_data["metadata_url"])
        if name == "metadata_file":
            xml: bytes = self.cleaned_data["metadata_file"].read(MAX_METADATA_LENGTH + 1)
        else:
            xml = self.cleaned_data["metadata_text"].encode()
        self.source_text = xml.decode("utf-8", errors="replace")
        return xml

    @property
    def chosen(self) -> DescribedIdP | None:
        """The only one, or the one that was chosen; None while there is a choice to make."""
        if len(self.found) == 1:
            return self.found[0]
        return next((idp for idp in self.found if idp.entity_id == self.cleaned_data["entity_id"]), None)


def entered_by(idp: DescribedIdP, *, metadata_url: str) -> dict[str, Any]:
    """What the draft form would hold if an admin had typed what the metadata says."""
    return {
        "issuer": idp.entity_id,
        "sso_url": idp.sso.url,
        "sso_binding": idp.sso.binding.value,
        "certificates": "\n".join(idp.certificates),
        "sign_requests": idp.wants_signed_requests,
        "slo_url": idp.slo.url if idp.slo else "",
        "slo_response_url": idp.slo.response_url if idp.slo else "",
        "slo_binding": idp.slo.binding.value if idp.slo else Revision.Binding.REDIRECT.value,
        "metadata_url": metadata_url,
    }


class AddCertificateForm(forms.Form):
    """An IdP's next certificate, as text or as a file. After a valid form, `found` has what was read."""

    certificates = forms.CharField(
        label=_("Certificate"),
        max_length=MAX_CERTIFICATES_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={**EXACT, "rows": 8, "class": "font-monospace small"}),
        help_text=_("Paste the X.509 certificate that your identity provider will sign with, in PEM format."),
    )
    certificate_file = forms.FileField(
        label=_("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pem,.crt,.cer,.der,.cert,application/x-x509-ca-cert"}),
        help_text=_("A .pem, .crt or .cer file."),
    )

    found: tuple[CertificateInfo, ...] = ()

    def clean(self) -> dict[str, Any]:
        given = [name for name in ("certificates", "certificate_file") if self.cleaned_data.get(name)]
        if self.errors:
            return self.cleaned_data
        if len(given) != 1:
            raise ValidationError(_("Paste the certificate, or choose a file."), code="certificate_source")
        try:
            self.found = tuple(parse_certificates(self._text(given[0]), now=timezone.now()))
        except SSOError as error:
            self.add_error(given[0], ValidationError(error.admin_detail, code=error.code))
        return self.cleaned_data

    def _text(self, name: str) -> str:
        """What was pasted or what the file holds. A file may also hold the certificate as bytes (DER)."""
        if name == "certificates":
            return str(self.cleaned_data[name])
        content: bytes = self.cleaned_data[name].read(MAX_CERTIFICATES_LENGTH + 1)
        if content.isascii():
            return content.decode()
        return base64.b64encode(content).decode()
