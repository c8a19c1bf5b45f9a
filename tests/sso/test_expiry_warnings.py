"""Warnings before something expires: to every admin, each day of the list once, by the command and by the settings."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.cache import caches
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from orgs.roles import Role
from sso.expiring.expiry_warnings import due_warnings, look_once_a_day, send_due
from sso.models import Connection, ExpiryWarning, Revision
from sso.saml.certificates import read_pem
from sso.types import SSOProtocol
from tests.builders import make_connection, make_member, make_org, make_user
from tests.conftest import World, log_in, log_in_with_sso
from tests.sso.settings.certificates import make_certificate

DAY = timedelta(days=1)
CERTIFICATE = make_certificate(name="idp.acme.example", expires_in_days=100)
ENDS_AT = read_pem(CERTIFICATE).not_after


@pytest.fixture
def saml(db: None) -> Connection:
    org = make_org("acme", name="Acme")
    make_member(org, make_user("olivia@acme.example"), role=Role.ADMIN)
    make_member(org, make_user("oscar@acme.example", language="fr"), role=Role.ADMIN)
    make_member(org, make_user("gone@acme.example", is_active=False), role=Role.ADMIN)
    make_member(org, make_user("max@acme.example"))
    return make_connection(
        org,
        SSOProtocol.SAML,
        connection={"name": "Acme Login"},
        certificates=[CERTIFICATE],
    )


def sent(connection: Connection, *, days_before_the_end: float, capture: Any) -> list[str]:
    """The subjects of the mails that go out when it is looked so long before the end."""
    mail.outbox.clear()
    with capture(execute=True):
        send_due(connection.org, now=ENDS_AT - timedelta(days=days_before_the_end))
    return sorted(str(message.subject) for message in mail.outbox)


@pytest.mark.parametrize(
    ("days_before_the_end", "said"),
    [
        (60, "expires in 60 days"),
        (30, "expires in 30 days"),
        (14, "expires in 14 days"),
        (7, "expires in 7 days"),
        (1, "expires in 1 day"),
        (0.5, "expires within a day"),
        (-0.5, "has expired"),
        (-29, "has expired"),
    ],
)
def test_every_admin_is_warned_once_of_each_day_of_the_list(
    saml: Connection, django_capture_on_commit_callbacks: Any, days_before_the_end: float, said: str
) -> None:
    first = sent(saml, days_before_the_end=days_before_the_end, capture=django_capture_on_commit_callbacks)
    assert len(first) == 2
    assert f"Acme: The certificate of Acme Login {said}" in first
    assert any("certificat du raccordement Acme Login" in subject for subject in first)  # Oscar reads French
    assert {address for message in mail.outbox for address in message.to} == {
        "olivia@acme.example",
        "oscar@acme.example",
    }
    assert "idp.acme.example" in mail.outbox[0].body
    again = sent(
        saml, days_before_the_end=days_before_the_end - 0.3, capture=django_capture_on_commit_callbacks
    )
    assert again == []
    assert ExpiryWarning.objects.count() == 1


@pytest.mark.parametrize("days_before_the_end", [61, -31])
def test_nobody_is_warned_long_before_or_long_after(
    saml: Connection, django_capture_on_commit_callbacks: Any, days_before_the_end: float
) -> None:
    assert not sent(saml, days_before_the_end=days_before_the_end, capture=django_capture_on_commit_callbacks)
    assert not ExpiryWarning.objects.exists()


def test_days_that_passed_unseen_are_not_made_up_for(
    saml: Connection, django_capture_on_commit_callbacks: Any
) -> None:
    capture = django_capture_on_commit_callbacks
    assert len(sent(saml, days_before_the_end=10, capture=capture)) == 2
    assert sent(saml, days_before_the_end=8, capture=capture) == []
    assert len(sent(saml, days_before_the_end=6, capture=capture)) == 2
    assert sorted(ExpiryWarning.objects.values_list("days", flat=True)) == [7, 14]


def test_several_things_come_in_one_letter_the_most_urgent_first(
    saml: Connection, django_capture_on_commit_callbacks: Any
) -> None:
    Revision.objects.update(certificates=[make_certificate(expires_in_days=20)])
    now = timezone.now()  # later than the second in which the certificate was made
    make_connection(
        saml.org,
        client_secret="s",
        client_secret_expires_on=(now + 5 * DAY).date(),
        connection={"name": "Contractors"},
    )
    with django_capture_on_commit_callbacks(execute=True):
        warned = send_due(saml.org, now=now)
    assert [ending.connection.name for ending in warned] == ["Contractors", "Acme Login"]
    assert len(mail.outbox) == 2
    (letter,) = [message for message in mail.outbox if message.to == ["olivia@acme.example"]]
    assert letter.subject == "Acme: 2 certificates, keys or secrets expire"
    body = str(letter.body)
    assert body.index("The client secret of Contractors expires in 4 days") < body.index(
        "The certificate of Acme Login expires in 19 days"
    )
    assert "/orgs/acme/settings/sso/certificates/" in body


def test_the_command_says_what_it_does_and_repeats_nothing(saml: Connection) -> None:
    Revision.objects.update(certificates=[make_certificate(expires_in_days=20)])

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("send_expiry_warnings", *arguments, stdout=out)
        return out.getvalue().strip()

    said = "acme: The certificate of Acme Login expires in 19 days."
    assert run("--dry-run") == f"would warn {said}"
    assert not ExpiryWarning.objects.exists()
    assert run() == f"warned {said}"
    assert run() == ""
    Connection.objects.update(is_enabled=False)
    ExpiryWarning.objects.all().delete()
    assert run() == ""


# --- The settings ---------------------------------------------------------------------------------------


@pytest.fixture
def ending(world: World) -> World:
    """Acme's client secret ends in a few days."""
    revision = Revision.objects.get(connection=world.acme_idp)
    revision.client_secret_expires_on = (timezone.now() + 5 * DAY).date()
    revision.seal_client_secret("s")
    revision.save()
    return world


def test_an_admin_who_opens_the_settings_has_it_looked_up_once_a_day(client: Client, ending: World) -> None:
    log_in_with_sso(client, ending.olivia)
    client.get("/orgs/acme/")
    client.get("/orgs/acme/members/")
    assert not ExpiryWarning.objects.exists()
    client.get("/orgs/acme/settings/")
    assert ExpiryWarning.objects.count() == 1

    ExpiryWarning.objects.all().delete()
    client.get("/orgs/acme/settings/sso/")
    assert not ExpiryWarning.objects.exists()
    caches["throttle"].clear()
    client.get("/orgs/acme/settings/sso/")
    assert ExpiryWarning.objects.count() == 1


def test_nobody_who_may_not_see_the_settings_sets_it_off(client: Client, ending: World) -> None:
    log_in_with_sso(client, ending.max)
    assert client.get("/orgs/acme/settings/").status_code == 403
    log_in(client, ending.olivia.user)
    assert client.get("/orgs/acme/settings/").status_code == 403
    assert not ExpiryWarning.objects.exists()


def test_a_strip_on_the_settings_says_it_and_stands_on_no_other_page(client: Client, ending: World) -> None:
    log_in_with_sso(client, ending.olivia)
    said = "The client secret of Acme Login expires in 4 days."
    for path in ("/orgs/acme/settings/", "/orgs/acme/settings/sso/", "/orgs/acme/settings/audit/"):
        page = client.get(path).content.decode()
        assert said in page
        assert "alert-danger" in page
    for path in ("/orgs/acme/", "/orgs/acme/members/", "/"):
        assert "expires in" not in client.get(path).content.decode()
    Revision.objects.update(client_secret_expires_on=None)
    assert "expires in" not in client.get("/orgs/acme/settings/").content.decode()


def test_one_organisation_is_told_nothing_of_another(ending: World) -> None:
    globex_idp = make_connection(ending.globex)
    assert due_warnings(globex_idp.org, now=timezone.now()) == []
    look_once_a_day(ending.globex, now=timezone.now())
    assert not ExpiryWarning.objects.exists()
