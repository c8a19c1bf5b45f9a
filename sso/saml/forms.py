"""The draft form of a SAML connection, and the form that fills it from an IdP's metadata."""

import base64
import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sso.connections import SAMLConfiguration
from sso.errors import SSOError
from sso.forms.draft import EXACT, DraftForm
from sso.models import Revision
from sso.revisions.corrections import Correction, better_address, use, without_spaces
from sso.revisions.understood import Understood
from sso.saml.certificates import CertificateInfo, parse_certificates
from sso.saml.entered import (
    entered_by,
    is_address,
    is_metadata,
    is_required,
    looks_like_entity_id,
    meant_certificates,
    new_sources,
    read_source,
)
from sso.saml.idp_metadata import DescribedIdP, described_idps
from sso.saml.limits import MAX_CERTIFICATES_LENGTH, MAX_METADATA_LENGTH
from sso.saml.understood import understood

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MFA_CLASS = "https://refeds.org/profile/mfa"
ENTRA_MFA_CLASS = "http://schemas.microsoft.com/claims/multipleauthn"
MAX_CONTEXT_CLASSES = 10
MAX_CONTEXT_CLASSES_LENGTH = 3_000
ADDRESS = {**EXACT, "inputmode": "url", "placeholder": "https://"}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)


def _address(label: "StrOrPromise", help_text: "StrOrPromise", *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=500,
        required=required,
        widget=forms.TextInput(attrs=ADDRESS),
        help_text=help_text,
    )


class SAMLDraftForm(DraftForm):
    """Its fields are typed, or read from metadata: an address, a file, or the XML itself.

    After validation `offered` has the IdPs to choose from, where the metadata has several, and `notes` what was left
    out of it. Metadata at an address is read once, when the address is new: `metadata_read` is the one that was.
    """

    metadata_url = _address(
        _("Metadata URL"),
        _(
            "The best of all ways: it is read again from time to time, a certificate that is announced there is taken "
            "in beside the others, and you are told. None is taken away."
        ),
    )
    metadata_file = forms.FileField(
        label=_("Metadata file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(
            attrs={"accept": ".xml,text/xml,application/xml,application/samlmetadata+xml"}
        ),
    )
    metadata_text = forms.CharField(
        label=_("Metadata as XML"),
        max_length=MAX_METADATA_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={**EXACT, "rows": 5, "class": "font-monospace small"}),
    )
    metadata_read = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    entity_id = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
    issuer = forms.CharField(
        label=_("Issuer (entity ID)"),
        max_length=500,
        widget=forms.TextInput(attrs=EXACT),
        help_text=_("Your identity provider's name for itself, exactly as it writes it."),
    )
    certificates = forms.CharField(
        label=_("x509 public certificates"),
        max_length=MAX_CERTIFICATES_LENGTH,
        widget=forms.Textarea(attrs={**EXACT, "rows": 8, "class": "font-monospace small"}),
        help_text=_(
            "What your identity provider signs with. One after the other if there are several: each may have "
            "signed. So a new one can be added before the old one is taken away."
        ),
    )
    sso_url = _address(
        _("SSO URL"),
        _("Where members are sent to sign in."),
        required=True,
    )
    sso_binding = forms.ChoiceField(
        label=_("How members are sent there"),
        choices=Revision.Binding.choices,
        initial=Revision.Binding.REDIRECT,
        help_text=_("HTTP-Redirect suits almost every identity provider."),
    )
    sign_requests = forms.BooleanField(
        label=_("Sign requests"),
        required=False,
        help_text=_("Our certificate is in the metadata, for the identity provider to check them with."),
    )
    want_encrypted = forms.BooleanField(
        label=_("Refuse assertions in the clear"),
        required=False,
        help_text=_(
            "Encrypted ones are always taken, by AES-GCM with RSA-OAEP. Our certificate is in the metadata."
        ),
    )
    force_authn = forms.BooleanField(
        label=_("Ask members to sign in anew each time (ForceAuthn)"),
        required=False,
        help_text=_(
            "Even if they are still signed in at your identity provider. Sessions are then never renewed "
            "silently."
        ),
    )
    authn_context_classes = forms.CharField(
        label=_("Ways of signing in (AuthnContextClassRef)"),
        max_length=MAX_CONTEXT_CLASSES_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={**EXACT, "rows": 3, "class": "font-monospace small"}),
        help_text=format_lazy(
            _(
                "One a line, and any of them will do: your identity provider is asked for them, and a login by "
                "another is refused. For a second factor, {refeds} (REFEDS) or {entra} (Entra ID). Empty leaves it "
                "to the identity provider."
            ),
            refeds=MFA_CLASS,
            entra=ENTRA_MFA_CLASS,
        ),
    )
    email_attribute = forms.CharField(
        label=_("E-mail attribute"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=EXACT),
        help_text=_(
            "The attribute that holds the e-mail address. Empty tries the usual names, then the NameID."
        ),
    )
    slo_url = _address(
        _("Single logout URL"),
        _("Where members are sent to sign out at your identity provider too. Empty where it has none."),
    )
    slo_response_url = _address(
        _("Single logout response URL"),
        _("Only where your identity provider wants answers elsewhere."),
    )
    slo_binding = forms.ChoiceField(
        label=_("How logout messages are sent"),
        required=False,
        choices=Revision.Binding.choices,
        initial=Revision.Binding.REDIRECT,
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
    )
    source_options = ("metadata_url", "metadata_file", "metadata_text")
    technical = (*DraftForm.technical, "metadata_file", "metadata_text", "metadata_read", "entity_id")
    use_required_attribute = False  # the metadata says it all

    offered: tuple[DescribedIdP, ...] = ()
    notes: tuple[str, ...] = ()
    offered_bindings: tuple[str, ...] = ()

    def __init__(
        self, data: Any = None, files: Any = None, *, base: Revision | None, place: str = ""
    ) -> None:
        names = ("issuer", "sso_url", "metadata_url", *self.more_options)
        initial = {name: getattr(base, name) for name in names} if base else {}
        if base:
            initial["certificates"] = "\n".join(base.certificates)
            initial["authn_context_classes"] = "\n".join(base.authn_context_classes)
            initial["metadata_read"] = base.metadata_url
        super().__init__(data, files, base=base, initial=initial)
        self._source_errors: dict[str | None, ValidationError] = {}

    def full_clean(self) -> None:
        """Metadata first: what it says is then checked as if it had been typed."""
        if self.is_bound:
            self._read_metadata()
        super().full_clean()

    def clean_metadata_url(self) -> str:
        return self._clean_address("metadata_url")

    def clean_issuer(self) -> str:
        entered: str = self.cleaned_data["issuer"]
        if (better := without_spaces(entered)) != entered:
            raise self.mistake(
                "issuer",
                gettext("An entity ID has no spaces in it."),
                code="entity_id_invalid",
                correction=use("issuer", better),
            )
        return entered

    def clean_sso_url(self) -> str:
        """Names two mix-ups: with the entity ID, and with the address of the metadata."""
        entered, issuer = self.cleaned_data["sso_url"], self.cleaned_data.get("issuer", "")
        if looks_like_entity_id(entered, issuer):
            raise self.mistake(
                "sso_url",
                gettext("This looks like the entity ID, and the entity ID like the SSO URL."),
                code="address_invalid",
                correction=Correction(gettext("Swap the two"), {"issuer": entered, "sso_url": issuer}),
            )
        address = self._clean_address("sso_url")
        if not self.data.get("metadata_read") and is_metadata(address, now=timezone.now()):
            raise self.mistake(
                "sso_url",
                gettext("This is the address of the metadata, not the one that members are sent to."),
                code="metadata_as_sso_url",
                correction=Correction(
                    gettext("Read it as metadata"), {"metadata_url": address, "sso_url": ""}
                ),
            )
        return address

    def clean_slo_url(self) -> str:
        return self._clean_address("slo_url")

    def clean_slo_response_url(self) -> str:
        return self._clean_address("slo_response_url")

    def clean_slo_binding(self) -> str:
        return self.cleaned_data["slo_binding"] or Revision.Binding.REDIRECT.value

    def clean_authn_context_classes(self) -> list[str]:
        """Each once, in the order in which they were written."""
        lines = map(str.strip, self.cleaned_data["authn_context_classes"].splitlines())
        classes = list(dict.fromkeys(line for line in lines if line))
        if len(classes) > MAX_CONTEXT_CLASSES:
            raise ValidationError(
                gettext("At most %(number)s are taken."),
                code="authn_context_classes_too_many",
                params={"number": MAX_CONTEXT_CLASSES},
            )
        for context_class in classes:
            if not _URI.fullmatch(context_class):
                raise ValidationError(
                    gettext("Write each as a URI, such as %(example)s."),
                    code="authn_context_class_invalid",
                    params={"example": MFA_CLASS},
                )
        return classes

    def clean_certificates(self) -> list[str]:
        """PEM texts. Names what is wrong with a certificate that can't be used."""
        text, now = self.cleaned_data["certificates"], timezone.now()
        try:
            return [info.pem for info in parse_certificates(text, now=now)]
        except SSOError as error:
            raise self.mistake(
                "certificates",
                gettext(error.admin_detail),
                code=error.code,
                correction=meant_certificates(text, now=now),
            ) from error

    def clean(self) -> dict[str, Any]:
        """Where the metadata could not be read, or is yet to be chosen from, nothing else is missing."""
        has_bad_source = bool(self._source_errors or self.errors.keys() & set(self.source_options))
        if not has_bad_source and not self.offered and self._says_nothing():
            message = gettext("Give the metadata in one of the three ways, or enter the values one by one.")
            self._source_errors[None] = ValidationError(message, code="metadata_source")
        if has_bad_source or self._source_errors or self.offered:
            for name in [name for name, errors in self.errors.as_data().items() if is_required(errors)]:
                del self.errors[name]
        for source, error in self._source_errors.items():
            self.add_error(source, error)
        if self.offered:
            message = gettext("Choose your identity provider below.")
            self.add_error(None, ValidationError(message, code="metadata_choice"))
        return self.cleaned_data

    def configuration(self) -> SAMLConfiguration:
        return SAMLConfiguration(**self.entered)

    def understood(self) -> Understood:
        return understood(
            self.configuration(),
            notes=self.notes,
            offered_bindings=self.offered_bindings,
            now=timezone.now(),
        )

    @property
    def asks_single_values(self) -> bool:
        """Show the fields that metadata would fill: something is in them, or wrong with them."""
        return any(field.errors or field.value() for field in self.main_fields)

    def _clean_address(self, name: str) -> str:
        entered: str = self.cleaned_data[name]
        if not entered or is_address(entered):
            return entered
        better = better_address(entered)
        raise self.mistake(
            name,
            gettext("Enter a full address that starts with https://."),
            code="address_invalid",
            correction=use(name, better) if is_address(better) else None,
        )

    def _says_nothing(self) -> bool:
        return not any(self.data.get(name) for name in ("issuer", "sso_url", "certificates"))

    def _read_metadata(self) -> None:
        sources = new_sources(self.data, self.files)
        if len(sources) > 1:
            message = gettext("Give one of the three: an address, a file, or the XML.")
            self._source_errors[None] = ValidationError(message, code="metadata_source")
        if len(sources) != 1:
            return
        (source,) = sources
        try:
            xml = read_source(source, self.data, self.files)
            found = tuple(described_idps(xml, now=timezone.now()))
        except SSOError as error:
            self._source_errors[source] = ValidationError(gettext(error.admin_detail), code=error.code)
            return
        self._choose(source, found, xml)

    def _choose(self, source: str, found: tuple[DescribedIdP, ...], xml: bytes) -> None:
        """Take the only one, or the one that was chosen; else offer them, with what they were read from."""
        wanted = self.data.get("entity_id")
        chosen = (
            found[0] if len(found) == 1 else next((idp for idp in found if idp.entity_id == wanted), None)
        )
        if chosen is None:
            self.offered = found
            if source != "metadata_url":
                self.replace_data(metadata_text=xml.decode("utf-8", errors="replace"))
            return
        self.notes, self.offered_bindings = chosen.notes, chosen.offered_bindings
        read = self.data.get("metadata_url", "") if source == "metadata_url" else ""
        self.replace_data(**entered_by(chosen), metadata_text="", metadata_read=read, entity_id="")


class AddCertificateForm(forms.Form):
    """An IdP's next certificate, as text or as a file. After a valid form, `found` has what was read."""

    certificates = forms.CharField(
        label=_("Certificate"),
        max_length=MAX_CERTIFICATES_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={**EXACT, "rows": 8, "class": "font-monospace small"}),
        help_text=_("Paste the certificate that your identity provider will sign with, in PEM format."),
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
            self.add_error(given[0], ValidationError(gettext(error.admin_detail), code=error.code))
        return self.cleaned_data

    def _text(self, name: str) -> str:
        """What was pasted or what the file holds. A file may also hold the certificate as bytes (DER)."""
        if name == "certificates":
            return str(self.cleaned_data[name])
        content: bytes = self.cleaned_data[name].read(MAX_CERTIFICATES_LENGTH + 1)
        if content.isascii():
            return content.decode()
        return base64.b64encode(content).decode()
