"""Single sign-on: from an identity provider's word to an SSO session, and the gate that asks for one.

A login, told in order:

1. `middleware` asks `gate` about every URL that names an organisation. `gate` gathers the facts in one query,
   `policy.decide` answers. A member without a live SSO session gets the block page with its one button.
2. The button leads to the start page (`views.login`). `login.begin_login` writes a `LoginAttempt`: who, which
   revision, why, where to return. The protocol's folder makes the request from it.
3. The IdP answers at the callback (`oidc.views`) or the ACS (`saml.views`). The protocol's folder takes the
   attempt, checks the answer in full and hands on an `IdentityAssertion`. Protocol knowledge ends there.
4. `login.complete_login`, in one transaction: `linking` says who it is, `provisioning` sets membership, role and
   groups by `role_mapping`, `sessions` opens the SSO session, the audit log records it.
5. The browser returns to the page it came for. The gate lets it in until the session ends.

Whatever goes wrong is an `SSOError` with a stable code; `refusals` turns it into the member's page, the admin's
trace and the log line.
"""
