"""How we prove ourselves at the token endpoint: secret or signature, as the OP takes it and the revision says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from sso import key_pairs
from sso.models import KeyPair, RefusalTrace
from sso.oidc import published_keys
from sso.oidc.adapter import OIDCAdapter
from sso.oidc.client_authentication import client_assertion
from sso.types import KeyPairStatus, SSOProtocol
from tests.builders import give_key_pair, make_connection, make_org
from tests.demo_idp.keys import KeyStore
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin, forget_idps, register_client
from tests.sso.whole_login import change_revision

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def our_key(name: str) -> Any:
    return KeyStore().saml_key_pair(f"portal-{name}")


def jwks_of(acme: AcmeLogin) -> Any:
    """As an OP fetches it: by nobody in particular."""
    response = Client().get(f"/sso/{acme.connection.uid}/oidc/jwks/")
    assert response.status_code == 200
    return response.json()


@pytest.fixture
def rp(acme: AcmeLogin) -> AcmeLogin:
    """Acme, whose OP knows it by its key and takes nothing else."""
    give_key_pair(acme.connection, our_key("active"))
    change_revision(acme, client_authentication="private_key_jwt", client_secret_sealed="")
    register_client(
        acme.tenant, acme.connection, client_secret="", auth_methods=("private_key_jwt",), jwks=jwks_of(acme)
    )
    return acme


def test_member_signs_in_without_any_secret(rp: AcmeLogin) -> None:
    rp.sign_in()
    assert rp.can_read(), rp.refusals()
    (token,) = rp.idp.requests.to("token")
    assert (token.auth_method, token.form["client_id"]) == ("private_key_jwt", CLIENT_ID)
    assert "client_secret" not in token.form


def test_assertion_says_who_it_is_from_and_where_it_is_for(rp: AcmeLogin) -> None:
    first, second = (
        client_assertion(rp.revision, audience="https://op.example/token", now=NOW) for _ in range(2)
    )
    token = jwt.decode(first, KeySet.import_key_set(jwks_of(rp)), algorithms=["RS256"])
    (key,) = jwks_of(rp)["keys"]
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
    jti = token.claims.pop("jti")
    issued_at = int(NOW.timestamp())
    assert token.claims == {
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": "https://op.example/token",
        "iat": issued_at,
        "exp": issued_at + 60,
    }
    assert len(jti) >= 32
    again = jwt.decode(second, KeySet.import_key_set(jwks_of(rp)), algorithms=["RS256"])
    assert again.claims["jti"] != jti


def test_assertion_is_for_the_address_it_is_sent_to_whatever_else_the_op_says(rp: AcmeLogin) -> None:
    """An OP can't have one made for another OP's address and sent to its own."""
    rp.tenant.config = rp.tenant.config.__class__(
        slug="acme", protocols=("oidc",), people=rp.tenant.config.people, par="required"
    )
    rp.tenant.discovery_changes["token_endpoint"] = "https://another-op.example/token"
    forget_idps()
    assert rp.start().status_code == 302  # the demo OP took it: it was made for its own address
    assert [request.auth_method for request in rp.idp.requests.to("par")] == ["private_key_jwt"]


def test_wrong_key_is_refused_and_tells_the_admin_where_to_look(rp: AcmeLogin) -> None:
    KeyPair.objects.all().delete()
    give_key_pair(rp.connection, our_key("other"))
    rp.sign_in()
    assert rp.refusals() == ["token_refused"]
    assert "JWKS URL" in RefusalTrace.objects.get().admin_detail
    rp.assert_nothing_was_opened()


@pytest.mark.parametrize("gone", ["pair", "sealed"])
def test_key_that_is_gone_is_named(rp: AcmeLogin, gone: str) -> None:
    answer = rp.go_to_idp()
    if gone == "pair":
        KeyPair.objects.all().delete()
    else:
        KeyPair.objects.update(private_key_sealed="sealed-with-a-key-we-lost")
    rp.bring(answer)
    assert rp.refusals() == ["configuration_unreadable"]


@pytest.mark.parametrize(
    ("way", "announced", "words"),
    [
        ("client_secret", ["private_key_jwt"], "by a signature of ours"),
        ("private_key_jwt", ["client_secret_basic"], "with a client secret"),
        ("private_key_jwt", None, "with a client secret"),
        ("client_secret", ["tls_client_auth", "none"], "client_secret_basic, client_secret_post, private"),
    ],
)
def test_way_that_the_op_does_not_take_stops_at_the_start(
    acme: AcmeLogin, way: str, announced: list[str] | None, words: str
) -> None:
    change_revision(acme, client_authentication=way)
    acme.tenant.discovery_changes["token_endpoint_auth_methods_supported"] = announced
    assert acme.start().status_code == 403
    assert acme.refusals() == ["client_authentication_unsupported"]
    assert words in RefusalTrace.objects.get().admin_detail


def test_secret_goes_by_basic_first_even_where_the_op_takes_our_signature_too(acme: AcmeLogin) -> None:
    methods = ["private_key_jwt", "client_secret_post", "client_secret_basic"]
    acme.tenant.discovery_changes["token_endpoint_auth_methods_supported"] = methods
    acme.sign_in()
    assert [request.auth_method for request in acme.idp.requests.to("token")] == ["client_secret_basic"]
    assert acme.can_read()


# --- The keys that OPs read ----------------------------------------------------------------------------


def test_jwks_has_public_keys_alone_and_may_be_kept_for_a_while(rp: AcmeLogin) -> None:
    give_key_pair(rp.connection, our_key("next"), KeyPairStatus.NEXT)
    give_key_pair(rp.connection, our_key("old"), KeyPairStatus.OLD)
    response = Client().get(f"/sso/{rp.connection.uid}/oidc/jwks/")
    assert response["Content-Type"] == "application/json"
    assert "max-age=300" in response["Cache-Control"]
    assert "Set-Cookie" not in response
    keys = response.json()["keys"]
    assert [set(key) for key in keys] == [{"kty", "n", "e", "kid", "use", "alg"}] * 2
    active, following = (
        published_keys.kid_of(rp.connection.key_pairs.get(status=status))
        for status in (KeyPairStatus.ACTIVE, KeyPairStatus.NEXT)
    )
    assert [key["kid"] for key in keys] == [active, following]
    assert KeySet.import_key_set({"keys": keys}).keys[0].thumbprint() == active


def test_rollover_keeps_logins_going(rp: AcmeLogin) -> None:
    give_key_pair(rp.connection, our_key("next"), KeyPairStatus.NEXT)
    client = rp.tenant.clients[CLIENT_ID]
    register_client(
        rp.tenant, rp.connection, client_secret="", auth_methods=client.auth_methods, jwks=jwks_of(rp)
    )
    key_pairs.switch_over(connection=rp.connection, actor=rp.olivia.user)
    rp.sign_in()
    assert rp.can_read(), rp.refusals()


def test_jwks_of_others_is_not_there(acme: AcmeLogin) -> None:
    assert jwks_of(acme) == {"keys": []}
    saml = make_connection(make_org("globex"), SSOProtocol.SAML, sso_url="https://idp.example/sso")
    give_key_pair(saml, our_key("active"))
    assert Client().get(f"/sso/{saml.uid}/oidc/jwks/").status_code == 404
    assert Client().post(f"/sso/{acme.connection.uid}/oidc/jwks/").status_code in (403, 405)


@pytest.mark.parametrize(("way", "pairs"), [("client_secret", 0), ("private_key_jwt", 1)])
def test_key_pair_is_made_for_the_connection_that_signs(acme: AcmeLogin, way: str, pairs: int) -> None:
    change_revision(acme, client_authentication=way)
    for _ in range(2):
        OIDCAdapter().prepare(acme.revision, now=timezone.now())
    assert acme.connection.key_pairs.count() == pairs
