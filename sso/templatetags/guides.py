"""The guides' texts as HTML."""

import re
from collections.abc import Mapping

from django import template
from django.forms import BoundField
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from sso.forms.draft import DraftForm
from sso.revisions.corrections import Correction, Offer

register = template.Library()

_CODE = re.compile(r"`([^`]+)`")


@register.filter
def with_code(text: str) -> SafeString:
    """What stands between backticks, as code; everything is escaped."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S308 - escaped before


@register.filter
def place_of(paste: Mapping[str, str], field_name: str) -> str:
    """Where a guide finds the value of a form's field; empty where it does not say."""
    return paste.get(field_name, "")


@register.filter
def correction_of(form: DraftForm, field_name: str) -> Correction | None:
    """What one click would make of a field that is wrong."""
    return form.corrections.get(field_name)


@register.filter
def offer_of(form: DraftForm, field_name: str) -> Offer | None:
    """What the last test taught of a field that was saved."""
    return form.offers.get(field_name)


@register.filter
def first_source(form: DraftForm, paste: Mapping[str, str]) -> BoundField:
    """The source that the vendor has a place for; else the form's first."""
    sources = form.source_fields
    return next((field for field in sources if field.name in paste), sources[0])


@register.filter
def has_source_beside(form: DraftForm, first: BoundField) -> bool:
    """Is something in another source, or wrong with it?"""
    return any(field.errors or field.value() for field in form.source_fields if field.name != first.name)
