"""How long certificates, keys and secrets hold, to the second, and which of them logins depend on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from sso.expiring import certificate_uses
from sso.expiring.expiry import WARN_DAYS, Ending, Lifetime, Use, Validity, endings, keys_of
from sso.models import AnnouncedCertificate, CertificateUse, Connection, Revision
from sso.types import ClientAuthentication, ExpiringKind, KeyPairStatus, SSOProtocol
from tests.builders import give_key_pair, live_revision, make_connection, make_org, make_revision
from tests.demo_idp.keys import KeyStore, SamlKeyPair, make_certificate

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
KEY = KeyStore().saml_key_pair("of tests of expiry").private_key


def lifetime(left: timedelta, *, begins_in: timedelta = -DAY) -> Lifetime:
    return Lifetime(not_before=NOW + begins_in, not_after=NOW + left, now=NOW)


@pytest.mark.parametrize(
    ("left", "validity", "warning_days", "text", "tone"),
    [
        (61 * DAY, "valid", None, "Valid", "success"),
        (60 * DAY + SECOND, "valid", None, "Valid", "success"),
        (60 * DAY, "ending", 60, "Expires in 60 days", "info"),
        (30 * DAY + SECOND, "ending", 60, "Expires in 30 days", "info"),
        (30 * DAY, "ending", 30, "Expires in 30 days", "info"),
        (30 * DAY - SECOND, "ending", 30, "Expires in 29 days", "warning"),
        (14 * DAY, "ending", 14, "Expires in 14 days", "warning"),
        (7 * DAY, "ending", 7, "Expires in 7 days", "warning"),
        (7 * DAY - SECOND, "ending", 7, "Expires in 6 days", "danger"),
        (2 * DAY - SECOND, "ending", 7, "Expires in 1 day", "danger"),
        (DAY, "ending", 1, "Expires in 1 day", "danger"),
        (DAY - SECOND, "ending", 1, "Expires within a day", "danger"),
        (SECOND, "ending", 1, "Expires within a day", "danger"),
        (0 * SECOND, "expired", 0, "Expired", "danger"),
        (-400 * DAY, "expired", 0, "Expired", "danger"),
    ],
)
def test_what_is_left_of_a_certificate(
    left: timedelta, validity: str, warning_days: int | None, text: str, tone: str
) -> None:
    found = lifetime(left)
    assert (found.validity, found.warning_days, found.text, found.tone) == (
        Validity(validity),
        warning_days,
        text,
        tone,
    )
    assert warning_days is None or warning_days in WARN_DAYS


def test_a_certificate_for_later_is_not_yet_valid() -> None:
    assert lifetime(400 * DAY, begins_in=SECOND).validity is Validity.NOT_YET_VALID
    assert lifetime(400 * DAY, begins_in=0 * SECOND).validity is Validity.VALID


# --- What a connection holds ---------------------------------------------------------------------------


def certificate(name: str, *, ends_in: timedelta = 300 * DAY) -> str:
    made = make_certificate(KEY, common_name=name, not_before=NOW - 400 * DAY, not_after=NOW + ends_in)
    return SamlKeyPair(KEY, made).certificate_pem


def saml(*certificates: str, **fields: Any) -> Connection:
    return make_connection(make_org(), SSOProtocol.SAML, certificates=list(certificates), **fields)


def use(connection: Connection, name: str, *, ago: timedelta) -> None:
    (keys,) = keys_of([connection], now=NOW)
    (row,) = [row for row in keys.certificates if row.certificate.subject == f"CN={name}"]
    CertificateUse.objects.create(
        connection=connection, fingerprint=row.certificate.fingerprint, last_used_at=NOW - ago
    )


def uses(connection: Connection) -> dict[str, Use]:
    (keys,) = keys_of([connection], now=NOW)
    return {row.certificate.subject.removeprefix("CN="): row.use for row in keys.certificates}


def ending_kinds(connection: Connection) -> list[tuple[ExpiringKind, str]]:
    return [(ending.kind, ending.subject) for ending in found_endings(connection)]


def found_endings(connection: Connection) -> list[Ending]:
    return endings(connection.org, now=NOW)


@pytest.mark.django_db
def test_a_rollover_is_told_from_what_logins_were_verified_by() -> None:
    connection = saml(certificate("old"), certificate("next"))
    assert uses(connection) == {"old": Use.UNKNOWN, "next": Use.UNKNOWN}
    use(connection, "old", ago=2 * DAY)
    assert uses(connection) == {"old": Use.IN_USE, "next": Use.UNSEEN}
    use(connection, "next", ago=DAY + SECOND)
    assert uses(connection) == {"old": Use.IN_USE, "next": Use.IN_USE}
    CertificateUse.objects.filter(last_used_at__gt=NOW - 2 * DAY).update(last_used_at=NOW - DAY)
    assert uses(connection) == {"old": Use.SUPERSEDED, "next": Use.IN_USE}


@pytest.mark.django_db
def test_rows_say_where_a_certificate_is_pinned_or_announced() -> None:
    both, old, announced, drafted = (certificate(name) for name in ("both", "old", "announced", "drafted"))
    connection = saml(old, both, metadata_url="https://idp.example.org/metadata")
    make_revision(connection, status=Revision.Status.DRAFT, certificates=[both, drafted])
    make_revision(connection, status=Revision.Status.RETIRED, certificates=[certificate("retired")])
    AnnouncedCertificate.objects.create(
        org=connection.org,
        revision=live_revision(connection),
        fingerprint_sha256="AA",
        pem=announced,
        first_seen_at=NOW - DAY,
    )
    (keys,) = keys_of([connection], now=NOW)
    assert [
        (row.certificate.subject, row.is_live, row.is_in_draft, row.certificate.announced_at)
        for row in keys.certificates
    ] == [
        ("CN=old", True, False, None),
        ("CN=both", True, True, None),
        ("CN=announced", True, False, NOW - DAY),
        ("CN=drafted", False, True, None),
    ]


@pytest.mark.django_db
def test_only_what_logins_depend_on_is_warned_of() -> None:
    connection = saml(certificate("old", ends_in=5 * DAY), certificate("next", ends_in=50 * DAY))
    make_revision(
        connection,
        status=Revision.Status.DRAFT,
        certificates=[certificate("drafted", ends_in=DAY)],
    )
    warned = [(ExpiringKind.CERTIFICATE, "CN=old"), (ExpiringKind.CERTIFICATE, "CN=next")]
    assert ending_kinds(connection) == warned

    use(connection, "old", ago=3 * DAY)
    use(connection, "next", ago=1 * DAY)
    assert ending_kinds(connection) == warned[1:]

    Connection.objects.update(is_enabled=False)
    assert ending_kinds(connection) == []


@pytest.mark.django_db
def test_a_client_secret_ends_with_the_beginning_of_its_last_day() -> None:
    connection = make_connection(
        make_org(), client_secret="s", client_secret_expires_on=(NOW + 30 * DAY).date()
    )
    (ending,) = found_endings(connection)
    assert (ending.kind, ending.name) == (ExpiringKind.CLIENT_SECRET, str(live_revision(connection).uid))
    assert (ending.lifetime.warning_days, ending.lifetime.text) == (30, "Expires in 29 days")

    Revision.objects.update(client_authentication=ClientAuthentication.PRIVATE_KEY_JWT)
    assert found_endings(connection) == []
    Revision.objects.update(
        client_authentication=ClientAuthentication.CLIENT_SECRET, client_secret_expires_on=None
    )
    assert found_endings(connection) == []


@pytest.mark.django_db
def test_our_own_keys_are_warned_of_while_they_are_published() -> None:
    connection = saml(certificate("of the IdP"))
    soon = SamlKeyPair(KEY, make_certificate(KEY, not_before=NOW - DAY, not_after=NOW + 20 * DAY))
    pair = give_key_pair(connection, soon)
    assert [(ending.kind, ending.name) for ending in found_endings(connection)] == [
        (ExpiringKind.KEY_PAIR, pair.fingerprint_sha256)
    ]
    pair.status = KeyPairStatus.OLD
    pair.save()
    assert found_endings(connection) == []

    of_oidc = make_connection(connection.org, client_secret="s")
    give_key_pair(of_oidc, soon)
    assert found_endings(connection) == []
    Revision.objects.update(client_authentication=ClientAuthentication.PRIVATE_KEY_JWT)
    assert len(found_endings(connection)) == 1


@pytest.mark.django_db
def test_any_number_of_connections_is_looked_at_in_five_queries() -> None:
    org = make_org()
    for number in range(4):
        connection = make_connection(org, SSOProtocol.SAML, certificates=[certificate(f"number {number}")])
        make_revision(connection, status=Revision.Status.DRAFT)
        use(connection, f"number {number}", ago=DAY)
    with CaptureQueriesContext(database) as captured:
        endings(org, now=NOW)
    assert len(captured) <= 5, captured.captured_queries
    with CaptureQueriesContext(database) as captured:
        endings(make_org("without-sso"), now=NOW)
    assert len(captured) == 2  # one makes the organisation


# --- When a certificate was used -----------------------------------------------------------------------


@pytest.mark.django_db
def test_a_use_is_noted_once_an_hour() -> None:
    connection = saml(certificate("of the IdP"))

    def record(at: datetime, *names: str) -> int:
        with CaptureQueriesContext(database) as captured:
            certificate_uses.record(names, connection_id=connection.pk, now=at)
        return len(captured)

    def noted() -> dict[str, datetime]:
        return dict(CertificateUse.objects.values_list("fingerprint", "last_used_at"))

    assert record(NOW, "AA") == 2
    assert record(NOW + timedelta(minutes=59), "AA") == 1
    assert noted() == {"AA": NOW}
    later = NOW + timedelta(hours=1)
    assert record(later, "AA", "BB") == 2
    assert noted() == {"AA": later, "BB": later}
