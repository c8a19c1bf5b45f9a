"""One answer of the OP, brought several times: at once, later, and from a tab that was left open."""

from http import HTTPStatus
from threading import Barrier

import pytest
from django.conf import settings
from django.test import Client

from sso.models import LinkedIdentity, LoginAttempt, SSOSession
from tests.demo_idp import DemoIdP, IdPBrowser, OIDCFault
from tests.parallel import in_parallel
from tests.sso.oidc.conftest import AcmeLogin, make_acme


@pytest.mark.catalogue("WEB-CODE-REPLAY", "WEB-RACES")
@pytest.mark.django_db(transaction=True)
def test_callback_called_twice_in_parallel_lets_in_once(demo_idp: DemoIdP, client: Client) -> None:
    """The OP keeps the first of the three waiting for its tokens until the others have come and gone."""
    acme = make_acme(demo_idp, client)
    answer = acme.go_to_idp()
    cookie = acme.client.cookies[settings.SESSION_COOKIE_NAME].value
    acme.tenant.next_fault(OIDCFault.HANG_TOKEN)
    losers = Barrier(2, action=acme.tenant.release_hanging)

    def deliver() -> tuple[int, Client]:
        twin = Client()
        twin.cookies[settings.SESSION_COOKIE_NAME] = cookie
        status = answer.deliver(twin).status_code
        if status != HTTPStatus.FOUND:
            losers.wait(timeout=10)
        return status, twin

    results = in_parallel(deliver, times=3)

    assert sorted(status for status, _ in results) == [302, 400, 400]
    assert acme.refusals() == ["attempt_used", "attempt_used"]
    (winner,) = [twin for status, twin in results if status == HTTPStatus.FOUND]
    assert acme.can_read(winner)
    assert SSOSession.objects.count() == LinkedIdentity.objects.count() == 1
    assert len(demo_idp.requests.to("token")) == 1


def test_login_from_an_older_tab_still_passes(acme: AcmeLogin) -> None:
    """Two tabs were sent to the OP; the newer one is finished first."""
    older, newer = acme.start()["Location"], acme.start()["Location"]
    for location in (newer, older):
        response = IdPBrowser().complete_login(location, "max").deliver(acme.client)
        assert response["Location"] == acme.page_path
    assert SSOSession.objects.count() == 1
    assert not LoginAttempt.objects.filter(answered_at=None).exists()
