"""Typed readers of the environment.

Every value may also come from a file: `NAME_FILE=/run/secrets/name` is read when `NAME` is not set.
A missing or malformed value raises `ImproperlyConfigured` that names the variable and never its value.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})


def text(name: str, default: str | None = None) -> str:
    """The value of `name`, or of the file `name`_FILE points to; required when there is no default."""
    value = os.environ.get(name) or _from_file(name)
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} must be set (or {name}_FILE, the path of a file that holds it).")
    return default


def boolean(name: str, default: bool) -> bool:
    """One of 1/true/yes/on or 0/false/no/off, in any case."""
    value = text(name, "").strip().lower()
    if not value:
        return default
    if value not in TRUE_WORDS | FALSE_WORDS:
        raise ImproperlyConfigured(f"{name} must be one of true/false, yes/no, on/off, 1/0.")
    return value in TRUE_WORDS


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number of at least `minimum`."""
    value = text(name, "")
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}.")
    return number


def words(name: str, default: str | None = None) -> list[str]:
    """A list, separated by commas; blanks around the words do not count."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def origin(name: str, default: str | None = None) -> str:
    """An http(s) origin such as `https://hub.example.org`, without a path or a trailing slash."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.username
    ):
        raise ImproperlyConfigured(
            f"{name} must be an origin such as https://hub.example.org, without a path."
        )
    return value


def _from_file(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names a file that can't be read: {error.strerror}."
        ) from error
