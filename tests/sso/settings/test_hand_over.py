"""A hand-over link: one connection's set-up for somebody without an account, and nothing more."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from hubsso.crypto import token_hash
from orgs.models import AuditEvent
from sso.hand_overs import MAX_OPEN, find_hand_over
from sso.models import Connection, HandOver, Revision
from sso.settings_errors import HandOverGone, TooManyHandOvers
from tests.demo_idp import Tenant
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of


def make_link(acme: AcmeSettings, connection: Connection, recipient: str = "Ida", days: int = 3) -> str:
    """The path of a link that Olivia made by the page."""
    response = acme.post("hand_overs", connection.uid, recipient=recipient, days=days)
    link: str = response.context["link"]
    assert link.startswith("http://testserver/hand-over/")
    return link.removeprefix("http://testserver")


@pytest.fixture
def link(acme: AcmeSettings, oidc_draft: Connection) -> str:
    return make_link(acme, oidc_draft)


@pytest.fixture
def ida() -> Client:
    """In a browser that nobody signed in with."""
    return Client()


def entered(response: Any) -> dict[str, str]:
    form = response.context["form"]
    return {name: value for name in form.fields if (value := form[name].value())}


def test_colleague_sees_the_guide_and_nothing_else_of_the_organisation(
    acme: AcmeSettings, oidc_draft: Connection, link: str, ida: Client
) -> None:
    page = ida.get(link).content.decode()
    assert "Set up single sign-on for Acme" in page
    assert f"http://testserver/sso/{oidc_draft.uid}/oidc/callback/" in page
    for hidden in (SECRET, "olivia", "Max", "/orgs/acme/", draft_of(oidc_draft).client_secret_sealed):
        assert hidden not in page
    assert "Leave it empty to keep the one that is stored." in page


@pytest.mark.django_db(transaction=True)
def test_colleague_saves_a_draft_and_the_admins_are_told(
    acme: AcmeSettings, oidc_draft: Connection, link: str, ida: Client, tenant: Tenant
) -> None:
    data = {"client_id": "idas", "client_secret": "typed-by-ida", "issuer": tenant.issuer}
    checked = ida.post(link, {"action": "check", **data})
    assert "This is what we understood" in checked.content.decode()
    assert "typed-by-ida" not in checked.content.decode()
    saved = ida.post(link, {"action": "save", **entered(checked)}, follow=True)

    assert "Draft 2 is saved, and the admins of Acme have been told." in saved.content.decode()
    draft = draft_of(oidc_draft)
    assert (draft.client_id, draft.client_secret, draft.created_by) == ("idas", "typed-by-ida", None)
    entry = AuditEvent.objects.get(event="org.settings.sso.draft")
    assert (entry.actor, entry.actor_label) == (None, "hand-over link for Ida")
    assert {message.to[0] for message in mail.outbox} == {"olivia@acme.example", "oscar@acme.example"}
    assert all("Ida" in message.body and "typed-by-ida" not in message.body for message in mail.outbox)
    assert "hand-over link for Ida" in acme.page("connection", oidc_draft.uid)
    listed = acme.page("hand_overs", oidc_draft.uid)
    assert "1 draft saved" in listed
    assert "last used" in listed


def test_stored_secret_goes_to_no_other_issuer_by_a_link(
    oidc_draft: Connection, link: str, ida: Client, tenant: Tenant
) -> None:
    data = {"client_id": "idas", "issuer": tenant.issuer}
    response = ida.post(link, {"action": "save", **data})
    assert "the stored one is only ever sent to the issuer it was given for" in response.content.decode()
    assert oidc_draft.revisions.count() == 1


def test_token_is_stored_as_a_hash_and_shown_once(
    acme: AcmeSettings, oidc_draft: Connection, link: str
) -> None:
    token = link.split("/")[2]
    assert HandOver.objects.get().token_hash == token_hash(token)
    assert token not in acme.page("hand_overs", oidc_draft.uid)
    assert token not in str(AuditEvent.objects.values_list("data", flat=True))
    assert acme.audit("org.settings.sso.hand_over")[0]["for"] == "Ida"


def test_address_is_kept_private(link: str, ida: Client, caplog: pytest.LogCaptureFixture) -> None:
    response = ida.get(link)
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    with caplog.at_level(logging.DEBUG):
        ida.put(link)  # refused, and Django says for which path
    assert "Method Not Allowed" in caplog.text
    assert link not in caplog.text


@pytest.mark.parametrize("why", ["unknown", "expired", "revoked"])
def test_link_that_is_no_longer_good_shows_nothing_and_saves_nothing(
    acme: AcmeSettings, oidc_draft: Connection, link: str, ida: Client, tenant: Tenant, why: str
) -> None:
    if why == "unknown":
        link = "/hand-over/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/"
    elif why == "expired":
        HandOver.objects.update(expires_at=timezone.now())
    else:
        uid = HandOver.objects.get().uid
        assert acme.post("hand_over_revoke", oidc_draft.uid, uid).status_code == 302
        assert acme.post("hand_over_revoke", oidc_draft.uid, uid).status_code == 302
        assert acme.audit("org.settings.sso.hand_over_revoke") == [{"connection": "Acme Login", "for": "Ida"}]
        assert "Withdrawn" in acme.page("hand_overs", oidc_draft.uid)
    data = {"action": "save", "client_id": "x", "client_secret": "y", "issuer": tenant.issuer}
    for response in (ida.get(link), ida.post(link, data)):
        assert response.status_code == 404
        assert "Acme" not in response.content.decode()
    assert oidc_draft.revisions.count() == 1


def test_links_work_side_by_side_until_they_expire(
    acme: AcmeSettings, oidc_draft: Connection, link: str, ida: Client
) -> None:
    second = make_link(acme, oidc_draft, recipient="Ivo", days=14)
    assert [ida.get(each).status_code for each in (link, second)] == [200, 200]
    lives = HandOver.objects.get(recipient="Ivo").expires_at - timezone.now()
    assert timedelta(days=13) < lives <= timedelta(days=14)
    with pytest.raises(HandOverGone):
        find_hand_over(link.split("/")[2], now=timezone.now() + timedelta(days=4))
    HandOver.objects.filter(recipient="Ida").update(expires_at=timezone.now())
    page = acme.page("hand_overs", oidc_draft.uid)
    assert "Ivo" in page
    assert "Ida" not in page


@pytest.mark.parametrize("days", ["0", "15", "365", ""])
def test_link_lives_for_a_fortnight_at_most(acme: AcmeSettings, oidc_draft: Connection, days: str) -> None:
    response = acme.post("hand_overs", oidc_draft.uid, recipient="Ida", days=days)
    assert response.context["form"].errors["days"]
    assert not HandOver.objects.exists()


def test_open_links_of_a_connection_are_few(acme: AcmeSettings, oidc_draft: Connection) -> None:
    for number in range(MAX_OPEN):
        make_link(acme, oidc_draft, recipient=f"Ida {number}")
    refused = acme.post("hand_overs", oidc_draft.uid, recipient="one more", days=3)
    assert TooManyHandOvers.message in refused.content.decode()


def test_link_neither_tests_nor_makes_live(oidc_draft: Connection, link: str, ida: Client) -> None:
    page = ida.get(link).content.decode()
    assert "Make live" not in page
    assert "Test this draft" not in page
    assert oidc_draft.revisions.get().status == Revision.Status.DRAFT
