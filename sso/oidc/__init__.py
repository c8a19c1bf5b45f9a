"""OpenID Connect, as the relying party (RP) of an organisation's OP.

A login: `adapter.begin` makes the authorization request. The OP answers at `views.callback`; `answers.assertion_from`
redeems the code (`client`), has the ID token checked (`id_token`, with a key that `jwks` chose), asks userinfo and
turns the claims into an `IdentityAssertion` (`claims`). `discovery` knows the OP's endpoints. Every check that
fails is a class of its own in `errors`. `transport` is the way to the network and hides its errors.
"""
