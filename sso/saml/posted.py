"""The form that a browser posts to the ACS (Bindings 3.5.4), taken only as browsers send it.

Django reads more kinds of bodies in more encodings than an IdP's page can make, and some of them end in an error
of its own. Here every other body ends in a refusal.
"""

from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, UnreadablePostError

from sso.saml.errors import ResponseMalformed, ResponseTooLarge

_CONTENT_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class PostedForm:
    """The two fields of the binding, as they were sent; "" for one that was not."""

    saml_response: str
    relay_state: str


def read_form(request: HttpRequest) -> PostedForm:
    """Raises ResponseTooLarge, or ResponseMalformed for a body that is not a form in UTF-8."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != _CONTENT_TYPE or charset.lower() != "utf-8":
        raise ResponseMalformed(f"What was posted is not a form ({_CONTENT_TYPE}, UTF-8).")
    try:
        fields = request.POST
    except RequestDataTooBig as error:
        raise ResponseTooLarge("The posted form is larger than any response that is taken.") from error
    except (TooManyFieldsSent, UnreadablePostError) as error:
        raise ResponseMalformed(
            "The posted form can't be read to its end, or has too many fields."
        ) from error
    return PostedForm(fields.get("SAMLResponse", ""), fields.get("RelayState", ""))
