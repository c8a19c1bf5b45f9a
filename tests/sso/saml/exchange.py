"""One login attempt and the responses an IdP may send to it, without database and HTTP: for tests of the rules."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from sso.models import Connection, LoginAttempt, Revision
from sso.saml.responses import AcceptedAssertion, accept_response, read_response
from sso.saml.sp import service_provider
from tests.demo_idp.keys import KeyStore, SamlKeyPair
from tests.demo_idp.saml_names import tag
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.demo_idp.saml_signing import sign_element

ISSUER = "https://idp.globex.example/saml/metadata"
SSO_URL = "https://idp.globex.example/saml/sso?tenant=globex&prompt=1"
REQUEST_ID = "_request-of-zoe"
NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def key_pair(name: str) -> SamlKeyPair:
    """A key pair that keeps its value while the tests run. Its certificate begins now: see `NOW` for the clock."""
    return KeyStore().saml_key_pair(name)


@dataclass
class Exchange:
    """`honest` is the response that must be let in; a test changes one thing of it."""

    attempt: LoginAttempt
    honest: SamlResponseBuilder
    now: datetime = NOW

    @property
    def revision(self) -> Revision:
        return self.attempt.revision

    def judge(
        self, response: SamlResponseBuilder | str, *, after: timedelta = timedelta()
    ) -> AcceptedAssertion:
        """Let the response past every judge, some time after it was made."""
        posted = response if isinstance(response, str) else response.base64()
        return accept_response(read_response(posted), attempt=self.attempt, now=self.now + after)

    def judge_but(self, *, after: timedelta = timedelta(), **changes: Any) -> AcceptedAssertion:
        """The honest response with some fields changed before it is signed."""
        return self.judge(self.honest.but(**changes), after=after)

    def judge_changed(self, change: Callable[[etree._Element], object]) -> AcceptedAssertion:
        """The honest response, changed after it was signed."""
        return self.judge_but(change_signed=change)


def make_exchange(connection: Connection | None = None, **revision: Any) -> Exchange:
    """Globex, its connection (another one, if it is given) and a login attempt, none of them in the database."""
    idp_key = key_pair("globex")
    connection = connection or Connection(pk=1, org_id=1, name="Globex", protocol="saml")
    live = Revision(
        pk=2,
        org_id=1,
        connection=connection,
        **{
            "issuer": ISSUER,
            "sso_url": SSO_URL,
            "certificates": [idp_key.certificate_pem],
            **revision,
        },
    )
    attempt = LoginAttempt(
        state="state-of-zoe",
        org_id=1,
        connection=connection,
        revision=live,
        request_id=REQUEST_ID,
        created_at=NOW,
    )
    sp = service_provider(connection.uid)
    honest = SamlResponseBuilder.honest(
        issuer=ISSUER,
        acs_url=sp.acs_url,
        audience=sp.entity_id,
        in_response_to=REQUEST_ID,
        name_id="zoe",
        signing_key=idp_key,
        now=NOW,
        attributes={"email": ("zoe@globex.example",)},
    )
    return Exchange(attempt=attempt, honest=honest)


def encoded(xml: bytes | str) -> str:
    """XML as it stands in the form field."""
    return base64.b64encode(xml if isinstance(xml, bytes) else xml.encode()).decode()


def find(root: etree._Element, path: str) -> etree._Element:
    """The one element at a path of prefixed names, such as `saml:Assertion/saml:Subject`."""
    element = root.find("/".join(tag(step) for step in path.split("/")))
    assert element is not None, path
    return element


def signed(root: etree._Element, exchange: Exchange) -> str:
    """`signed_with` the key of the exchange's IdP."""
    return signed_with(root, exchange.honest.signing_key)


def signed_with(root: etree._Element, signing_key: SamlKeyPair) -> str:
    """Sign the response's assertion after it was changed by hand, as an IdP would that means what it says."""
    assertion = find(root, "saml:Assertion")
    root.remove(assertion)
    alone = etree.fromstring(etree.tostring(assertion))
    root.append(sign_element(alone, signing_key))
    return encoded(etree.tostring(root))
