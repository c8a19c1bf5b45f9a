"""Keeps everything that the portal lets out while it is used: pages, headers, log lines, mails, rows.

A `WatchedClient` is a browser whose traffic is kept. `Eavesdropper.found` says which secrets are where.
"""

import html
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client

from hubsso.request_context import JSONFormatter, RequestContextFilter

PIECE_CHARS = 16
LONG_SECRET_CHARS = 1000
LONG_PIECE_CHARS = 64  # a shorter piece of a document may be base64 of a word that stands elsewhere too
LONG_RUN = re.compile(r"[\w+/=.-]{16,}", re.ASCII)


class Eavesdropper:
    """What came out so far, by where it did: `sso:start page`, `sso:start Location`, `log`, `database`..."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = {}

    def hear(self, where: str, text: str) -> None:
        self.heard.setdefault(where, []).append(text)

    def hear_response(self, response: Any) -> None:
        """All of an answer but its cookies, which are the browser's own."""
        match: Any = getattr(response, "resolver_match", None)
        view = match.view_name if match else "no view"
        for name, value in response.headers.items():
            self.hear(f"{view} {'Location' if name == 'Location' else 'headers'}", value)
        content = b"".join(response) if response.streaming else response.content
        self.hear(f"{view} page", content.decode())

    @contextmanager
    def hearing_log(self) -> Iterator[None]:
        """Every record of every logger, at every level, as the product writes it."""
        handler = _LogEar(self)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.setLevel(level)
            root.removeHandler(handler)

    def hear_mails(self) -> None:
        for message in mail.outbox:
            self.hear("mail", message.message().as_string())

    def found(self, secrets: Mapping[str, str]) -> set[tuple[str, str]]:
        """Which secret is where: whole or in part, as it is, URL-encoded or escaped for HTML."""
        return {
            (name, where)
            for where, texts in self.heard.items()
            for searchable in [_Searchable.of(texts)]
            for name, secret in secrets.items()
            if searchable.holds(secret)
        }


class WatchedClient(Client):
    """A browser. Logs are heard only while the portal serves it, since the IdPs of tests log too."""

    def __init__(self, ear: Eavesdropper) -> None:
        super().__init__()
        self.ear = ear

    def request(self, **request: Any) -> Any:
        with self.ear.hearing_log():
            response = super().request(**request)
        self.ear.hear_response(response)
        return response


def database_text() -> str:
    """Every value of every row, sessions decoded, and the cache, which production keeps in the database too."""
    rows = [
        str(row)
        for model in apps.get_models(include_auto_created=True)
        for row in model._default_manager.values_list()
    ]
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    cached = [bytes(value).decode("latin-1") for value in cache._cache.values()]  # type: ignore[attr-defined]
    return "\n".join([*rows, *sessions, *cached])


class _LogEar(logging.Handler):
    def __init__(self, ear: Eavesdropper) -> None:
        super().__init__(logging.DEBUG)
        self.ear = ear
        self.setFormatter(JSONFormatter())
        self.addFilter(RequestContextFilter())

    def emit(self, record: logging.LogRecord) -> None:
        self.ear.hear("log", self.format(record))


@dataclass(frozen=True, slots=True)
class _Searchable:
    """A text, and the long runs of letters, digits and base64's marks in it: where pieces of tokens would be."""

    text: str
    runs: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> "_Searchable":
        readings = {reading for text in set(texts) for reading in (text, unquote(text), html.unescape(text))}
        text = "\n".join(readings)
        return cls(text, "\n".join(set(LONG_RUN.findall(text))))

    def holds(self, secret: str) -> bool:
        """The whole secret, or any piece of it where it is one run."""
        if len(secret) <= PIECE_CHARS or not LONG_RUN.fullmatch(secret):
            return secret in self.text
        length = PIECE_CHARS if len(secret) < LONG_SECRET_CHARS else LONG_PIECE_CHARS
        starts = range(0, len(secret) - length + 1, length // 2)
        return any(secret[start : start + length] in self.runs for start in starts)
