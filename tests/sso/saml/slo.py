"""Globex's IdP, which tells Globex's SP that somebody signed out."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from sso.models import SSOSession
from sso.saml.sp import service_provider
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.builders import give_key_pair
from tests.demo_idp.browser import FORM
from tests.demo_idp.saml_logout import LogoutMessage
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.whole_login import change_revision

BINDINGS = ("post", "redirect")


class Logout:
    """Globex's IdP tells its SP that somebody signed out. `honest` is the request that ends Max's session."""

    def __init__(self, globex: GlobexLogin) -> None:
        self.globex = globex
        self.url = service_provider(globex.connection.uid).slo_url.removeprefix("http://testserver")
        globex.sign_in()
        assert globex.can_read()
        self.session = SSOSession.objects.get()
        self.browser = Client()  # no cookie of ours: the IdP's page posts from another site

    @property
    def honest(self) -> LogoutMessage:
        return LogoutMessage.request(
            issuer=self.globex.tenant.saml_entity_id,
            destination=service_provider(self.globex.connection.uid).slo_url,
            issued_at=timezone.now(),
            signing_key=self.globex.tenant.saml_key_pair,
            name_id="max",
            session_indexes=(self.session.idp_session_id,),
        )

    def send(self, message: LogoutMessage, binding: str = "post", relay_state: str | None = None) -> Any:
        if binding == "redirect":
            return self.browser.get(f"{self.url}?{message.query(relay_state)}")
        return self.post(message.post_fields(relay_state))

    def post(self, fields: dict[str, str]) -> Any:
        return self.browser.post(self.url, urlencode(fields), content_type=FORM)

    def refuses(self, code: str, send: Callable[[], Any]) -> None:
        """What is sent ends nothing, and writes nothing but the refusal."""
        with nothing_written_but_refusal(self.globex.org, code, event="org.sso_logout_refused"):
            response = send()
        assert response.status_code == 400
        assert SSOSession.objects.filter(pk=self.session.pk).exists()

    def ends(self, send: Callable[[], Any]) -> None:
        """What is sent ends Max's session: the honest twin."""
        assert send().status_code in (200, 302, 303)
        assert not SSOSession.objects.exists()


@pytest.fixture
def logout(globex: GlobexLogin) -> Logout:
    change_revision(globex, slo_url=globex.tenant.saml_slo_url)
    give_key_pair(globex.connection, OUR_KEY)
    return Logout(globex)
