"""The values that travel through a login and the gate. Frozen, and free of Django's models and requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgs.roles import Role


class Enforcement(StrEnum):
    """What an organisation asks of its members."""

    OFF = "off"
    OPTIONAL = "optional"
    REPORT_ONLY = "report_only"
    ENFORCED = "enforced"


class SSOProtocol(StrEnum):
    OIDC = "oidc"
    SAML = "saml"


class Purpose(StrEnum):
    """Why somebody was sent to an IdP."""

    LOGIN = "login"
    JOIN = "join"
    TEST = "test"


class LoginOutcome(StrEnum):
    """How a trip to an IdP ended."""

    OK = "ok"
    FAILED = "failed"
    ABANDONED = "abandoned"  # nobody came back before it expired


class ExpiringKind(StrEnum):
    """What admins are warned of before it expires."""

    CERTIFICATE = "certificate"
    KEY_PAIR = "key_pair"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a kind


class ClientAuthentication(StrEnum):
    """How our RP proves itself at the token endpoint."""

    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a way; Basic or POST, as the OP announces
    PRIVATE_KEY_JWT = "private_key_jwt"


class ResponseMode(StrEnum):
    """How an OP hands its answer to the browser (OAuth 2.0 Multiple Response Types 2.1, Form Post 2)."""

    QUERY = "query"
    FORM_POST = "form_post"


class KeyPairStatus(StrEnum):
    """Where one of our key pairs is in its life. All of them decrypt."""

    NEXT = "next"  # published, so that the IdP can take it in; does not sign yet
    ACTIVE = "active"  # signs, and is published
    OLD = "old"  # only decrypts what the IdP still encrypts for it


class MessageKind(StrEnum):
    """What an IdP sends that counts once."""

    ASSERTION = "assertion"
    LOGOUT_TOKEN = "logout_token"  # noqa: S105 - the name of a kind
    LOGOUT_REQUEST = "logout_request"


class SessionLimit(StrEnum):
    """What can end an SSO session. Every session records which one won."""

    ORG_TIMEOUT = "org_timeout"
    SAML_SESSION_NOT_ON_OR_AFTER = "saml_session_not_on_or_after"
    OIDC_MAX_AGE = "oidc_max_age"
    OIDC_ID_TOKEN_EXP = "oidc_id_token_exp"  # noqa: S105 - the name of a claim


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAssertion:
    """What an IdP told us about one person, after validation. One shape for both protocols.

    `subject` is opaque and compared exactly. `emails` are lower-cased and leave out an address the IdP itself
    calls unverified. `attributes` keeps claims as the IdP sent them, with nested objects for OIDC and lists
    for SAML. `idp_limits` are the times the IdP gave the session. `logout_hint` is what the protocol will need to
    name the session in a logout of ours (an ID token, a NameID): secret, kept sealed only.
    """

    connection_id: int
    revision_id: int
    issuer: str
    subject: str
    emails: tuple[str, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    authenticated_at: datetime
    idp_limits: tuple[tuple[SessionLimit, datetime], ...] = ()
    idp_session_id: str = ""  # OIDC `sid`, SAML SessionIndex
    logout_hint: Mapping[str, str] = field(default_factory=dict, repr=False)
    groups_incomplete: bool = False  # the IdP said that it left groups out (Entra's overage)


@dataclass(frozen=True, slots=True, kw_only=True)
class SSOSessionFacts:
    """A browser's SSO session for the organisation, as the gate's query found it."""

    expires_at: datetime
    org_limit_at: datetime
    revision_is_live: bool
    silent_renewal_tried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFacts:
    role: Role
    is_external_collaborator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """All that the decision may depend on."""

    is_authenticated: bool
    enforcement: Enforcement = Enforcement.OFF
    has_live_connection: bool = False
    member: MemberFacts | None = None
    sso_session: SSOSessionFacts | None = None
    recovery_until: datetime | None = None


class Outcome(StrEnum):
    ALLOW = "allow"
    ALLOW_WITH_BANNER = "allow_with_banner"
    REQUIRE_SSO = "require_sso"
    LOG_IN = "log_in"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"


class Reason(StrEnum):
    OUTSIDER_PUBLIC = "outsider_public"
    ANONYMOUS = "anonymous"
    NOT_A_MEMBER = "not_a_member"
    NOT_AN_ADMIN = "not_an_admin"
    SSO_OFF = "sso_off"
    EXTERNAL_COLLABORATOR = "external_collaborator"
    SSO_SESSION_LIVE = "sso_session_live"
    RECOVERY_SESSION = "recovery_session"
    SSO_MISSING = "sso_missing"
    SSO_EXPIRED = "sso_expired"
    SSO_REVISION_CHANGED = "sso_revision_changed"
    SSO_UNAVAILABLE = "sso_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The gate's answer. `would_block` is set where report-only lets through what enforcing would not."""

    outcome: Outcome
    reason: Reason
    would_block: bool = False
    may_renew_silently: bool = False
