"""Our own key pairs for one connection: made, rolled over, and found for signing and decrypting.

They sign AuthnRequests, logout messages and client assertions, and decrypt SAML assertions. A rollover takes three
steps, at the pace of the IdP's admin: `add_next` publishes a second pair, `switch_over` lets it sign, `remove_old`
forgets the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.db import transaction

from accounts.models import User
from hubsso.crypto import CannotUnseal
from orgs import audit
from sso.connection_lock import lock_connection
from sso.errors import ConfigurationUnreadable
from sso.models import Connection, KeyPair
from sso.types import KeyPairStatus

_ORDER = [KeyPairStatus.ACTIVE, KeyPairStatus.NEXT, KeyPairStatus.OLD]
_KEY_BITS = 3072
_LIFETIME = timedelta(days=3650)
_CLOCK_LEEWAY = timedelta(hours=1)  # the IdP's clock may be behind ours


@dataclass(frozen=True, slots=True)
class Rollover:
    """A connection's key pairs, the one that signs first, and the steps that can be taken now. Three pairs at most."""

    pairs: tuple[KeyPair, ...]

    @classmethod
    def of(cls, connection: Connection) -> Self:
        return cls(tuple(decrypting_key_pairs(connection)))

    @property
    def can_add(self) -> bool:
        return [pair.status for pair in self.pairs] == [KeyPairStatus.ACTIVE]

    @property
    def can_switch_over(self) -> bool:
        return any(pair.status == KeyPairStatus.NEXT for pair in self.pairs)

    @property
    def can_remove_old(self) -> bool:
        return any(pair.status == KeyPairStatus.OLD for pair in self.pairs)


def ensure_key_pair(connection: Connection, *, now: datetime) -> KeyPair:
    """The pair that signs, made now if the connection has none. In the caller's transaction and lock."""
    return active_key_pair(connection) or _generate(connection, KeyPairStatus.ACTIVE, now=now)


def active_key_pair(connection: Connection) -> KeyPair | None:
    """The pair that signs now; None where the connection has none."""
    return connection.key_pairs.filter(status=KeyPairStatus.ACTIVE).first()


def signing_key_pair(connection: Connection) -> KeyPair:
    """The pair that signs now. Raises ConfigurationUnreadable where the connection has none."""
    pair = active_key_pair(connection)
    if pair is None:
        raise ConfigurationUnreadable("Something is to be signed, but the connection has no key pair.")
    return pair


def published_key_pairs(connection: Connection) -> list[KeyPair]:
    """What an IdP is told of: the pair that signs, then the next one."""
    return [pair for pair in decrypting_key_pairs(connection) if pair.status != KeyPairStatus.OLD]


def decrypting_key_pairs(connection: Connection) -> list[KeyPair]:
    """Every pair that an IdP may still encrypt for, the one that signs first."""
    return in_order(connection.key_pairs.all())


def in_order(pairs: Iterable[KeyPair]) -> list[KeyPair]:
    """The one that signs first, then the next one, then old ones, older before newer."""
    return sorted(pairs, key=lambda pair: (_ORDER.index(KeyPairStatus(pair.status)), pair.pk))


def private_key_of(key_pair: KeyPair) -> str:
    """The private key, PEM in the clear. Raises ConfigurationUnreadable."""
    try:
        return key_pair.private_key
    except CannotUnseal as error:
        raise ConfigurationUnreadable("The private key of the connection can't be decrypted.") from error


@transaction.atomic
def add_next(*, connection: Connection, actor: User, now: datetime) -> KeyPair | None:
    """Publish a pair that will sign later. None where another rollover is not done, or no pair could be followed."""
    lock_connection(connection)
    if not Rollover.of(connection).can_add:
        return None
    pair = _generate(connection, KeyPairStatus.NEXT, now=now)
    _record(connection, actor, action="add_key")
    return pair


@transaction.atomic
def switch_over(*, connection: Connection, actor: User) -> bool:
    """Let the next pair sign. The one that did keeps decrypting. False where there is no next pair."""
    lock_connection(connection)
    following = connection.key_pairs.filter(status=KeyPairStatus.NEXT).first()
    if following is None:
        return False
    connection.key_pairs.filter(status=KeyPairStatus.ACTIVE).update(status=KeyPairStatus.OLD)
    connection.key_pairs.filter(pk=following.pk).update(status=KeyPairStatus.ACTIVE)
    _record(connection, actor, action="switch_key")
    return True


@transaction.atomic
def remove_old(*, connection: Connection, actor: User) -> bool:
    """Forget the pairs that no longer sign. False where there were none."""
    lock_connection(connection)
    removed, _ = connection.key_pairs.filter(status=KeyPairStatus.OLD).delete()
    if removed:
        _record(connection, actor, action="remove_key")
    return bool(removed)


def _record(connection: Connection, actor: User, *, action: str) -> None:
    audit.record(
        "org.settings.sso",
        org=connection.org,
        actor=actor,
        data={"action": action, "connection": connection.name},
    )


def _generate(connection: Connection, status: KeyPairStatus, *, now: datetime) -> KeyPair:
    """RSA with 3072 bits and a self-signed certificate for ten years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    pair = KeyPair(
        org_id=connection.org_id,
        connection=connection,
        status=status,
        certificate=_self_signed(key, connection, now=now),
    )
    pair.seal_private_key(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )
    pair.save()
    return pair


def _self_signed(key: rsa.RSAPrivateKey, connection: Connection, *, now: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"HubSSO {connection.uid}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_LEEWAY)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
