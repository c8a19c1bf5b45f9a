"""What a test may learn of a mis-entered entity ID: only what the pinned certificate signed, and if all else fits."""

from datetime import timedelta
from typing import Any

import pytest

from sso.errors import SSOError
from sso.models import Revision
from sso.saml.entered import offered_after
from sso.saml.limits import MAX_ENTITY_ID_LENGTH
from sso.types import Purpose
from tests.sso.saml.exchange import ISSUER, Exchange, key_pair, make_exchange

OTHER = "https://other.example/saml"
RENAMED = {"issuer": OTHER, "response_issuer": OTHER}


def learned(exchange: Exchange, *, purpose: str = Purpose.TEST, **changes: Any) -> object:
    exchange.attempt.purpose = purpose
    with pytest.raises(SSOError) as caught:
        exchange.judge_but(**changes)
    return caught.value.log_fields.get("signed_issuer")


@pytest.mark.parametrize("changes", [RENAMED, {**RENAMED, "response_issuer": None}])
def test_signed_issuer_is_learned(exchange: Exchange, changes: dict[str, Any]) -> None:
    assert learned(exchange, **changes) == OTHER


@pytest.mark.parametrize(
    "changes",
    [
        {**RENAMED, "sign_assertion": False},
        {**RENAMED, "sign_assertion": False, "sign_response": True},
        {**RENAMED, "signing_key": key_pair("somebody else")},
        {"response_issuer": OTHER},
        {"issuer": OTHER},
        {**RENAMED, "audiences": ("https://another-portal.example",)},
        {**RENAMED, "destination": OTHER},
        {**RENAMED, "recipient": OTHER},
        {**RENAMED, "response_in_response_to": "_other"},
        {**RENAMED, "name_id": ""},
        {**RENAMED, "not_on_or_after": None, "confirmation_not_on_or_after": None},
        {**RENAMED, "after": timedelta(hours=1)},
        {"issuer": "urn:a b", "response_issuer": None},
        {"issuer": "https://bücher.example", "response_issuer": None},
        {"issuer": "https://x.example/" + "x" * MAX_ENTITY_ID_LENGTH, "response_issuer": None},
        {"issuer": "", "response_issuer": None},
    ],
)
def test_anything_less_is_not_learned(exchange: Exchange, changes: dict[str, Any]) -> None:
    assert learned(exchange, **changes) is None


def test_a_members_login_teaches_nothing(exchange: Exchange) -> None:
    assert learned(exchange, purpose=Purpose.LOGIN, **RENAMED) is None


@pytest.mark.parametrize(
    ("changes", "fields", "is_offered"),
    [
        ({}, {"signed_issuer": OTHER}, True),
        ({}, {"signed_issuer": ISSUER}, False),
        ({}, {}, False),
        ({"metadata_url": ISSUER}, {"signed_issuer": OTHER}, False),
    ],
    ids=["another", "the same", "nothing learned", "metadata says otherwise"],
)
def test_what_was_learned_is_offered(
    changes: dict[str, Any], fields: dict[str, str], is_offered: bool
) -> None:
    revision: Revision = make_exchange(**changes).revision
    offer = offered_after(fields, revision=revision)
    assert (offer is not None) == is_offered
    if offer is not None:
        assert offer.correction.values == {"issuer": OTHER}
        assert f"names {OTHER} as its entity ID" in offer.text
