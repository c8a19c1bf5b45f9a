"""The profile of logins that a third party initiates (OpenID Connect Core 1.0, 4)."""

import pytest
from django.urls import reverse

from sso.models import LoginAttempt
from tests.attacks.nothing_written import nothing_written
from tests.builders import make_connection, make_org
from tests.demo_idp import IdPBrowser
from tests.sso.oidc.conftest import AcmeLogin

EVIL = "https://evil.example/"


def arrive(acme: AcmeLogin, method: str, **parameters: str) -> str:
    """The browser arrives at the initiate login URI; where it is led in the end."""
    send = acme.client.post if method == "POST" else acme.client.get
    response = send(reverse("sso:oidc_initiate", args=[acme.connection.uid]), parameters)
    assert response.status_code == 302
    return str(acme.client.get(response["Location"])["Location"])


@pytest.mark.catalogue("OIDC-3RDPARTY-3rd-party-init-login")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_third_party_init_login(acme: AcmeLogin, method: str) -> None:
    """To that issuer's authorization endpoint, with nothing of what the caller said but the issuer."""
    at_op = arrive(acme, method, iss=acme.tenant.issuer, login_hint="olivia", target_link_uri=EVIL)
    assert at_op.startswith(f"{acme.tenant.url}/authorize?")
    assert "olivia" not in at_op
    assert "evil" not in at_op
    assert LoginAttempt.objects.get().next_path == ""
    response = IdPBrowser().complete_login(at_op, "max").deliver(acme.client)
    assert response["Location"] == acme.org.get_absolute_url()
    assert acme.can_read()


@pytest.mark.catalogue("OIDC-3RDPARTY-3rd-party-init-login")
def test_organisations_that_share_an_issuer_have_an_address_each(acme: AcmeLogin) -> None:
    make_connection(make_org("globex"), issuer=acme.tenant.issuer, client_id="globex")
    assert "redirect_uri=" in arrive(acme, "GET", iss=acme.tenant.issuer)
    assert LoginAttempt.objects.get().org == acme.org


@pytest.mark.catalogue("OIDC-3RDPARTY-3rd-party-init-login")
@pytest.mark.parametrize("iss", ["", EVIL])
def test_third_party_with_another_issuer_is_sent_nowhere(acme: AcmeLogin, iss: str) -> None:
    url = reverse("sso:oidc_initiate", args=[acme.connection.uid])
    with nothing_written():
        response = acme.client.get(url, {"iss": iss, "target_link_uri": EVIL})
    assert response.status_code == 400
    assert "evil" not in response.content.decode()
    assert len(acme.idp.requests) == 0
