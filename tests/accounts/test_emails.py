"""Which addresses count as an account's own, and what happens to those that were only claimed."""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.emails import add_verified_email, release_unverified_claims, verified_emails
from accounts.models import User
from tests.builders import make_user


def test_only_verified_addresses_count_and_in_lower_case(db: None) -> None:
    olivia = make_user("olivia@acme.example")
    add_verified_email(user=olivia, email="Olivia@Home.Example")
    EmailAddress.objects.create(user=olivia, email="claimed@acme.example", verified=False)
    assert verified_emails(olivia) == {"olivia@acme.example", "olivia@home.example"}


def test_address_of_the_user_model_alone_is_not_verified(db: None) -> None:
    assert verified_emails(make_user("max@acme.example", verified=False)) == frozenset()


def test_owner_of_an_address_can_make_it_primary_though_a_stranger_signed_up_with_it(
    client: Client, db: None
) -> None:
    squatter = make_user("olivia@home.example", verified=False)
    EmailAddress.objects.create(user=squatter, email="olivia@home.example", primary=True)
    olivia = make_user("olivia@acme.example")
    address = EmailAddress.objects.create(user=olivia, email="olivia@home.example")
    client.force_login(olivia)

    client.post(f"/accounts/confirm-email/{EmailConfirmationHMAC.create(address).key}/")
    address.refresh_from_db()
    address.set_as_primary()

    olivia.refresh_from_db()
    squatter.refresh_from_db()
    assert olivia.email == "olivia@home.example"
    assert verified_emails(olivia) == {"olivia@acme.example", "olivia@home.example"}
    assert squatter.email.endswith("@unverified.invalid")


def test_released_claim_falls_back_to_a_proven_address(db: None) -> None:
    olivia = make_user("olivia@acme.example")
    other = make_user("olivia@home.example", verified=False)
    EmailAddress.objects.create(user=other, email="olivia@home.example", primary=True)
    add_verified_email(user=other, email="other@home.example")

    release_unverified_claims(email="olivia@home.example", verified_user_id=olivia.pk)

    other.refresh_from_db()
    assert other.email == "other@home.example"
    assert EmailAddress.objects.get_primary(other).email == "other@home.example"


# Mails to it go to strasse.de; DNS knows it as xn--strae-oqa.de.
AMBIGUOUS = "eve@straße.de"


def test_address_that_mail_and_dns_read_differently_is_refused_at_sign_up(client: Client, db: None) -> None:
    data = {"name": "Eve", "email": AMBIGUOUS, "password1": "correct-horse-battery-9"}
    response = client.post("/accounts/signup/", data)
    assert "in its ASCII form" in response.content.decode()
    assert (User.objects.count(), mail.outbox) == (0, [])


def test_address_that_mail_and_dns_read_differently_can_t_be_added(client: Client, db: None) -> None:
    client.force_login(make_user("eve@acme.example"))
    response = client.post("/accounts/email/", {"action_add": "", "email": AMBIGUOUS})
    assert "in its ASCII form" in response.content.decode()
    assert (EmailAddress.objects.filter(email=AMBIGUOUS).count(), mail.outbox) == (0, [])


def test_operator_gives_nobody_an_address_that_mail_and_dns_read_differently(db: None) -> None:
    with pytest.raises(CommandError, match="in its ASCII form"):
        call_command("createsuperuser", interactive=False, email=AMBIGUOUS, name="Eve")
    with pytest.raises(ValidationError):
        User(name="Eve", email=AMBIGUOUS).clean_fields(exclude=["password"])
    with pytest.raises(ValidationError):
        add_verified_email(user=make_user("eve@acme.example"), email=AMBIGUOUS)
