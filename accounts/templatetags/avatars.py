"""Initials and a colour for people and organisations that have no picture."""

import zlib

from django import template

register = template.Library()

AVATAR_HUES = 8  # .avatar-hue-0 to .avatar-hue-7 in hubsso-components.css


@register.filter
def initials(name: str) -> str:
    """Up to two letters: of the first and the last word, or the first of an only word."""
    words = [word for word in str(name).replace("@", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()


@register.filter
def avatar_hue(name: str) -> int:
    """The same name always gets the same hue, in every process (unlike `hash`)."""
    return zlib.crc32(str(name).encode()) % AVATAR_HUES
