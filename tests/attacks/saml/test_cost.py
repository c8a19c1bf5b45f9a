"""SAML-23 and 32: no document, authentic or not, keeps the server busy or takes much of its memory.

`python -m tests.attacks.saml.measure` prints what each costs. Here it is held against the cost of an honest document
on the same machine in the same run, so that no slow machine fails.
"""

import base64
import zlib
from urllib.parse import urlencode

import pytest

from sso.models import Connection
from sso.saml.bindings import Parameter, read_redirect
from sso.saml.logout_message import received_by_redirect
from sso.types import SSOProtocol
from tests.attacks.saml.cost import Cost, cost_of
from tests.attacks.saml.costly import ANYBODYS, AUTHENTIC, BY_REDIRECT
from tests.attacks.saml.target import Attack, posted, unchanged
from tests.builders import give_key_pair, make_connection, make_org
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.saml.exchange import Exchange, key_pair, make_exchange

# An honest document costs some 2 ms of CPU where the worst of these costs 70, and 250 would be too many.
MAX_TIMES_HONEST = 100
MAX_MEMORY_MIB = 64
LET_IN = frozenset({"certificates in KeyInfo", "status codes in status codes"})


def make_costly_exchange() -> Exchange:
    """As many certificates as there may be, the right one last, and a key pair of ours."""
    connection: Connection = make_connection(make_org(), SSOProtocol.SAML)
    give_key_pair(connection, OUR_KEY)
    others = [key_pair(f"another {number}").certificate_pem for number in range(9)]
    return make_exchange(connection, certificates=[*others, key_pair("globex").certificate_pem])


def cost(exchange: Exchange, attack: Attack) -> Cost:
    document = posted(attack(exchange.honest))
    return cost_of(lambda: exchange.judge(document))


@pytest.fixture
def exchange(db: None) -> Exchange:
    return make_costly_exchange()


def cost_by_redirect(xml: bytes) -> Cost:
    """From the query to the shape of the document."""
    deflated = base64.b64encode(zlib.compress(xml, 9, wbits=-15)).decode()
    query = urlencode({Parameter.REQUEST.value: deflated})
    return cost_of(lambda: received_by_redirect(read_redirect(query)))


def assert_bounded(exchange: Exchange, attack: Attack) -> Cost:
    return assert_within(cost(exchange, attack), exchange)


def assert_within(found: Cost, exchange: Exchange) -> Cost:
    honest = cost(exchange, unchanged)
    assert honest.code == ""
    assert found.cpu_milliseconds <= MAX_TIMES_HONEST * honest.cpu_milliseconds
    assert found.memory_mib is None or found.memory_mib <= MAX_MEMORY_MIB
    return found


@pytest.mark.catalogue("SAML-32")
@pytest.mark.parametrize("name", [name for name in ANYBODYS if name != "XPath"])
def test_document_of_anybody_costs_little_more_than_an_honest_one(exchange: Exchange, name: str) -> None:
    assert (assert_bounded(exchange, ANYBODYS[name]).code == "") == (name in LET_IN)


@pytest.mark.catalogue("SAML-23")
def test_program_in_a_document_of_anybody_is_not_run(exchange: Exchange) -> None:
    """Run, it would take half a minute."""
    assert assert_bounded(exchange, ANYBODYS["XPath"]).code == "reference_not_allowed"


@pytest.mark.catalogue("SAML-32")
@pytest.mark.parametrize("name", AUTHENTIC)
def test_document_of_a_hostile_idp_costs_little_more_than_an_honest_one(
    exchange: Exchange, name: str
) -> None:
    """Whether or not it is let in: it is about one of the IdP's own people."""
    assert_bounded(exchange, AUTHENTIC[name])


@pytest.mark.catalogue("SAML-32")
def test_document_is_not_canonicalised_for_who_has_no_key(exchange: Exchange) -> None:
    """However many certificates there are. What it costs then is reading it."""
    name = "long namespaces"
    known = cost(exchange, ANYBODYS[name])
    strange = cost(exchange, lambda honest: ANYBODYS[name](honest.but(signing_key=key_pair("mallory"))))
    assert known.code == strange.code == "signature_invalid"
    assert strange.cpu_milliseconds < known.cpu_milliseconds


@pytest.mark.catalogue("SAML-32")
@pytest.mark.parametrize("name", BY_REDIRECT)
def test_deflated_document_of_anybody_costs_little_more_than_an_honest_login(
    exchange: Exchange, name: str
) -> None:
    assert assert_within(cost_by_redirect(BY_REDIRECT[name]), exchange).code != ""
