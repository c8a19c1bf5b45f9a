"""Where a login may return to: a path of this site and nothing else. Checked when stored and when used."""

from urllib.parse import urlencode

from django.utils.http import url_has_allowed_host_and_scheme

MAX_PATH_LENGTH = 2000


def safe_path(path: str | None, *, fallback: str) -> str:
    """`path` if it is a path of this site, else `fallback`.

    Refuses other hosts (`//host`, `/\\host`), schemes, control characters and anything over 2000 characters.
    """
    if not path or len(path) > MAX_PATH_LENGTH or not path.startswith("/") or path.startswith("//"):
        return fallback
    if any(character < " " or character in "\\\x7f" for character in path):
        return fallback
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return fallback
    return path


def with_next(url: str, path: str) -> str:
    """`url` with the path to return to in its query."""
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{urlencode({'next': path})}" if path else url
