"""What differs between two revisions of a connection, in the words of the draft's form. Secrets are never shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from hubsso.crypto import CannotUnseal
from sso.connections import COPIED_FIELDS
from sso.models import Revision
from sso.protocols import adapter_for
from sso.revisions.understood import ShownCertificate


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: its values in the older and in the newer revision; none where it is empty there.

    `note` says it where values are not for showing.
    """

    label: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    note: str = ""


def differences(before: Revision, after: Revision, *, now: datetime) -> list[Difference]:
    """What a change from `before` to `after` changes, in the order of the form. Both are of one connection."""
    form = adapter_for(after.connection.protocol).draft_form(base=None)
    found = []
    for name, form_field in form.fields.items():
        if name == "client_secret":
            difference = _secret_difference(str(form_field.label), before, after)
        elif name == "certificates":
            difference = _certificate_difference(str(form_field.label), before, after, now=now)
        elif name in COPIED_FIELDS:
            difference = _difference(str(form_field.label), name, before, after)
        else:
            continue
        if difference is not None:
            found.append(difference)
    return found


def _difference(label: str, name: str, before: Revision, after: Revision) -> Difference | None:
    if getattr(before, name) == getattr(after, name):
        return None
    return Difference(label, _in_words(before, name), _in_words(after, name))


def _in_words(revision: Revision, name: str) -> tuple[str, ...]:
    value = getattr(revision, name)
    if isinstance(value, bool):
        return (_("Yes") if value else _("No"),)
    if value in (None, "", []):
        return ()
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    if isinstance(value, date):
        return (date_format(value, "DATE_FORMAT"),)
    display = getattr(revision, f"get_{name}_display", None)
    return (str(display() if display else value),)


def _secret_difference(label: str, before: Revision, after: Revision) -> Difference | None:
    """Compared in the clear, shown as a word."""
    has_before, has_after = bool(before.client_secret_sealed), bool(after.client_secret_sealed)
    if not has_before and not has_after:
        return None
    if has_before != has_after:
        return Difference(label, note=_("Added") if has_after else _("Removed"))
    try:
        is_same = before.client_secret == after.client_secret
    except CannotUnseal:
        return Difference(label, note=_("One of the two can't be read with this portal's keys."))
    return None if is_same else Difference(label, note=_("Changed"))


def _certificate_difference(
    label: str, before: Revision, after: Revision, *, now: datetime
) -> Difference | None:
    """Those that only one of the two has."""
    adapter = adapter_for(after.connection.protocol)
    old = adapter.shown_certificates(before, now=now)
    new = adapter.shown_certificates(after, now=now)
    gone, added = _without(old, new), _without(new, old)
    return Difference(label, gone, added) if gone or added else None


def _without(certificates: Iterable[ShownCertificate], others: Iterable[ShownCertificate]) -> tuple[str, ...]:
    known = {other.fingerprint for other in others}
    return tuple(
        f"{certificate.subject} · {certificate.fingerprint}"
        for certificate in certificates
        if certificate.fingerprint not in known
    )
