"""The target of the attacks: Globex and its SAML connection, with an IdP that the test itself plays.

An attack is a change to the honest response of a login that Max has begun. `Target.refuses` delivers it, sees that
nothing but the refusal was written, and lets the honest response of the same login in.
"""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.test import Client
from django.utils import timezone
from lxml import etree

from orgs.models import Membership, Organization
from sso.models import Connection, Revision, SSOSession
from sso.saml.sp import ServiceProvider, service_provider
from sso.types import Enforcement, SSOProtocol
from sso.viewer import start_url
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.builders import (
    live_revision,
    make_connection,
    make_member,
    make_org,
    make_page,
    make_user,
    set_policy,
)
from tests.conftest import log_in
from tests.demo_idp.browser import FORM
from tests.demo_idp.keys import SamlKeyPair
from tests.demo_idp.saml_response import SamlResponseBuilder
from tests.sso.saml.exchange import ISSUER, encoded, key_pair, signed_with

SSO_URL = "https://idp.globex.example/sso"
PRIVATE_TEXT = "private-body-marker"
REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})

Attack = Callable[[SamlResponseBuilder], SamlResponseBuilder | str]


def unchanged(honest: SamlResponseBuilder) -> SamlResponseBuilder:
    """The attack that is none."""
    return honest


@dataclass(frozen=True, slots=True)
class Trip:
    """A login that Max has begun, and the response that his IdP would send to it."""

    request_id: str
    relay_state: str
    honest: SamlResponseBuilder


@dataclass(frozen=True, slots=True)
class Target:
    """`client` is Max's browser, signed in to the portal only. `idp_key` is the key his IdP signs with."""

    org: Organization
    max: Membership
    connection: Connection
    idp_key: SamlKeyPair
    client: Client
    page_path: str

    @property
    def revision(self) -> Revision:
        return live_revision(self.connection)

    @property
    def sp(self) -> ServiceProvider:
        return service_provider(self.connection.uid)

    def change_revision(self, **fields: Any) -> None:
        """Another configuration for the live revision, which is not how the product does it."""
        Revision.objects.filter(pk=self.revision.pk).update(**fields)

    def begin(self, client: Client | None = None) -> Trip:
        """Ask for the private page's organisation at the start page, and read the request to the IdP."""
        response = (client or self.client).get(start_url(self.org.slug), {"next": self.page_path})
        query = parse_qs(urlsplit(response["Location"]).query)
        request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), wbits=-15))
        request_id = request.get("ID", "")
        honest = SamlResponseBuilder.honest(
            issuer=ISSUER,
            acs_url=request.get("AssertionConsumerServiceURL", ""),
            audience=self.sp.entity_id,
            in_response_to=request_id,
            name_id="max",
            signing_key=self.idp_key,
            now=timezone.now(),
            attributes={"email": ("max@globex.example",)},
        )
        return Trip(request_id, query["RelayState"][0], honest)

    def post(
        self,
        document: SamlResponseBuilder | str,
        relay_state: str = "",
        *,
        path: str = "",
        client: Client | None = None,
        **extra: Any,
    ) -> Any:
        """Deliver it to the ACS as the IdP's page does: a cross-site POST, which carries no cookie of ours."""
        fields = {"SAMLResponse": posted(document), "RelayState": relay_state}
        browser = client or Client()
        return browser.post(path or self.sp.acs_url, urlencode(fields), content_type=FORM, **extra)

    def finish(self, response: Any, client: Client | None = None) -> Any:
        """The last step, in the browser that began."""
        assert response.status_code == HTTPStatus.SEE_OTHER, response.content.decode()
        return (client or self.client).get(response["Location"])

    def can_read(self) -> bool:
        """Does the gate let Max at Globex's private page?"""
        response = self.client.get(self.page_path)
        return response.status_code == HTTPStatus.OK and PRIVATE_TEXT in response.content.decode()

    def refuses(self, attack: Attack, code: str, *, twin: Attack | None = None) -> None:
        """The attack is refused by this reason and writes nothing; its honest twin, to the same request, gets in."""
        trip = self.begin()
        self.assert_refused(attack(trip.honest), code, trip.relay_state)
        self.assert_let_in(twin(trip.honest) if twin else trip.honest, trip.relay_state)

    def assert_refused(self, document: SamlResponseBuilder | str, code: str, relay_state: str = "") -> None:
        with nothing_written_but_refusal(self.org, code):
            response = self.post(document, relay_state)
        assert response.status_code in REFUSED
        assert not SSOSession.objects.exists()
        assert not self.can_read()

    def assert_let_in(self, document: SamlResponseBuilder | str, relay_state: str = "") -> None:
        response = self.finish(self.post(document, relay_state))
        assert (response.status_code, response["Location"]) == (HTTPStatus.FOUND, self.page_path)
        assert SSOSession.objects.get().user == self.max.user
        assert self.can_read()


def posted(document: SamlResponseBuilder | str) -> str:
    """The value of the form field. Of a builder it is made now, signatures included."""
    return document if isinstance(document, str) else document.base64()


def make_target(client: Client, **revision: Any) -> Target:
    org = make_org("globex", name="Globex")
    set_policy(org, Enforcement.ENFORCED)
    idp_key = key_pair("globex")
    connection = make_connection(
        org,
        SSOProtocol.SAML,
        **{
            "issuer": ISSUER,
            "sso_url": SSO_URL,
            "certificates": [idp_key.certificate_pem],
            **revision,
        },
    )
    member = make_member(org, make_user("max@globex.example", name="Max"))
    log_in(client, member.user)
    page = make_page(org, "Private", body=PRIVATE_TEXT)
    return Target(org, member, connection, idp_key, client, page.get_absolute_url())


def after_signing(change: Callable[[etree._Element], object], **fields: Any) -> Attack:
    """The honest response, changed after the IdP signed it."""
    return lambda honest: honest.but(change_signed=change, **fields)


def before_signing(change: Callable[[etree._Element], object], **fields: Any) -> Attack:
    """The honest response, changed before the IdP signs: it means what it says."""

    def attack(honest: SamlResponseBuilder) -> str:
        root = honest.but(sign_assertion=False, **fields).element()
        change(root)
        return signed_with(root, honest.signing_key)

    return attack


def text_replaced(old: bytes, new: bytes) -> Attack:
    """The honest response's bytes with one place changed after signing."""

    def attack(honest: SamlResponseBuilder) -> str:
        xml = honest.xml()
        assert old in xml
        return encoded(xml.replace(old, new, 1))

    return attack
