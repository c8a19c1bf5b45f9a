"""An OP that hangs keeps few threads, is then left alone, and its members are told at once. Others notice nothing."""

from contextlib import ExitStack

import pytest
from django.test import Client
from django.utils import timezone

from hubsso import net
from hubsso.net import patience
from sso.oidc import discovery
from tests.builders import make_connection, make_member, make_org
from tests.conftest import log_in
from tests.demo_idp import DemoIdP, TenantConfig
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.oidc.fake_op import FakeOP


def failed_in_a_row(issuer: str, url: str) -> None:
    """As if the URL had timed out three times."""
    for _ in range(patience.FAILURES_TO_OPEN):
        with pytest.raises(net.TimedOut), net.logins.asking(issuer, url):
            raise net.TimedOut("it hangs")


def test_member_is_told_at_once_and_when_to_come_back(acme: AcmeLogin) -> None:
    failed_in_a_row(acme.tenant.issuer, discovery.discovery_url(acme.tenant.issuer))

    response = acme.start()

    assert response.status_code == 502
    assert response["Retry-After"] == "15"
    assert acme.refusals() == ["discovery_unreachable"]
    assert acme.idp.requests.to("discovery") == []


def test_another_organisations_op_is_asked_meanwhile(acme: AcmeLogin, demo_idp: DemoIdP) -> None:
    failed_in_a_row(acme.tenant.issuer, discovery.discovery_url(acme.tenant.issuer))
    tenant = demo_idp.add_tenant(TenantConfig(slug="initech", protocols=("oidc",)))
    member = make_member(make_org("initech"))
    make_connection(member.org, issuer=tenant.issuer)
    browser = Client()
    log_in(browser, member.user)

    assert browser.get("/orgs/initech/sso/").status_code == 302


def test_metadata_that_names_anothers_endpoint_uses_up_none_of_its_patience() -> None:
    """Acme's OP says that its token endpoint is Globex's: who waits there waits for Acme's."""
    url = "https://globex-op.example/token"
    failed_in_a_row("https://acme-op.example", url)
    with net.logins.asking("https://globex-op.example", url):
        pass


def test_member_who_comes_while_as_many_wait_as_may_is_told_at_once(acme: AcmeLogin) -> None:
    with ExitStack() as waiting:
        for number in range(patience.MAX_WAITING):
            waiting.enter_context(net.logins.asking(acme.tenant.issuer, f"{acme.tenant.issuer}/{number}"))
        response = acme.start()
        assert response.status_code == 502
        assert response["Retry-After"] == "15"
        assert acme.idp.requests.to("discovery") == []
    assert acme.start().status_code == 302


def test_document_that_is_held_serves_while_the_op_is_left_alone() -> None:
    with FakeOP() as op:
        now = timezone.now()
        discovery.check_issuer(op.issuer, now=now)
        failed_in_a_row(op.issuer, discovery.discovery_url(op.issuer))
        later = now + discovery.FRESH_FOR * 2
        assert discovery.provider_metadata(op.issuer, now=later).issuer == op.issuer
        assert len(op.requests) == 1
