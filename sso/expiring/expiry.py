"""What an organisation's connections hold that expires: certificates, our own keys, client secrets; and for how long.

Read in a handful of queries however many there are. `expiry_warnings` mails about them, pages show them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from orgs.models import Organization
from sso.key_pairs import Rollover, in_order
from sso.models import CertificateUse, Connection, KeyPair, Revision
from sso.protocols import adapter_for
from sso.revisions.understood import ShownCertificate
from sso.types import ClientAuthentication, ExpiringKind, KeyPairStatus

T = TypeVar("T", Revision, KeyPair, CertificateUse)

# Admins are told so many days before the end, and at the end.
WARN_DAYS = (60, 30, 14, 7, 1, 0)
_SERIOUS_DAYS = 30
_URGENT_DAYS = 7
# A certificate that was not used for so long while another one was is not waited for.
SUPERSEDED_AFTER = timedelta(days=1)


class Validity(StrEnum):
    VALID = "valid"
    ENDING = "ending"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """From when until when something holds, looked at `now`."""

    not_before: datetime | None = None
    not_after: datetime
    now: datetime

    @property
    def days_left(self) -> int:
        """Whole days; negative once it has expired."""
        return (self.not_after - self.now).days

    @property
    def validity(self) -> Validity:
        if self.now >= self.not_after:
            return Validity.EXPIRED
        if self.not_before is not None and self.now < self.not_before:
            return Validity.NOT_YET_VALID
        return Validity.ENDING if self.warning_days is not None else Validity.VALID

    @property
    def warning_days(self) -> int | None:
        """The last of `WARN_DAYS` that has been reached; None while the end is far."""
        left = self.not_after - self.now
        return min((days for days in WARN_DAYS if left <= timedelta(days=days)), default=None)

    @property
    def text(self) -> str:
        """The state in a few words."""
        match self.validity:
            case Validity.EXPIRED:
                return _("Expired")
            case Validity.NOT_YET_VALID:
                return _("Not yet valid")
            case Validity.VALID:
                return _("Valid")
        if self.days_left < 1:
            return _("Expires within a day")
        days = self.days_left
        return ngettext("Expires in %(days)d day", "Expires in %(days)d days", days) % {"days": days}

    @property
    def tone(self) -> str:
        """How a badge or a strip shows it."""
        if self.validity in (Validity.VALID, Validity.NOT_YET_VALID):
            return "success" if self.validity is Validity.VALID else "secondary"
        if self.days_left < _URGENT_DAYS:
            return "danger"
        return "warning" if self.days_left < _SERIOUS_DAYS else "info"


class Use(StrEnum):
    """What logins say of one trusted certificate beside the others."""

    UNKNOWN = "unknown"  # no login has been verified since this is recorded
    IN_USE = "in_use"
    UNSEEN = "unseen"  # another verifies logins, this one never has
    SUPERSEDED = "superseded"  # it did, and for a while now another one does


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One certificate of an IdP, wherever it is pinned or announced. Only one that `is_live` is trusted at logins."""

    certificate: ShownCertificate
    lifetime: Lifetime
    is_live: bool
    is_in_draft: bool
    last_used_at: datetime | None
    use: Use

    @property
    def slug(self) -> str:
        """The fingerprint as it stands in an address."""
        return self.certificate.fingerprint.replace(":", "").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    pair: KeyPair
    lifetime: Lifetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRow:
    """The client secret of the live revision or of the draft. `lifetime` is None where nobody entered its end."""

    revision: Revision
    lifetime: Lifetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionKeys:
    """Everything of one connection that expires."""

    connection: Connection
    live: Revision | None
    draft: Revision | None
    certificates: tuple[CertificateRow, ...]
    key_pairs: tuple[KeyRow, ...]
    secrets: tuple[SecretRow, ...]

    @property
    def rollover(self) -> Rollover:
        return Rollover(tuple(row.pair for row in self.key_pairs))

    @property
    def pins_certificates(self) -> bool:
        """Does an admin say which certificates the IdP signs with?"""
        return adapter_for(self.connection.protocol).pins_certificates

    @property
    def is_empty(self) -> bool:
        return not (self.certificates or self.key_pairs or self.secrets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Something in use that ends soon, or has. `name` names it for good: a fingerprint, a revision's uid."""

    kind: ExpiringKind
    connection: Connection
    name: str
    subject: str
    lifetime: Lifetime

    @property
    def sentence(self) -> str:
        """What ends and when, in the reader's language."""
        expired, within_a_day, in_days = _SENTENCES[self.kind]
        names = {"connection": self.connection.name, "days": self.lifetime.days_left}
        if self.lifetime.validity is Validity.EXPIRED:
            return str(expired) % names
        return str(within_a_day) % names if self.lifetime.days_left < 1 else str(in_days % names)


# What has expired, expires within a day, expires in some days.
_SENTENCES: dict[ExpiringKind, tuple[Promise, Promise, Promise]] = {
    ExpiringKind.CERTIFICATE: (
        gettext_lazy("The certificate of %(connection)s has expired."),
        gettext_lazy("The certificate of %(connection)s expires within a day."),
        ngettext_lazy(
            "The certificate of %(connection)s expires in %(days)d day.",
            "The certificate of %(connection)s expires in %(days)d days.",
            "days",
        ),
    ),
    ExpiringKind.KEY_PAIR: (
        gettext_lazy("Our certificate for %(connection)s has expired."),
        gettext_lazy("Our certificate for %(connection)s expires within a day."),
        ngettext_lazy(
            "Our certificate for %(connection)s expires in %(days)d day.",
            "Our certificate for %(connection)s expires in %(days)d days.",
            "days",
        ),
    ),
    ExpiringKind.CLIENT_SECRET: (
        gettext_lazy("The client secret of %(connection)s has expired."),
        gettext_lazy("The client secret of %(connection)s expires within a day."),
        ngettext_lazy(
            "The client secret of %(connection)s expires in %(days)d day.",
            "The client secret of %(connection)s expires in %(days)d days.",
            "days",
        ),
    ),
}


def keys_of(connections: Sequence[Connection], *, now: datetime) -> list[ConnectionKeys]:
    """What each connection holds, in the same order. Four queries, however many they are."""
    by_id = {connection.pk: connection for connection in connections}
    current = Revision.objects.filter(connection__in=by_id).exclude(status=Revision.Status.RETIRED)
    revisions = _grouped(
        current.select_related("metadata_check", "created_by").prefetch_related("announced_certificates")
    )
    pairs = _grouped(KeyPair.objects.filter(connection__in=by_id))
    uses = _grouped(CertificateUse.objects.filter(connection__in=by_id))
    return [
        _keys_of(connection, revisions[connection.pk], pairs[connection.pk], uses[connection.pk], now)
        for connection in connections
    ]


def endings(org: Organization, *, now: datetime) -> list[Ending]:
    """What of the organisation's working connections has reached one of `WARN_DAYS`, the most urgent first.

    One query for an organisation without a working connection, five for any other.
    """
    working = org.connections.filter(is_enabled=True, revisions__status=Revision.Status.LIVE).order_by("pk")
    connections = list(working)
    if not connections:
        return []
    found = [ending for keys in keys_of(connections, now=now) for ending in _in_use(keys)]
    due = [ending for ending in found if ending.lifetime.warning_days is not None]
    return sorted(due, key=lambda ending: ending.lifetime.not_after)


def _in_use(keys: ConnectionKeys) -> Iterator[Ending]:
    """What logins of this connection depend on."""
    for row in keys.certificates:
        if row.is_live and row.use is not Use.SUPERSEDED:
            yield Ending(
                kind=ExpiringKind.CERTIFICATE,
                connection=keys.connection,
                name=row.certificate.fingerprint,
                subject=row.certificate.subject,
                lifetime=row.lifetime,
            )
    for key in keys.key_pairs:
        if key.pair.status != KeyPairStatus.OLD and _signs(keys):
            yield Ending(
                kind=ExpiringKind.KEY_PAIR,
                connection=keys.connection,
                name=key.pair.fingerprint_sha256,
                subject=key.pair.get_status_display(),
                lifetime=key.lifetime,
            )
    for secret in keys.secrets:
        if secret.lifetime is not None and secret.revision.status == Revision.Status.LIVE:
            yield Ending(
                kind=ExpiringKind.CLIENT_SECRET,
                connection=keys.connection,
                name=str(secret.revision.uid),
                subject=secret.revision.client_id,
                lifetime=secret.lifetime,
            )


def _signs(keys: ConnectionKeys) -> bool:
    """Does the live revision use our keys? They stay behind where one that did was replaced."""
    return keys.pins_certificates or (
        keys.live is not None and keys.live.client_authentication == ClientAuthentication.PRIVATE_KEY_JWT
    )


def _keys_of(
    connection: Connection,
    revisions: list[Revision],
    pairs: list[KeyPair],
    uses: list[CertificateUse],
    now: datetime,
) -> ConnectionKeys:
    for revision in revisions:
        revision.connection = connection
    by_status = {revision.status: revision for revision in revisions}
    live, draft = by_status.get(Revision.Status.LIVE), by_status.get(Revision.Status.DRAFT)
    return ConnectionKeys(
        connection=connection,
        live=live,
        draft=draft,
        certificates=tuple(_certificate_rows(connection, live, draft, uses, now)),
        key_pairs=tuple(_key_row(pair, now) for pair in in_order(pairs)),
        secrets=tuple(_secret_rows([live, draft], now)),
    )


def _certificate_rows(
    connection: Connection,
    live: Revision | None,
    draft: Revision | None,
    uses: list[CertificateUse],
    now: datetime,
) -> Iterator[CertificateRow]:
    """Those of the live revision, then those that only the draft has."""
    adapter = adapter_for(connection.protocol)
    trusted = adapter.shown_certificates(live, now=now) if live else []
    drafted = adapter.shown_certificates(draft, now=now) if draft else []
    of_live = {certificate.fingerprint for certificate in trusted}
    of_draft = {certificate.fingerprint for certificate in drafted}
    last_used = {use.fingerprint: use.last_used_at for use in uses}
    latest = max((last_used[name] for name in of_live & last_used.keys()), default=None)
    more = [certificate for certificate in drafted if certificate.fingerprint not in of_live]
    for certificate in (*trusted, *more):
        name = certificate.fingerprint
        yield CertificateRow(
            certificate=certificate,
            lifetime=Lifetime(not_before=certificate.not_before, not_after=certificate.not_after, now=now),
            is_live=name in of_live,
            is_in_draft=name in of_draft,
            last_used_at=last_used.get(name),
            use=_use(last_used.get(name), latest=latest),
        )


def _use(last_used_at: datetime | None, *, latest: datetime | None) -> Use:
    """`latest` is when any trusted certificate was used last."""
    if latest is None:
        return Use.UNKNOWN
    if last_used_at is None:
        return Use.UNSEEN
    return Use.SUPERSEDED if latest - last_used_at >= SUPERSEDED_AFTER else Use.IN_USE


def _key_row(pair: KeyPair, now: datetime) -> KeyRow:
    certificate = pair.public_certificate
    lifetime = Lifetime(
        not_before=certificate.not_valid_before_utc, not_after=certificate.not_valid_after_utc, now=now
    )
    return KeyRow(pair=pair, lifetime=lifetime)


def _secret_rows(revisions: Iterable[Revision | None], now: datetime) -> Iterator[SecretRow]:
    """A secret counts as expired from the beginning of its last day (UTC): admins know a date and no time."""
    for revision in revisions:
        if (
            revision is None
            or not revision.client_secret_sealed
            or revision.client_authentication != ClientAuthentication.CLIENT_SECRET
        ):
            continue
        ends_on = revision.client_secret_expires_on
        ends_at = datetime.combine(ends_on, time.min, UTC) if ends_on else None
        lifetime = Lifetime(not_after=ends_at, now=now) if ends_at else None
        yield SecretRow(revision=revision, lifetime=lifetime)


def _grouped(rows: Iterable[T]) -> dict[int, list[T]]:
    grouped: dict[int, list[T]] = defaultdict(list)
    for row in rows:
        grouped[row.connection_id].append(row)
    return grouped
