"""A hand-over link: one connection's set-up for somebody without an account, and nothing more."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from hubsso.crypto import token_hash
from orgs import members
from orgs.models import AuditEvent, Membership
from orgs.roles import Role
from sso.connections import OIDCConfiguration
from sso.enforcing import recovery
from sso.models import Connection, HandOver, Revision
from sso.revisions.hand_overs import MAX_OPEN, MAX_SAVES, MAX_SAVES_SINCE_TOLD, find_hand_over, save_draft_by
from sso.settings_errors import HandOverGone, HandOverInRecovery, HandOverUsedUp, TooManyHandOvers
from tests.builders import give_recovery_codes, make_member
from tests.conftest import World, log_in, log_in_with_sso
from tests.demo_idp import Tenant
from tests.sso.settings.conftest import SECRET, AcmeSettings, draft_of

IDAS = {"client_id": "idas", "client_secret": "typed-by-ida"}
ONE_LINK = {"recipient": "me", "days": "14"}


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


# --- No longer than its maker's rights ---------------------------------------------------------------------


def demote(olivia: Membership, actor: User) -> None:
    members.change_role(membership=olivia, role=Role.READ, actor=actor)


def remove(olivia: Membership, actor: User) -> None:
    members.remove_member(membership=olivia, actor=actor)


def switch_off(olivia: Membership, actor: User) -> None:
    User.objects.filter(pk=olivia.user_id).update(is_active=False)


def delete_account(olivia: Membership, actor: User) -> None:
    olivia.user.delete()


@pytest.mark.parametrize("end", [demote, remove, switch_off, delete_account])
def test_link_ends_with_its_makers_rights(
    acme: AcmeSettings,
    oidc_draft: Connection,
    link: str,
    ida: Client,
    tenant: Tenant,
    end: Callable[[Membership, User], None],
) -> None:
    found = find_hand_over(link.split("/")[2], now=timezone.now())
    checked = ida.post(link, {"action": "check", **IDAS, "issuer": tenant.issuer})
    end(acme.olivia, acme.oscar.user)
    assert ida.get(link).status_code == 404
    assert ida.post(link, {"action": "save", **entered(checked)}).status_code == 404
    with pytest.raises(HandOverGone):
        save(found, timezone.now())
    assert oidc_draft.revisions.count() == 1
    log_in(acme.client, acme.oscar.user)
    assert "Withdrawn" in acme.page("hand_overs", oidc_draft.uid)


@pytest.mark.parametrize("end", [demote, remove])
def test_link_does_not_come_back_with_a_later_role(
    acme: AcmeSettings, link: str, ida: Client, end: Callable[[Membership, User], None]
) -> None:
    end(acme.olivia, acme.oscar.user)
    membership = Membership.objects.filter(user=acme.admin).first()
    if membership is None:
        make_member(acme.org, acme.admin, role=Role.ADMIN)
    else:
        members.change_role(membership=membership, role=Role.ADMIN, actor=acme.oscar.user)
    assert ida.get(link).status_code == 404


def test_recovery_session_makes_no_link_that_would_outlive_it(world: World, client: Client) -> None:
    browser = log_in(client, world.olivia.user)
    code = give_recovery_codes(world.olivia)[0]
    now = timezone.now()
    recovery.redeem(org=world.acme, user=world.olivia.user, code=code, browser_session=browser, now=now)
    response = client.post(reverse("sso:hand_overs", args=["acme", world.acme_idp.uid]), ONE_LINK)
    assert escape(HandOverInRecovery.message) in response.content.decode()
    assert not HandOver.objects.filter(connection=world.acme_idp, recipient="me").exists()


def test_admin_with_an_sso_session_makes_links_also_while_a_recovery_session_is_open(
    world: World, client: Client
) -> None:
    browser = log_in_with_sso(client, world.olivia)
    code = give_recovery_codes(world.olivia)[0]
    now = timezone.now()
    recovery.redeem(org=world.acme, user=world.olivia.user, code=code, browser_session=browser, now=now)
    client.post(reverse("sso:hand_overs", args=["acme", world.acme_idp.uid]), ONE_LINK)
    assert HandOver.objects.filter(connection=world.acme_idp, recipient="me").exists()


# --- No flood ----------------------------------------------------------------------------------------------


def save(hand_over: HandOver, now: datetime) -> None:
    configuration = OIDCConfiguration(issuer="https://idp.example.org", client_id="idas", client_secret="s")
    save_draft_by(hand_over, configuration=configuration, now=now, based_on=None)


@pytest.mark.django_db(transaction=True)
def test_admins_are_told_once_an_hour_and_saves_are_few(
    oidc_draft: Connection, link: str, acme: AcmeSettings
) -> None:
    found, start = find_hand_over(link.split("/")[2], now=timezone.now()), timezone.now()
    for number in range(MAX_SAVES_SINCE_TOLD):
        save(found, start + number * timedelta(minutes=5))
    assert len(mail.outbox) == 2  # to each admin one
    with pytest.raises(HandOverUsedUp):
        save(found, start + timedelta(minutes=59))
    for hour in range(1, 5):
        for _again in range(MAX_SAVES_SINCE_TOLD):
            save(found, start + timedelta(hours=hour))
        assert len(mail.outbox) == 2 + 2 * hour
    with pytest.raises(HandOverUsedUp):
        save(found, start + timedelta(hours=6))
    assert HandOver.objects.get().drafts_saved == MAX_SAVES
    assert len(mail.outbox) == 10


def test_link_that_saved_too_much_says_so(
    oidc_draft: Connection, link: str, ida: Client, tenant: Tenant
) -> None:
    HandOver.objects.update(drafts_saved=MAX_SAVES)
    checked = ida.post(link, {"action": "check", **IDAS, "issuer": tenant.issuer})
    refused = ida.post(link, {"action": "save", **entered(checked)})
    assert HandOverUsedUp.message in refused.content.decode()
    assert oidc_draft.revisions.count() == 1
