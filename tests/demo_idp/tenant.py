"""One tenant at work: who it knows, what it signs with, what it was told to do wrong.

This is what tests talk to. Everything here may be changed while the server runs.
"""

import dataclasses
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.demo_idp import keys
from tests.demo_idp.config import OIDCClient, Person, SAMLServiceProvider, TenantConfig
from tests.demo_idp.faults import Fault, FaultBox

HANG_LIMIT_SECONDS = 60.0

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class IdPSession:
    """Somebody is signed in at the IdP. `key` is the cookie's value; `sid` is what RPs and SPs get to see."""

    key: str
    sid: str
    subject: str
    authenticated_at: datetime
    client_ids: set[str] = dataclasses.field(default_factory=set)
    """The RPs that signed the person in through it: they are told when it ends."""
    sp_entity_ids: set[str] = dataclasses.field(default_factory=set)
    """Likewise, the SPs."""


@dataclass(frozen=True, kw_only=True)
class LogoutAnswer:
    """What an RP answered to a logout token. `status` is 0 where it could not be reached."""

    client_id: str
    status: int
    cache_control: str = ""


class Tenant:
    """One IdP of the server, with everything tests may change or look at.

    `clock` is the IdP's idea of the time. `auto_login`, when a subject is set, answers every login request at
    once as that person, with no page shown (`prompt=none` and `IsPassive` included).
    """

    def __init__(
        self, config: TenantConfig, *, server_url: str, store: keys.KeyStore, clock: Clock = utc_now
    ) -> None:
        self.config = config
        self.slug = config.slug
        self.title = config.title or config.slug.capitalize()
        self.url = f"{server_url}/{config.slug}"
        self.clock = clock
        self.people = {person.subject: person for person in config.people}
        self.clients = {client.client_id: client for client in config.clients}
        self.service_providers = {sp.entity_id: sp for sp in config.service_providers}
        self.faults = FaultBox()
        self.auto_login: str | None = None
        self.hang_limit_seconds = HANG_LIMIT_SECONDS
        self.hang_released = threading.Event()
        self.sessions: dict[str, IdPSession] = {}
        self.pending_logins: dict[str, Any] = {}
        self.pending_logouts: dict[str, Any] = {}
        self.grants: dict[str, Any] = {}
        self.pushed_requests: dict[str, Any] = {}
        self.used_assertions: list[str] = []  # the `jti`s of client assertions
        self.access_tokens: dict[str, Any] = {}
        self.id_tokens: list[str] = []  # all that were given out, for tests to look for
        self.logout_tokens: list[str] = []  # likewise
        self.logout_answers: list[LogoutAnswer] = []
        self.last_saml_responses: dict[str, str] = {}
        self.discovery_changes: dict[str, Any] = {}  # members of the discovery document to say otherwise
        self._overrides = _Overrides()
        self._store = store
        self._keys_made = 0
        self.oidc_keys = [self._first_oidc_key()]
        self.saml_key_pairs = [self._first_saml_key_pair()]

    # What the portal is configured with

    @property
    def issuer(self) -> str:
        """The OIDC issuer."""
        return self.url

    @property
    def saml_entity_id(self) -> str:
        return f"{self.url}/saml/metadata"

    @property
    def saml_sso_url(self) -> str:
        return f"{self.url}/saml/sso"

    @property
    def saml_slo_url(self) -> str:
        return f"{self.url}/saml/slo"

    @property
    def saml_certificate_pem(self) -> str:
        """The certificate of the key that signs now."""
        return self.saml_key_pair.certificate_pem

    @property
    def oidc_key(self) -> keys.OIDCKey:
        """The key that signs now: the newest."""
        return self.oidc_keys[-1]

    @property
    def saml_key_pair(self) -> keys.SamlKeyPair:
        """The key pair that signs now: the newest."""
        return self.saml_key_pairs[-1]

    # Who it knows

    def change_person(self, subject: str, **changes: Any) -> Person:
        """Change fields of a person, such as `groups=("owners",)`."""
        self.people[subject] = dataclasses.replace(self.people[subject], **changes)
        return self.people[subject]

    def add_client(self, client: OIDCClient) -> None:
        self.clients[client.client_id] = client

    def add_service_provider(self, service_provider: SAMLServiceProvider) -> None:
        self.service_providers[service_provider.entity_id] = service_provider

    # What it does wrong

    def next_fault(self, *faults: Fault) -> None:
        """Give these wrong answers once, with the next answer each fits."""
        self.faults.next(*faults)

    def always_fault(self, *faults: Fault) -> None:
        """Give these wrong answers until `clear_faults`."""
        self.faults.always(*faults)

    def clear_faults(self) -> None:
        self.faults.clear()
        self.discovery_changes.clear()
        self._overrides = _Overrides()

    def next_id_token(self, **claims: Any) -> None:
        """Change claims of the next login's ID token; `OMIT` leaves one out."""
        self._overrides.id_token.update(claims)

    def next_saml_response(self, **fields: Any) -> None:
        """Change fields of the next SAML response: see `SamlResponseBuilder`."""
        self._overrides.saml_response.update(fields)

    def next_saml_logout(self, **fields: Any) -> None:
        """Change fields of the next LogoutResponse: see `LogoutMessage`."""
        self._overrides.saml_logout.update(fields)

    def take_overrides(self) -> "_Overrides":
        """What the `next_...` calls asked for, used up."""
        taken, self._overrides = self._overrides, _Overrides()
        return taken

    def hang(self) -> None:
        """Say nothing until `release_hanging` or the limit."""
        self.hang_released.wait(self.hang_limit_seconds)

    def release_hanging(self) -> None:
        """Let requests that hang go on, now and later."""
        self.hang_released.set()

    # Keys

    def rotate_oidc_key(self, *, withdraw_old: bool = False) -> keys.OIDCKey:
        """Sign ID tokens with a new key. The old ones stay in the JWKS unless withdrawn."""
        if withdraw_old:
            self.oidc_keys.clear()
        self.oidc_keys.append(self._store.oidc_key(self._next_key_name("oidc"), self.config.oidc_algorithm))
        return self.oidc_key

    def withdraw_oidc_key(self, kid: str) -> None:
        """Take a key out of the JWKS. The newest of those left signs."""
        self.oidc_keys = [key for key in self.oidc_keys if key.kid != kid]

    def rotate_saml_key(self, *, withdraw_old: bool = False) -> keys.SamlKeyPair:
        """Sign SAML messages with a new key. Old certificates stay in the metadata unless withdrawn."""
        if withdraw_old:
            self.saml_key_pairs.clear()
        self.saml_key_pairs.append(self._store.saml_key_pair(self._next_key_name("saml")))
        return self.saml_key_pair

    def unpublished_oidc_key(self) -> keys.OIDCKey:
        """A key of the right algorithm that is in no JWKS."""
        return keys.KeyStore().oidc_key("unpublished", self.config.oidc_algorithm)

    def unpublished_saml_key_pair(self) -> keys.SamlKeyPair:
        """A key pair whose certificate is in no metadata."""
        return keys.KeyStore().saml_key_pair("unpublished")

    def _first_oidc_key(self) -> keys.OIDCKey:
        if self.config.oidc_key_file:
            return keys.load_oidc_key(Path(self.config.oidc_key_file), self.config.oidc_algorithm)
        return self._store.oidc_key(f"{self.slug}-oidc", self.config.oidc_algorithm)

    def _first_saml_key_pair(self) -> keys.SamlKeyPair:
        if self.config.saml_key_file and self.config.saml_certificate_file:
            return keys.load_saml_key_pair(
                Path(self.config.saml_key_file), Path(self.config.saml_certificate_file)
            )
        return self._store.saml_key_pair(f"{self.slug}-saml")

    def _next_key_name(self, purpose: str) -> str:
        self._keys_made += 1
        return f"{self.slug}-{purpose}-{self._keys_made}"

    # IdP sessions

    def start_session(self, subject: str) -> IdPSession:
        """Sign a person in at the IdP. Raises KeyError for a stranger."""
        session = IdPSession(
            key=secrets.token_urlsafe(32),
            sid=secrets.token_hex(16),
            subject=self.people[subject].subject,
            authenticated_at=self.clock(),
        )
        self.sessions[session.key] = session
        return session

    def end_session(self, session: IdPSession) -> None:
        self.sessions.pop(session.key, None)


@dataclass
class _Overrides:
    """What the next login was asked to say instead."""

    id_token: dict[str, Any] = dataclasses.field(default_factory=dict)
    saml_response: dict[str, Any] = dataclasses.field(default_factory=dict)
    saml_logout: dict[str, Any] = dataclasses.field(default_factory=dict)
