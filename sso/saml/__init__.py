"""SAML 2.0: our side is the service provider (SP) of the Web Browser SSO profile.

The way of a login: `request` sends the browser to the IdP; its POST arrives at `views.acs`, is read by `posted`
and becomes an `IdentityAssertion` in `responses`, past these judges, each of which can only refuse:

1. `document`: is it XML that we are willing to parse?
2. `preflight`: has it the one shape in which a signature means what it seems to mean?
3. `signatures`: did a certificate of the revision sign the assertion? An encrypted one is opened first, by
   `decryption`, and its tree goes past the preflight again.
4. `postflight`: was it made for us, for this login attempt, and for now?
5. `library`: does python3-saml, strict, agree?
6. `replay`: is it used for the first time?

All of them look at the same parsed tree (the decrypted one, if there is one), and nothing is read from outside the
signed assertion but what only serves to refuse. Beside that way: `certificates` (what an admin pastes), `metadata`.
"""
