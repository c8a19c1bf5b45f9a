"""No logout lets anything out: neither the ID token that names the session, nor the tokens that an OP sends."""

from typing import Any

import pytest
from django.urls import reverse
from lxml import html

from orgs.models import AuditEvent
from sso.models import LogoutAttempt, RefusalTrace, SSOSession
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, LogoutTokenFault
from tests.demo_idp.oidc_logout_tokens import logout_token
from tests.eavesdropper import Eavesdropper, WatchedClient, database_text
from tests.sso.oidc.conftest import CLIENT_ID, AcmeLogin, make_acme
from tests.sso.whole_login import change_revision

pytestmark = pytest.mark.catalogue("WEB-SECRETS-SHOWN")


@pytest.fixture
def ear() -> Eavesdropper:
    return Eavesdropper()


@pytest.fixture
def acme(db: None, ear: Eavesdropper) -> Any:
    with DemoIdP() as idp:
        acme = make_acme(idp, WatchedClient(ear))
        acme.sign_in()
        yield acme


def found(ear: Eavesdropper, secrets: dict[str, str]) -> set[tuple[str, str]]:
    """Where the secrets are: in what was heard, and in what admins read."""
    assert all(secrets.values())
    assert ear.heard["log"]
    for rows in (AuditEvent, RefusalTrace):
        for row in rows._default_manager.values():
            ear.hear(rows.__name__, str(row))
    return ear.found(secrets)


def look_as_admin(ear: Eavesdropper, acme: AcmeLogin) -> None:
    admin = WatchedClient(ear)
    log_in(admin, acme.olivia.user)
    IdPBrowser().complete_login(admin.get("/orgs/acme/sso/")["Location"], "olivia").deliver(admin)
    settings = f"/orgs/{acme.org.slug}/settings"
    references = RefusalTrace.objects.values_list("reference", flat=True)
    refused = [f"{settings}/sso/refusals/{reference}/" for reference in references]
    for path in [f"{settings}/sso/refusals/", f"{settings}/audit/", f"{settings}/sso/sessions/", *refused]:
        assert admin.get(path).status_code == 200


def test_signing_out_at_the_op_shows_the_id_token_to_it_alone(acme: AcmeLogin, ear: Eavesdropper) -> None:
    id_token = acme.tenant.id_tokens[-1]
    sid = SSOSession.objects.get().idp_session_id
    assert acme.client.get("/accounts/sso-sessions/").status_code == 200
    response = acme.client.post(reverse("sso:sign_out", args=[SSOSession.objects.get().pk]))
    (form,) = [
        form for form in html.fromstring(response.content).iter("form") if "data-auto-submit" in form.attrib
    ]
    fields = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    IdPBrowser().follow(form.get("action", ""), form=fields).deliver(acme.client)
    look_as_admin(ear, acme)

    secrets = {"ID token": id_token, "state": LogoutAttempt.objects.get().state, "sid": sid}
    assert found(ear, secrets) == {("ID token", "sso:sign_out page"), ("state", "sso:sign_out page")}
    rows = Eavesdropper()
    rows.hear("database", database_text())
    assert rows.found({"ID token": id_token, "sid": sid}) == set()


def test_no_logout_token_lets_anything_out(acme: AcmeLogin, ear: Eavesdropper) -> None:
    """The honest one comes last, and is then sent again."""
    change_revision(acme, signing_algorithms=["RS256"])
    (session,) = acme.tenant.sessions.values()
    client, browser = acme.tenant.clients[CLIENT_ID], WatchedClient(ear)
    url = reverse("sso:oidc_backchannel_logout", args=[acme.connection.uid])
    faults: list[set[LogoutTokenFault]] = [{fault} for fault in LogoutTokenFault]
    faults.remove({LogoutTokenFault.REPLAYED})
    tokens = [logout_token(acme.tenant, client, session, fault) for fault in [*faults, set()]]
    for token in [*tokens, tokens[-1]]:
        IdPAnswer(url, {"logout_token": token}).deliver(browser)
    assert not SSOSession.objects.exists()
    assert RefusalTrace.objects.count() == len(faults) + 1
    look_as_admin(ear, acme)

    secrets = {f"token {number}": token.partition(".")[2] for number, token in enumerate(tokens)}
    assert found(ear, secrets | {"sid": session.sid}) == set()
    rows = Eavesdropper()
    rows.hear("database", database_text())
    assert rows.found(secrets) == set()


@pytest.mark.parametrize("issuer", ["", "https://another.example"])
def test_no_logout_in_a_frame_lets_anything_out(acme: AcmeLogin, ear: Eavesdropper, issuer: str) -> None:
    sid = SSOSession.objects.get().idp_session_id
    url = reverse("sso:oidc_frontchannel_logout", args=[acme.connection.uid])
    for iss in (issuer, acme.tenant.issuer):
        WatchedClient(ear).get(url, {"iss": iss, "sid": sid})
    assert not SSOSession.objects.exists()
    look_as_admin(ear, acme)
    assert found(ear, {"sid": sid}) == set()
