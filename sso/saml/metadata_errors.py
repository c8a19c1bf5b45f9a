"""What can be wrong with an IdP's metadata. `admin_detail` is fit to stand beside the form's field."""

from django.utils.translation import gettext_noop as _

from sso.saml.errors import SAMLError


class MetadataError(SAMLError):
    """Base of them all. Members meet none of them: metadata is read for admins."""

    code = "metadata_error"
    user_message = _("The identity provider's metadata can't be used.")


class MetadataUnreachable(MetadataError):
    code = "metadata_unreachable"


class MetadataMalformed(MetadataError):
    """Not XML that is taken, or not SAML metadata."""

    code = "metadata_malformed"


class MetadataTooLarge(MetadataError):
    code = "metadata_too_large"


class MetadataExpired(MetadataError):
    """Its `validUntil` has passed (Metadata 2.3.1)."""

    code = "metadata_expired"


class MetadataWithoutIdP(MetadataError):
    """It describes no IdP, or none that we could use, or not the one that was asked for."""

    code = "metadata_without_idp"
