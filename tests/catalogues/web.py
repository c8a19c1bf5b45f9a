"""Attacks on the OIDC relying party, and on the portal as a website of many organisations."""

from tests.catalogues.rows import Catalogue, Row

CATALOGUE = Catalogue(
    name="OIDC, OAuth and the web",
    source="RFC 8725, RFC 9207, RFC 9700, OWASP ASVS 5.0, and the advisories of other portals.",
    rows=(
        Row(
            "WEB-MIX-UP",
            "An IdP answers in the place of another",
            "give each connection a callback, bind state to its revision, and hold `iss` against it",
        ),
        Row(
            "WEB-LOGIN-CSRF",
            "A callback that this browser did not begin",
            "refuse it without any effect, logging nobody in or out",
        ),
        Row(
            "WEB-NONCE-PKCE",
            "A code or token of another login",
            "send nonce and S256 always, and keep the verifier on the server",
        ),
        Row(
            "WEB-ALG",
            "`alg` none, HMAC by a public key, keys and headers of the attacker's choice",
            "allow asymmetric algorithms only, with keys from the issuer's JWKS only",
        ),
        Row(
            "WEB-AUD-TIMES",
            "Tokens for others, or of another time",
            "check `aud`, `azp`, `exp`, `iat` and `nbf` with 60 seconds of skew",
        ),
        Row(
            "WEB-USERINFO-SUB",
            "Userinfo about somebody else",
            "require its `sub`, equal to the ID token's",
        ),
        Row(
            "WEB-CODE-REPLAY",
            "A code or a state again, also at the same moment",
            "take each state once: two callbacks at once open one session",
        ),
        Row(
            "WEB-FIXATION", "A session planted before the login", "rotate the session key at every SSO login"
        ),
        Row(
            "WEB-NOAUTH",
            "An unverified e-mail address as somebody's name",
            "know people by issuer and subject; an unverified address is none",
        ),
        Row(
            "WEB-FOREIGN-PEOPLE",
            "An IdP asserts people of another organisation",
            "let an IdP act inside its own organisation only",
        ),
        Row(
            "WEB-SUB-REUSE",
            "Another IdP with the same subjects",
            "carry no link over to another issuer",
        ),
        Row(
            "WEB-SSRF",
            "Addresses that lead into the house",
            "fetch by the one egress module: https, pinned public addresses, no redirects, bounded",
        ),
        Row(
            "WEB-OPEN-REDIRECT",
            "`next`, RelayState and logout addresses that lead away",
            "follow paths of our own only",
        ),
        Row(
            "WEB-LOGOUT-CSRF",
            "Logging somebody else out",
            "log out by POST with a CSRF token; check a logout token in full",
        ),
        Row(
            "WEB-CACHE",
            "Gated pages in caches",
            "send `private, no-store` and `Vary: Cookie` with everything behind the gate",
        ),
        Row(
            "WEB-HEADER-INJECTION",
            "Headers of proxies, forged; line breaks in claims; malformed cookies",
            "believe no such header by default, and deny",
        ),
        Row(
            "WEB-SECRETS-SHOWN",
            "Secrets shown again after they were saved",
            "show, log, export and record none",
        ),
        Row(
            "WEB-TOKENS",
            "Guessing API and SCIM tokens by time or answer",
            "look them up by hash, and answer all wrong ones alike",
            reason="Not applicable yet: HubSSO issues no API or SCIM tokens.",
        ),
        Row(
            "WEB-IDOR",
            "Ids of another organisation in addresses and forms",
            "look everything up inside its own organisation: 404",
        ),
        Row(
            "WEB-TOKEN-ELSEWHERE",
            "A token used outside its organisation",
            "bind tokens to one organisation and its scopes",
            reason="Not applicable yet: HubSSO issues no API or SCIM tokens.",
        ),
        Row(
            "WEB-MAPPING",
            "Roles gained by what an IdP says",
            "map to roles of the organisation only, up and down at every login",
        ),
        Row(
            "WEB-LAST-ADMIN",
            "An organisation locked out of itself",
            "never demote, remove or enforce past the last admin with a way in",
        ),
        Row(
            "WEB-REVOKED",
            "A live session of a removed or disabled person",
            "refuse the very next request",
        ),
        Row(
            "WEB-CONFIG-CHANGED",
            "Sessions and logins of a configuration that was replaced or switched off",
            "end the ones, and void the others",
        ),
        Row(
            "WEB-GATE-BYPASS",
            "Ways around the gate by path, method or spelling",
            "close every address that is not open by name",
        ),
        Row(
            "WEB-RACES",
            "The same thing twice at the same moment",
            "let one of them win, and open one session",
        ),
    ),
)
