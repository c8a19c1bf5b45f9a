"""The two worlds of whole logins, Acme by OIDC and Globex by SAML, each behind a demo IdP over loopback."""

from tests.sso.conftest import acme, demo_idp, globex

__all__ = ["acme", "demo_idp", "globex"]
