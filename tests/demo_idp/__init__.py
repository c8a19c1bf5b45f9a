"""A demo Identity Provider: an OIDC OP and a SAML IdP for any number of tenants, on loopback.

For development and tests only: anyone may sign in as anyone. It is a real protocol server, reached over HTTP,
and shares no code with the portal: it signs with joserfc (OIDC) and signxml (SAML) and knows nothing of Django.

`config`         what a tenant is: people, OIDC clients, SAML service providers; read from JSON
`keys`           signing keys and certificates, kept in a folder or made for the life of the process
`tenant`         one tenant at work: its people, keys, sessions, faults; what tests talk to
`faults`         the catalogue of wrong answers a tenant can give
`lab`            the failure lab of the login page: every wrong answer that fits one login, in words
`login`          the login page and IdP sessions; protocol-free
`registration`   the form by which an application is made known here
`oidc_*`         discovery, authorization, token, userinfo, logout in three ways; `IDTokenBuilder`
`saml_*`         metadata, single sign-on; `SamlResponseBuilder`
`server`         `DemoIdP`: the tenants behind an HTTP server in a thread
`browser`        walks the login pages over HTTP as a browser would, for tests

`python -m tests.demo_idp --port 9000 --config demo_idp.json` runs it as a process of its own.
"""

from tests.demo_idp.browser import IdPAnswer, IdPBrowser, IdPPageError, cancel_login, complete_login
from tests.demo_idp.config import OIDCClient, Person, SAMLServiceProvider, TenantConfig
from tests.demo_idp.faults import LogoutTokenFault, OIDCFault, SAMLFault
from tests.demo_idp.oidc_tokens import OMIT, IDTokenBuilder
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.demo_idp.server import DemoIdP
from tests.demo_idp.tenant import Tenant

__all__ = [
    "OMIT",
    "DemoIdP",
    "IDTokenBuilder",
    "IdPAnswer",
    "IdPBrowser",
    "IdPPageError",
    "LogoutTokenFault",
    "OIDCClient",
    "OIDCFault",
    "Person",
    "SAMLFault",
    "SAMLServiceProvider",
    "SamlResponseBuilder",
    "Tenant",
    "TenantConfig",
    "cancel_login",
    "complete_login",
]
