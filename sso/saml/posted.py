"""The form that a browser posts to the ACS (Bindings 3.5.4)."""

from dataclasses import dataclass

from django.http import HttpRequest

from hubsso.request_sizes import MAX_BODY_BYTES
from sso import posted_forms
from sso.saml.errors import ResponseMalformed, ResponseTooLarge


@dataclass(frozen=True, slots=True)
class PostedForm:
    """The fields of the binding, as they were sent; "" for one that was not."""

    saml_response: str
    relay_state: str
    saml_request: str = ""


def read_form(request: HttpRequest) -> PostedForm:
    """Raises ResponseTooLarge, or ResponseMalformed for a body that is not a form in UTF-8."""
    fields = posted_forms.read_form(
        request, max_bytes=MAX_BODY_BYTES, malformed=ResponseMalformed, too_large=ResponseTooLarge
    )
    return PostedForm(
        saml_response=fields.get("SAMLResponse", ""),
        relay_state=fields.get("RelayState", ""),
        saml_request=fields.get("SAMLRequest", ""),
    )
