"""What a report of a crash says: where it happened, and nothing of what was sent or worked with.

For mails to ADMINS, and for Django's page while DEBUG is on. Django hides what is called like a secret; a code, a
state, a SAMLResponse and the frames of a callback are called otherwise. So here names stay and every value goes:
of the query, the form, the cookies, the headers but a few, and the variables of every frame. Settings are left out.
The message of the exception stays; ours hold no secrets.
"""

import copy
from collections.abc import ItemsView, Mapping
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from hubsso.request_context import without_tokens

HIDDEN = SafeExceptionReporterFilter.cleansed_substitute
SHOWN_META = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "HTTP_ACCEPT",
        "HTTP_HOST",
        "HTTP_USER_AGENT",
        "PATH_INFO",
        "REQUEST_METHOD",
        "SERVER_PROTOCOL",
    }
)


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Hides whether DEBUG is on or not: a demo is shown to people too."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        if request is None:
            return {}
        return {**_hidden(request.META, but=SHOWN_META), "PATH_INFO": without_tokens(request.path_info)}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        return _hidden(request.COOKIES) if request else {}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return _hidden(request.POST) if request else {}

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return _hidden(tb_frame.f_locals).items()


class ErrorReporter(ExceptionReporter):
    """Hides the query, which Django shows as it came, and who is signed in."""

    def get_traceback_data(self) -> dict[str, Any]:
        data: dict[str, Any] = super().get_traceback_data()
        if self.request is not None:
            data["request_GET_items"] = _hidden(self.request.GET).items()
            data["request_FILES_items"] = _hidden(self.request.FILES).items()
            data["request_insecure_uri"] = without_tokens(self.request.path)
            data["request"] = copy.copy(self.request)
            data["request"].path_info = without_tokens(self.request.path_info)
            data["user_str"] = HIDDEN
        return data


def _hidden(values: Mapping[str, Any], *, but: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {name: value if name in but else HIDDEN for name, value in values.items()}
