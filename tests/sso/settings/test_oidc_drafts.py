"""The draft form of an OpenID Connect connection: what it asks the IdP, what it chooses, what it names as wrong."""

from typing import Any

import pytest

from sso.models import Connection, Revision
from sso.oidc.forms import OIDCDraftForm
from sso.oidc.jws import ALLOWED_ALGORITHMS
from sso.types import SSOProtocol
from tests.demo_idp import Tenant
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of

METHODS = "token_endpoint_auth_methods_supported"


@pytest.fixture
def new(acme: AcmeSettings) -> Connection:
    """Nothing entered yet."""
    return Connection.objects.create(org=acme.org, name="Acme Login", protocol=SSOProtocol.OIDC)


def submit(acme: AcmeSettings, connection: Connection, tenant: Tenant, **data: Any) -> Any:
    return acme.post("draft", connection.uid, **{"client_id": "hubsso", "issuer": tenant.issuer, **data})


def errors_of(response: Any) -> dict[str, list[str | None]]:
    assert response.status_code == 200
    form: OIDCDraftForm = response.context["form"]
    return {name: [error.code for error in errors.as_data()] for name, errors in form.errors.items()}


def test_new_options_are_saved_and_shown(acme: AcmeSettings, new: Connection, tenant: Tenant) -> None:
    submit(
        acme,
        new,
        tenant,
        client_secret=SECRET,
        response_mode="form_post",
        signing_algorithms=["RS256", "EdDSA"],
    )
    draft = draft_of(new)
    assert (draft.response_mode, draft.signing_algorithms) == ("form_post", ["RS256", "EdDSA"])
    page = acme.page("connection", new.uid)
    assert "As a form (form_post)" in page
    assert "RS256, EdDSA" in page
    form = acme.get("draft", new.uid).context["form"]
    assert form.is_unfolded
    assert form.initial["signing_algorithms"] == ["RS256", "EdDSA"]


def test_what_is_left_alone_has_its_default(acme: AcmeSettings, new: Connection, tenant: Tenant) -> None:
    assert not acme.get("draft", new.uid).context["form"].is_unfolded
    submit(acme, new, tenant, client_secret=SECRET)
    draft = draft_of(new)
    assert (draft.client_authentication, draft.response_mode) == ("client_secret", "query")
    assert draft.signing_algorithms == []
    assert not acme.get("draft", new.uid).context["form"].is_unfolded


@pytest.mark.parametrize(
    "data",
    [
        {"response_mode": "fragment"},
        {"client_authentication": "none"},
        {"signing_algorithms": ["none"]},
        {"signing_algorithms": ["HS256", "RS256"]},
    ],
)
def test_other_values_are_refused(
    acme: AcmeSettings, new: Connection, tenant: Tenant, data: dict[str, Any]
) -> None:
    assert set(errors_of(submit(acme, new, tenant, client_secret=SECRET, **data))) == set(data)
    assert not new.revisions.exists()


# --- Authentication ------------------------------------------------------------------------------------


def test_our_key_is_chosen_by_itself_where_the_idp_takes_nothing_else(
    acme: AcmeSettings, new: Connection, tenant: Tenant
) -> None:
    tenant.discovery_changes[METHODS] = ["private_key_jwt", "tls_client_auth"]
    submit(acme, new, tenant, client_secret="typed-for-nothing")
    draft = draft_of(new)
    assert draft.client_authentication == "private_key_jwt"
    assert draft.client_secret_sealed == ""
    assert new.key_pairs.count() == 1
    page = acme.page("connection", new.uid)
    assert "Signed with our key (private_key_jwt)" in page
    assert f"/sso/{new.uid}/oidc/jwks/" in acme.page("draft", new.uid)


def test_our_key_needs_no_secret(acme: AcmeSettings, new: Connection, tenant: Tenant) -> None:
    tenant.discovery_changes[METHODS] = ["client_secret_basic", "private_key_jwt"]
    submit(acme, new, tenant, client_authentication="private_key_jwt")
    assert draft_of(new).client_secret_sealed == ""


def test_secret_is_asked_for_where_one_is_needed(acme: AcmeSettings, new: Connection, tenant: Tenant) -> None:
    assert errors_of(submit(acme, new, tenant)) == {"client_secret": ["required"]}


def test_going_back_to_a_secret_asks_for_it_again(
    acme: AcmeSettings, new: Connection, tenant: Tenant
) -> None:
    tenant.discovery_changes[METHODS] = ["client_secret_basic", "private_key_jwt"]
    submit(acme, new, tenant, client_authentication="private_key_jwt")
    assert errors_of(submit(acme, new, tenant, client_authentication="client_secret")) == {
        "client_secret": ["required"]
    }


@pytest.mark.parametrize(
    ("announced", "chosen", "words"),
    [
        (["client_secret_basic", "client_secret_post"], "private_key_jwt", "with a client secret"),
        (None, "private_key_jwt", "takes client_secret_basic,"),
    ],
)
def test_error_names_what_the_idp_takes_and_what_to_choose(
    acme: AcmeSettings,
    new: Connection,
    tenant: Tenant,
    announced: list[str] | None,
    chosen: str,
    words: str,
) -> None:
    tenant.discovery_changes[METHODS] = announced
    response = submit(acme, new, tenant, client_authentication=chosen)
    assert errors_of(response) == {"client_authentication": ["client_authentication_unsupported"]}
    assert words in response.content.decode()
    assert response.context["form"].is_unfolded


def test_idp_that_takes_nothing_we_know_is_named(acme: AcmeSettings, new: Connection, tenant: Tenant) -> None:
    tenant.discovery_changes[METHODS] = ["tls_client_auth"]
    response = submit(acme, new, tenant, client_secret=SECRET)
    assert errors_of(response) == {"issuer": ["client_authentication_unsupported"]}
    assert "tls_client_auth" in response.content.decode()


def test_put_back_makes_the_key_that_it_needs(acme: AcmeSettings, new: Connection, tenant: Tenant) -> None:
    tenant.discovery_changes[METHODS] = ["private_key_jwt"]
    submit(acme, new, tenant)
    first = draft_of(new)
    submit(acme, new, tenant, client_id="other")
    Revision.objects.filter(pk=first.pk).update(retired_at=None)
    new.key_pairs.all().delete()
    acme.post("put_back", new.uid, revision=first.number)
    assert draft_of(new).client_authentication == "private_key_jwt"
    assert new.key_pairs.count() == 1


# --- Algorithms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("announced", "accepted", "has_error"),
    [
        (["RS256"], [], False),
        (["RS256"], ["RS256", "PS256"], False),
        (["RS256", "ES384"], ["PS256"], True),
        (["ES384", "HS256"], [], True),
        (None, ["EdDSA"], False),
        ([], ["EdDSA"], False),
    ],
)
def test_idp_that_signs_with_none_of_the_accepted_is_named(
    acme: AcmeSettings,
    new: Connection,
    tenant: Tenant,
    announced: list[str] | None,
    accepted: list[str],
    has_error: bool,
) -> None:
    tenant.discovery_changes["id_token_signing_alg_values_supported"] = announced
    response = submit(acme, new, tenant, client_secret=SECRET, signing_algorithms=accepted)
    if not has_error:
        assert response.status_code == 302
        return
    assert errors_of(response) == {"signing_algorithms": ["signing_algorithms_without_overlap"]}
    page = response.content.decode()
    assert announced is not None
    assert ", ".join(announced) in page
    assert " or ".join(accepted or ALLOWED_ALGORITHMS) in page
