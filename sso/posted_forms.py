"""A form that an IdP's server or page posts to us, taken only as browsers and IdPs send it, and the way on from it.

Django reads more kinds of bodies in more encodings, and some of them end in an error of its own. Here every other
body ends in a refusal, and one that says it is too long is not read.
"""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict, UnreadablePostError

from hubsso.request_sizes import length_in
from sso.errors import SSOError

_CONTENT_TYPE = "application/x-www-form-urlencoded"


def read_form(
    request: HttpRequest, *, max_bytes: int, malformed: type[SSOError], too_large: type[SSOError]
) -> QueryDict:
    """The fields. Raises `too_large`, or `malformed` for a body that is not a form in UTF-8."""
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != _CONTENT_TYPE or charset.lower() != "utf-8":
        raise malformed(f"What was posted is not a form ({_CONTENT_TYPE}, UTF-8).")
    if length_in(request.META) > max_bytes:
        raise too_large(f"The posted form is larger than {max_bytes} bytes.")
    try:
        return request.POST
    except RequestDataTooBig as error:
        raise too_large("The posted form is larger than any that is taken.") from error
    except (TooManyFieldsSent, UnreadablePostError) as error:
        raise malformed("The posted form can't be read to its end, or has too many fields.") from error


def see_other(path: str) -> HttpResponse:
    """On to a GET of our own, to which browsers send our cookie again."""
    return _SeeOther(path)


class _SeeOther(HttpResponseRedirect):
    status_code = 303  # a GET, whatever the method was that led here
