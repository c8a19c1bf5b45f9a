"""What a tenant of the demo IdP is, and how it is read from JSON.

The JSON has the fields of the dataclasses below, by the same names:

    {"tenants": [{"slug": "acme", "title": "Acme", "protocols": ["oidc"],
                  "people": [{"subject": "max", "name": "Max", "email": "max@acme.example", "groups": ["eng"]}],
                  "clients": [{"client_id": "portal", "client_secret": "...", "redirect_uris": ["http://..."]}],
                  "service_providers": [{"entity_id": "http://...", "acs_url": "http://..."}]}]}
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

CLIENT_SECRET_BASIC = "client_secret_basic"
CLIENT_SECRET_POST = "client_secret_post"
PRIVATE_KEY_JWT = "private_key_jwt"
SECRET_METHODS = (CLIENT_SECRET_BASIC, CLIENT_SECRET_POST)
AUTH_METHODS = (*SECRET_METHODS, PRIVATE_KEY_JWT)
PAR_MODES = ("off", "offered", "required")
OIDC_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
PROTOCOLS = ("oidc", "saml")
RESERVED_SLUGS = frozenset({"static", "healthz"})

T = TypeVar("T")


class ConfigError(ValueError):
    """The configuration cannot be used; the message names the field."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who can sign in. `extra` holds further claims or attributes and may nest (`realm_access.roles`)."""

    subject: str
    name: str
    email: str | None = None
    email_verified: bool = True
    groups: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OIDCClient:
    """An RP. `auth_methods` are the only ways it may authenticate at the token endpoint."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    title: str = ""
    auth_methods: tuple[str, ...] = SECRET_METHODS
    jwks_uri: str | None = None
    """Where the keys are that a client assertion is signed with (private_key_jwt)."""
    jwks: Mapping[str, Any] | None = None
    """The keys themselves, instead of their address."""
    require_pkce: bool = False
    claims_in_id_token: bool = True
    """False: the ID token has no e-mail, name or groups; they are in userinfo only, as some OPs do it."""
    userinfo_signed: bool = False
    """Userinfo is a signed JWT (OpenID Connect Core 1.0, 5.3.2)."""
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    frontchannel_logout_uri: str | None = None
    initiate_login_uri: str | None = None

    def __post_init__(self) -> None:
        for method in self.auth_methods:
            if method not in AUTH_METHODS:
                raise ConfigError(f"client {self.client_id}: unknown auth method {method!r}")


@dataclass(frozen=True, kw_only=True)
class SAMLServiceProvider:
    """An SP. With a `certificate` (PEM) its requests must be signed; with an `encryption_certificate` assertions
    are encrypted for it. Its LogoutRequests are checked by the `certificate`, or by the `logout_certificate` where
    its logins are not signed. Without a `slo_url` it is told of no sign-out.
    """

    entity_id: str
    acs_url: str
    title: str = ""
    certificate: str | None = None
    encryption_certificate: str | None = None
    logout_certificate: str | None = None
    slo_url: str = ""
    slo_binding: str = "post"


@dataclass(frozen=True, kw_only=True)
class TenantConfig:
    """One IdP. Keys are PEM files; where none is named, one is made and kept in the data folder."""

    slug: str
    title: str = ""
    protocols: tuple[str, ...] = PROTOCOLS
    people: tuple[Person, ...] = ()
    clients: tuple[OIDCClient, ...] = ()
    service_providers: tuple[SAMLServiceProvider, ...] = ()
    oidc_algorithm: str = "RS256"
    oidc_key_file: str | None = None
    saml_key_file: str | None = None
    saml_certificate_file: str | None = None
    announced_auth_methods: tuple[str, ...] | None = None
    """None: what the clients are registered for. Empty: discovery does not say, as the specification allows."""
    par: str = "off"
    """Pushed authorization requests (RFC 9126): off, offered or required."""
    id_token_seconds: int = 300
    saml_assertion_seconds: int = 300
    saml_session_seconds: int | None = None
    """How far ahead SessionNotOnOrAfter lies; None leaves it out."""
    saml_attribute_names: Mapping[str, str] = field(default_factory=dict)
    """Other names for `email`, `name` and `groups`, such as the URIs that Entra ID uses."""

    def __post_init__(self) -> None:
        if not self.slug or "/" in self.slug or self.slug in RESERVED_SLUGS:
            raise ConfigError(f"tenant slug {self.slug!r} cannot be used")
        if self.oidc_algorithm not in OIDC_ALGORITHMS:
            raise ConfigError(f"tenant {self.slug}: unknown oidc_algorithm {self.oidc_algorithm!r}")
        if not set(self.protocols) <= set(PROTOCOLS):
            raise ConfigError(f"tenant {self.slug}: protocols must be among {', '.join(PROTOCOLS)}")
        if self.par not in PAR_MODES:
            raise ConfigError(f"tenant {self.slug}: par must be one of {', '.join(PAR_MODES)}")
        if bool(self.saml_key_file) != bool(self.saml_certificate_file):
            raise ConfigError(f"tenant {self.slug}: name saml_key_file and saml_certificate_file together")


def load_config(path: Path) -> list[TenantConfig]:
    """Read the tenants from a JSON file. Raises ConfigError, which says what is wrong and where."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("tenants"), list):
        raise ConfigError(f'{path}: expected an object with a list "tenants"')
    return [tenant_from_dict(tenant) for tenant in document["tenants"]]


def save_config(tenants: list[TenantConfig], path: Path) -> None:
    """Write tenants so that `load_config` reads the same ones back."""
    document = {"tenants": [dataclasses.asdict(tenant) for tenant in tenants]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def tenant_from_dict(data: Mapping[str, Any]) -> TenantConfig:
    """Make a tenant of its JSON form. Raises ConfigError."""
    where = f"tenant {data.get('slug', '?')}"
    nested = {
        "people": [_build(Person, item, f"{where}, people") for item in data.get("people", [])],
        "clients": [_build(OIDCClient, item, f"{where}, clients") for item in data.get("clients", [])],
        "service_providers": [
            _build(SAMLServiceProvider, item, f"{where}, service_providers")
            for item in data.get("service_providers", [])
        ],
    }
    return _build(TenantConfig, {**data, **nested}, where)


def _build(cls: type[T], data: Mapping[str, Any], where: str) -> T:
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    try:
        return cls(**fields)
    except TypeError as error:  # names the unknown or missing field
        raise ConfigError(f"{where}: {error}") from error
