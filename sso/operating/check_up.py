"""A check-up of an organisation's single sign-on: everything that an operator would look at by hand, in one pass.

Asks each IdP as a login would. Changes nothing; what is found holds no secret.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from hubsso.crypto import CannotUnseal
from orgs.domains import verified_names
from orgs.models import Domain, Membership, Organization
from orgs.roles import Role
from sso.connections import editable_revision
from sso.enforcing import recovery_codes
from sso.enforcing.enforcement import policy_of
from sso.expiring.expiry import CertificateRow, ConnectionKeys, KeyRow, Lifetime, Validity, keys_of
from sso.gate import live_connections
from sso.models import Connection, ConnectionHealth, Revision, SSOPolicy
from sso.operating.findings import Finding, Verdict, fail, warn, well
from sso.policy import may_be_set_aside
from sso.protocols import adapter_for
from sso.types import Enforcement

MAX_ADMINS = 50
_VERDICTS = {
    Validity.VALID: Verdict.PASS,
    Validity.ENDING: Verdict.WARN,
    Validity.NOT_YET_VALID: Verdict.WARN,
    Validity.EXPIRED: Verdict.FAIL,
}


def check_up(
    org: Organization, *, connections: Iterable[Connection] | None = None, now: datetime
) -> Iterator[Finding]:
    """The organisation, then each of its connections, or only those given."""
    if connections is None:
        yield from _organisation(org, now)
        connections = Connection.objects.filter(org=org).order_by("pk")
    for connection in connections:
        for finding in _connection(connection, now):
            yield replace(finding, about=connection.name)


# --- The organisation ----------------------------------------------------------------------------------


def _organisation(org: Organization, now: datetime) -> Iterator[Finding]:
    policy = policy_of(org)
    is_blocking = not may_be_set_aside(Enforcement(policy.enforcement))
    yield _enforcement(org, policy, is_blocking=is_blocking)
    if policy.confirm_by is not None:
        yield warn("Trial", f"A revision falls back at {_time(policy.confirm_by)} unless it is confirmed.")
    yield _admins(org)
    yield _recovery(org, is_blocking=is_blocking)
    yield from _domains(org)


def _enforcement(org: Organization, policy: SSOPolicy, *, is_blocking: bool) -> Finding:
    live = live_connections(org).count()
    state = f"{policy.enforcement}; {live} live connection{'' if live == 1 else 's'}."
    if live or policy.enforcement == Enforcement.OFF:
        return well("Enforcement", state)
    return (fail if is_blocking else warn)("Enforcement", f"{state} Nobody can authenticate.")


def _admins(org: Organization) -> Finding:
    admins = Membership.objects.filter(org=org, role=Role.ADMIN, user__is_active=True)
    count = len(admins.values_list("pk", flat=True)[:MAX_ADMINS])
    if not count:
        return fail("Admins", "There is none whose account is active.")
    if count == 1:
        return warn("Admins", "There is one only.")
    return well("Admins", f"{count}{' or more' if count == MAX_ADMINS else ''}.")


def _recovery(org: Organization, *, is_blocking: bool) -> Finding:
    admins = recovery_codes.codes_of_admins(org, limit=MAX_ADMINS)
    ready = sum(admin.are_ready for admin in admins)
    said = f"{ready} of {len(admins)} admins have saved some that are unused."
    if ready or not is_blocking:
        return well("Recovery codes", said)
    return warn("Recovery codes", f"{said} create_recovery is the only way back.")


def _domains(org: Organization) -> Iterator[Finding]:
    for domain in Domain.objects.filter(org=org).order_by("name"):
        if domain.verified_at is None:
            yield warn("Domain", f"{domain.name} is claimed and not proven.")
        elif domain.failing_since is not None:
            yield warn("Domain", f"{domain.name}: its record is missing since {_time(domain.failing_since)}.")
        else:
            yield well("Domain", f"{domain.name} is proven.")


# --- A connection --------------------------------------------------------------------------------------


def _connection(connection: Connection, now: datetime) -> Iterator[Finding]:
    live = connection.revisions.filter(status=Revision.Status.LIVE).first()
    revision = live or editable_revision(connection)
    yield _state(connection, live)
    if revision is None or not connection.is_enabled:
        return
    revision.connection = connection
    yield from _addresses_of_ours(connection)
    yield from adapter_for(connection.protocol).checked(revision, now=now)
    yield from _keys(keys_of([connection], now=now)[0], revision)
    yield from _email_domains(connection)
    health = ConnectionHealth.objects.filter(connection=connection).first()
    if health and health.notice_since:
        yield warn("Logins", f"They fail since {_time(health.notice_since)} ({health.notice_code}).")


def _state(connection: Connection, live: Revision | None) -> Finding:
    draft = connection.revisions.filter(status=Revision.Status.DRAFT).first()
    waiting = f" Draft {draft.number} waits for its test." if draft else ""
    if not connection.is_enabled:
        return warn("State", f"Switched off: nothing else is looked at.{waiting}")
    if live is None:
        return warn("State", f"Nothing is live.{waiting}")
    return well("State", f"Revision {live.number} is live.{waiting}")


def _addresses_of_ours(connection: Connection) -> Iterator[Finding]:
    values = adapter_for(connection.protocol).values_for_idp(str(connection.uid))
    plain = [value.value for value in values if not value.value.startswith("https://")]
    if plain:
        yield warn("Our addresses", f"{plain[0]} is not https: for development only.")
    else:
        yield well("Our addresses", "https, under HUBSSO_BASE_URL.")


def _keys(keys: ConnectionKeys, revision: Revision) -> Iterator[Finding]:
    """What expires, and whether what is sealed opens."""
    in_use = [row for row in keys.certificates if row.is_live or keys.live is None]
    for row in in_use:
        yield _certificate(row, is_only=len(in_use) == 1)
    for key in keys.key_pairs:
        yield _key_pair(key)
    if revision.client_secret_sealed:
        yield _client_secret(keys, revision)


def _certificate(row: CertificateRow, *, is_only: bool) -> Finding:
    verdict = _VERDICTS[row.lifetime.validity]
    if verdict is Verdict.FAIL and not is_only:
        verdict = Verdict.WARN  # another one verifies
    certificate = row.certificate
    what = f"{certificate.subject}, {certificate.fingerprint[:23]}..."
    return Finding(verdict, "Certificate of the IdP", f"{what}: {_lifetime(row.lifetime)}")


def _key_pair(row: KeyRow) -> Finding:
    title = f"Our key pair ({row.pair.status})"
    try:
        _ = row.pair.private_key
    except CannotUnseal:
        return fail(title, "No key of HUBSSO_ENCRYPTION_KEYS opens it.")
    verdict = _VERDICTS[row.lifetime.validity]
    return Finding(verdict, title, f"It opens. {_lifetime(row.lifetime)}")


def _client_secret(keys: ConnectionKeys, revision: Revision) -> Finding:
    try:
        _ = revision.client_secret
    except CannotUnseal:
        return fail("Client secret", "No key of HUBSSO_ENCRYPTION_KEYS opens it.")
    lifetime = next((row.lifetime for row in keys.secrets if row.revision.pk == revision.pk), None)
    if lifetime is None:
        return well("Client secret", "It opens. Nobody entered when it expires.")
    return Finding(_VERDICTS[lifetime.validity], "Client secret", f"It opens. {_lifetime(lifetime)}")


def _email_domains(connection: Connection) -> Iterator[Finding]:
    proven = verified_names(connection.org)
    for name in connection.email_domains:
        if name in proven:
            yield well("E-mail domain", f"{name} is the organisation's.")
        else:
            yield warn("E-mail domain", f"{name} is not proven to be the organisation's.")


def _lifetime(lifetime: Lifetime) -> str:
    return f"{lifetime.text} ({lifetime.not_after:%Y-%m-%d})."


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
