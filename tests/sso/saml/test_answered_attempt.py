"""Which of our attempts a response answers, and when it answers none."""

import pytest

from sso.errors import AttemptUnknown
from sso.saml.errors import UnsolicitedResponse
from sso.saml.responses import answered_attempt, read_response
from tests.sso.saml.exchange import Exchange

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("relay_state", ["", "https://acme.example/deep-link", "\0", "state-of-nobody"])
def test_response_that_names_no_request_is_unsolicited(exchange: Exchange, relay_state: str) -> None:
    unasked = exchange.honest.but(in_response_to=None, response_in_response_to=None)
    with pytest.raises(UnsolicitedResponse):
        answered_attempt(
            read_response(unasked.base64()),
            connection=exchange.attempt.connection,
            relay_state=relay_state,
            now=exchange.now,
        )


def test_response_that_names_a_request_of_somebody_else_is_unknown(exchange: Exchange) -> None:
    with pytest.raises(AttemptUnknown):
        answered_attempt(
            read_response(exchange.honest.base64()),
            connection=exchange.attempt.connection,
            relay_state="",
            now=exchange.now,
        )
