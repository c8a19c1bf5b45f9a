"""Forms that met an expired SSO session: kept, sealed, for the same browser, and sent on if the person confirms."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from hubsso.crypto import random_token, seal, token_hash, unseal
from orgs.models import Organization
from sso.models import HeldPost

HOLD_FOR = timedelta(hours=1)
MAX_FIELDS_BYTES = 256 * 1024
MAX_PATH_LENGTH = 2000
MAX_HELD = 10  # of one browser; the oldest make room
_NEVER_HELD = frozenset(
    {"csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword", "client_secret"}
)

Fields = list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class OpenedPost:
    """A held form, opened by the browser it was taken from."""

    path: str
    fields: Fields

    @property
    def shown_fields(self) -> list[tuple[str, str]]:
        """What the person filled in, to recognise it by: names as words, without what is empty."""
        return [
            (name.replace("_", " ").replace("-", " ").capitalize(), value)
            for name, values in self.fields
            for value in values
            if value
        ]


def hold(
    *, org: Organization, user_id: int, browser_session: str, path: str, fields: Fields | None, now: datetime
) -> str:
    """Keep a form and return the token that opens it for an hour, or "" for what can't be kept.

    Not kept: uploads (`fields` is None), forms over 256 KiB, forms with a password or secret in them, and
    those whose path is longer than 2000 characters.
    """
    if (
        fields is None
        or not browser_session
        or len(path) > MAX_PATH_LENGTH
        or _NEVER_HELD & {name for name, _ in fields} - {"csrfmiddlewaretoken"}
    ):
        return ""
    kept = json.dumps([(name, values) for name, values in fields if name not in _NEVER_HELD])
    if len(kept) > MAX_FIELDS_BYTES:
        return ""
    token = random_token()
    HeldPost.objects.create(
        token_hash=token_hash(token),
        org=org,
        user_id=user_id,
        browser_session=browser_session,
        path=path,
        fields_sealed=seal(kept, context=_context(token)),
        expires_at=now + HOLD_FOR,
    )
    _drop_oldest(user_id=user_id, browser_session=browser_session)
    return token


def open_held(
    *, org: Organization, token: str, user_id: int, browser_session: str, now: datetime
) -> OpenedPost | None:
    """The form behind a token, None unless it is this browser's and has not expired."""
    held = HeldPost.objects.filter(
        org=org,
        token_hash=token_hash(token),
        user_id=user_id,
        browser_session=browser_session,
        expires_at__gt=now,
    ).first()
    if held is None:
        return None
    fields: Fields = [
        (name, values) for name, values in json.loads(unseal(held.fields_sealed, context=_context(token)))
    ]
    return OpenedPost(path=_at_present_slug(held.path, org), fields=fields)


def _at_present_slug(path: str, org: Organization) -> str:
    """The path where the organisation is now: a form that is sent to an address it gave up is not led on."""
    return re.sub(r"^/orgs/[^/]+/", f"/orgs/{org.slug}/", path)


def _drop_oldest(*, user_id: int, browser_session: str) -> None:
    held = HeldPost.objects.filter(user_id=user_id, browser_session=browser_session).order_by("-pk")
    too_many = list(held.values_list("pk", flat=True)[MAX_HELD:])
    if too_many:
        HeldPost.objects.filter(pk__in=too_many).delete()


def _context(token: str) -> str:
    return f"held_post:{token_hash(token)}:fields"
