"""The wrong answers a tenant can give on purpose, and the box that holds those waiting to be given.

What each fault changes is written beside the thing it changes: `oidc_faults` and `saml_faults`.
"""

import threading
from collections.abc import Collection
from enum import Enum


class OIDCFault(Enum):
    """A mistake of an OP, or an attack by one."""

    WRONG_ISS = "wrong_iss"
    MISSING_ISS = "missing_iss"
    WRONG_AUD = "wrong_aud"
    MISSING_AUD = "missing_aud"
    EXTRA_AUD_WITHOUT_AZP = "extra_aud_without_azp"
    WRONG_AZP = "wrong_azp"
    MISSING_SUB = "missing_sub"
    MISSING_IAT = "missing_iat"
    MISSING_EXP = "missing_exp"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    WRONG_NONCE = "wrong_nonce"
    MISSING_NONCE = "missing_nonce"
    ALG_NONE = "alg_none"
    HS256_WITH_SECRET = "hs256_with_secret"
    WRONG_KEY = "wrong_key"
    UNKNOWN_KID = "unknown_kid"
    NO_KID = "no_kid"
    BAD_SIGNATURE = "bad_signature"
    WRONG_ISS_PARAMETER = "wrong_iss_parameter"
    MISSING_ISS_PARAMETER = "missing_iss_parameter"
    EMAIL_UNVERIFIED = "email_unverified"
    NO_EMAIL = "no_email"
    TWO_EMAILS = "two_emails"
    GROUPS_OVERAGE = "groups_overage"
    USERINFO_OTHER_SUB = "userinfo_other_sub"
    USERINFO_NO_SUB = "userinfo_no_sub"
    DISCOVERY_WRONG_ISSUER = "discovery_wrong_issuer"
    DISCOVERY_HTML = "discovery_html"
    DISCOVERY_500 = "discovery_500"
    HANG_DISCOVERY = "hang_discovery"
    HUGE_JWKS = "huge_jwks"
    HANG_JWKS = "hang_jwks"
    TOKEN_500 = "token_500"
    TOKEN_HTML = "token_html"
    HANG_TOKEN = "hang_token"
    HANG_USERINFO = "hang_userinfo"
    USERINFO_WRONG_ISS = "userinfo_wrong_iss"
    USERINFO_NO_ISS = "userinfo_no_iss"
    USERINFO_WRONG_AUD = "userinfo_wrong_aud"
    USERINFO_NO_AUD = "userinfo_no_aud"
    USERINFO_EXPIRED = "userinfo_expired"
    USERINFO_BAD_SIGNATURE = "userinfo_bad_signature"
    USERINFO_UNKNOWN_KID = "userinfo_unknown_kid"
    USERINFO_ALG_NONE = "userinfo_alg_none"
    USERINFO_ENCRYPTED = "userinfo_encrypted"
    PAR_500 = "par_500"
    PAR_HTML = "par_html"
    PAR_WRONG_REQUEST_URI = "par_wrong_request_uri"
    LOGOUT_OTHER_STATE = "logout_other_state"
    LOGOUT_NO_STATE = "logout_no_state"


class LogoutTokenFault(Enum):
    """A mistake of an OP in a back-channel logout, or an attack by one."""

    ALG_NONE = "alg_none"
    WRONG_ALG = "wrong_alg"
    WRONG_KEY = "wrong_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_TYPE = "wrong_type"
    WRONG_ISS = "wrong_iss"
    WRONG_AUD = "wrong_aud"
    EXPIRED = "expired"
    NO_EXP = "no_exp"
    TOO_OLD = "too_old"
    NOT_YET_VALID = "not_yet_valid"
    NO_IAT = "no_iat"
    NO_EVENT = "no_event"
    WRONG_EVENT = "wrong_event"
    EVENT_IS_NO_OBJECT = "event_is_no_object"
    WITH_NONCE = "with_nonce"
    NO_JTI = "no_jti"
    REPLAYED = "replayed"
    NEITHER_SUB_NOR_SID = "neither_sub_nor_sid"


class SAMLFault(Enum):
    """A mistake of a SAML IdP, or an attack by one."""

    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    NO_AUDIENCE = "no_audience"
    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_DESTINATION = "wrong_destination"
    DESTINATION_PREFIX = "destination_prefix"
    NO_IN_RESPONSE_TO = "no_in_response_to"
    OTHER_IN_RESPONSE_TO = "other_in_response_to"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    NO_EXPIRY = "no_expiry"
    UNSIGNED = "unsigned"
    RESPONSE_SIGNED_ONLY = "response_signed_only"
    WRONG_KEY = "wrong_key"
    TAMPERED_AFTER_SIGNING = "tampered_after_signing"
    REPLAY = "replay"
    NO_EMAIL = "no_email"
    TWO_EMAILS = "two_emails"
    GROUPS_OVERAGE = "groups_overage"
    OTHER_AUTHN_CONTEXT = "other_authn_context"
    STALE_AUTHN = "stale_authn"
    NOT_ENCRYPTED = "not_encrypted"
    ENCRYPTED_FOR_ANOTHER = "encrypted_for_another"
    ENCRYPTED_AND_TAMPERED = "encrypted_and_tampered"
    ENCRYPTED_UNSIGNED = "encrypted_unsigned"
    PLAIN_BESIDE_ENCRYPTED = "plain_beside_encrypted"
    ENCRYPTED_BY_CBC = "encrypted_by_cbc"
    ENCRYPTED_BY_RSA1_5 = "encrypted_by_rsa1_5"
    CIPHER_REFERENCE = "cipher_reference"
    TWO_ENCRYPTED_KEYS = "two_encrypted_keys"


Fault = OIDCFault | LogoutTokenFault | SAMLFault

DISCOVERY_FAULTS = frozenset(
    {
        OIDCFault.DISCOVERY_WRONG_ISSUER,
        OIDCFault.DISCOVERY_HTML,
        OIDCFault.DISCOVERY_500,
        OIDCFault.HANG_DISCOVERY,
    }
)
JWKS_FAULTS = frozenset({OIDCFault.HUGE_JWKS, OIDCFault.HANG_JWKS})
TOKEN_FAULTS = frozenset({OIDCFault.TOKEN_500, OIDCFault.TOKEN_HTML, OIDCFault.HANG_TOKEN})
PAR_FAULTS = frozenset({OIDCFault.PAR_500, OIDCFault.PAR_HTML, OIDCFault.PAR_WRONG_REQUEST_URI})
USERINFO_FAULTS = frozenset({OIDCFault.HANG_USERINFO})
END_SESSION_FAULTS = frozenset({OIDCFault.LOGOUT_OTHER_STATE, OIDCFault.LOGOUT_NO_STATE})
OIDC_LOGIN_FAULTS = (
    frozenset(OIDCFault)
    - DISCOVERY_FAULTS
    - JWKS_FAULTS
    - TOKEN_FAULTS
    - PAR_FAULTS
    - USERINFO_FAULTS
    - END_SESSION_FAULTS
)
"""Belong to one login: taken when the person signs in, and kept through token and userinfo."""
LOGOUT_TOKEN_FAULTS = frozenset(LogoutTokenFault)
SAML_LOGIN_FAULTS = frozenset(SAMLFault)


class FaultBox:
    """Faults that wait: some for the next answer they fit, some for every one until cleared."""

    def __init__(self) -> None:
        self._once: list[Fault] = []
        self._always: set[Fault] = set()
        self._lock = threading.Lock()

    def next(self, *faults: Fault) -> None:
        """Give these with the next answer they fit. Several that fit the same answer are given together."""
        with self._lock:
            self._once.extend(faults)

    def always(self, *faults: Fault) -> None:
        """Give these with every answer they fit, until `clear`."""
        with self._lock:
            self._always.update(faults)

    def clear(self) -> None:
        with self._lock:
            self._once.clear()
            self._always.clear()

    def take(self, fitting: Collection[Fault]) -> frozenset[Fault]:
        """The faults to give now, among those that fit. Those given once are used up."""
        with self._lock:
            taken = {fault for fault in (*self._once, *self._always) if fault in fitting}
            self._once = [fault for fault in self._once if fault not in fitting]
        return frozenset(taken)
