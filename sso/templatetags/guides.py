"""The guides' texts as HTML."""

import re

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from sso.corrections import Correction
from sso.forms.draft import DraftForm

register = template.Library()

_CODE = re.compile(r"`([^`]+)`")


@register.filter
def with_code(text: str) -> SafeString:
    """What stands between backticks, as code; everything is escaped."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S308 - escaped before


@register.filter
def place_of(paste: dict[str, str], field_name: str) -> str:
    """Where a guide finds the value of a form's field; empty where it does not say."""
    return paste.get(field_name, "")


@register.filter
def correction_of(form: DraftForm, field_name: str) -> Correction | None:
    """What one click would make of a field that is wrong."""
    return form.corrections.get(field_name)
