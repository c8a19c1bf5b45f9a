"""OpenID Connect, as the relying party (RP) of an organisation's OP.

A login: `adapter.begin` makes the authorization request, and `pushed` hands it to an OP that asks for that. The OP
answers at `views.callback`; `answers.assertion_from` redeems the code (`client`), has the ID token checked
(`id_token`, with a key that `jwks` chose), asks `userinfo`, and makes an `IdentityAssertion` of the claims (`claims`).

`discovery` knows the OP's endpoints. `client_authentication` proves to them who we are, with keys that OPs find by
`published_keys`. Every check that fails is a class of its own in `errors`. `transport` is the way to the network and
hides its errors.
"""
