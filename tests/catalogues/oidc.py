"""The modules of the OpenID Foundation's conformance suite for relying parties with the code flow.

Their names are those of the suite without its prefix `oidcc-client-test-`.
"""

from tests.catalogues.rows import Catalogue, Row

SUITE = "OpenID Foundation conformance suite"

# Basic and Form Post Basic are the same modules in two response modes.
_BASIC = (
    ("client-test", "An honest code flow", "complete it, with userinfo and the exact redirect URI"),
    ("invalid-iss", "ID token with a wrong `iss`", "refuse, without a userinfo request"),
    ("missing-sub", "ID token without `sub`", "refuse"),
    ("invalid-aud", "ID token for another client", "refuse"),
    ("missing-iat", "ID token without `iat`", "refuse"),
    ("kid-absent-single-jwks", "ID token without `kid`, one key", "accept by the only key that fits"),
    ("kid-absent-multiple-jwks", "ID token without `kid`, many keys", "refuse, or try those that fit"),
    ("idtoken-sig-rs256", "ID token signed with RS256", "accept"),
    ("idtoken-sig-none", "ID token with `alg` none", "refuse"),
    ("invalid-sig-rs256", "ID token with a broken signature", "refuse"),
    ("userinfo-invalid-sub", "Userinfo with another `sub`", "drop the login"),
    ("nonce-invalid", "ID token with a wrong `nonce`", "refuse"),
    ("scope-userinfo-claims", "Claims asked for by scope", "ask for at least one of them"),
    ("client-secret-basic", "Token endpoint that insists on HTTP Basic", "authenticate by it"),
)


def _rows(profile: str, modules: tuple[tuple[str, str, str], ...]) -> tuple[Row, ...]:
    return tuple(Row(f"OIDC-{profile}-{module}", title, must) for module, title, must in modules)


CATALOGUES = (
    Catalogue("OIDC: Basic RP", f"{SUITE}, basic certification profile.", _rows("BASIC", _BASIC)),
    Catalogue(
        "OIDC: Config RP",
        f"{SUITE}, config certification profile.",
        _rows(
            "CONFIG",
            (
                ("discovery-openid-config", "Metadata at the well-known address", "fetch it"),
                ("discovery-jwks-uri-keys", "Another `jwks_uri` at each run", "take it from the metadata"),
                (
                    "discovery-issuer-mismatch",
                    "Metadata of another issuer",
                    "stop before the authorization request",
                ),
                ("idtoken-sig-none", "ID token with `alg` none", "refuse"),
                (
                    "signing-key-rotation-just-before-signing",
                    "New keys right before the token is signed",
                    "fetch the JWKS again for the unknown `kid`",
                ),
                (
                    "signing-key-rotation",
                    "New keys between two logins",
                    "fetch the JWKS again, and let the second login in",
                ),
            ),
        ),
    ),
    Catalogue(
        "OIDC: Form Post Basic RP",
        f"{SUITE}, form post basic certification profile.",
        _rows("FORMPOST", _BASIC),
    ),
    Catalogue(
        "OIDC: RP-Initiated Logout",
        f"{SUITE}, RP-initiated logout profile.",
        _rows(
            "RPINIT",
            (
                (
                    "rp-init-logout",
                    "A logout that the portal begins",
                    "send the ID token it was given and a registered address to come back to",
                ),
                ("rp-init-logout-other-state", "The OP comes back with another `state`", "stay logged out"),
                ("rp-init-logout-no-state", "The OP comes back without `state`", "stay logged out"),
            ),
        ),
    ),
    Catalogue(
        "OIDC: Back-Channel Logout",
        f"{SUITE}, back-channel logout profile.",
        _rows(
            "BACKCHANNEL",
            (
                ("rpinitlogout", "A valid logout token", "end the session and answer 200"),
                ("alg-none", "`alg` none", "answer 400"),
                ("no-event", "No `events`", "answer 400"),
                ("with-nonce", "A `nonce`", "answer 400"),
                ("wrong-alg", "ES256 where RS256 is configured", "answer 400"),
                ("wrong-aud", "Another `aud`", "answer 400"),
                ("wrong-event", "Another event", "answer 400"),
                ("wrong-iss", "Another `iss`", "answer 400"),
            ),
        ),
    ),
    Catalogue(
        "OIDC: Front-Channel Logout",
        f"{SUITE}, front-channel logout profile.",
        _rows(
            "FRONTCHANNEL",
            (
                (
                    "rpinitlogout",
                    "The OP's page loads our address in a frame, with `iss` and `sid`",
                    "end that session on the server",
                ),
            ),
        ),
    ),
    Catalogue(
        "OIDC: Login Initiated by a Third Party",
        f"{SUITE}, third-party-initiated login profile.",
        _rows(
            "3RDPARTY",
            (
                (
                    "3rd-party-init-login",
                    "The browser arrives with `iss` first",
                    "redirect to that issuer, and to no address of the caller's",
                ),
            ),
        ),
    ),
    Catalogue(
        "OIDC: beyond the profiles",
        f"{SUITE}, comprehensive plan: what no certification asks for and we do.",
        (
            *_rows(
                "EXTRA",
                (
                    ("missing-aud", "ID token without `aud`", "refuse"),
                    ("invalid-sig-hs256", "HS256 with a broken signature", "refuse"),
                    ("invalid-sig-es256", "ES256 with a broken signature", "refuse"),
                    ("userinfo-signed", "Userinfo as a signed JWT", "verify it"),
                    ("form-post-error", "An error by form post", "show it, and open nothing"),
                ),
            ),
            Row(
                "OIDC-EXTRA-refreshtoken",
                "Refresh tokens of another issuer or subject",
                "refuse what they bring",
                reason="Not applicable: HubSSO asks for no refresh token and uses none.",
            ),
        ),
    ),
)
