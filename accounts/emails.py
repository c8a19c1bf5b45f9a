"""Which e-mail addresses an account has proven. The only module that reads allauth's `EmailAddress`."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models.functions import Lower

from accounts.models import User
from hubsso.domain_names import validate_email_domain


def verified_emails(user: User) -> frozenset[str]:
    """The account's verified addresses, in lower case."""
    addresses = EmailAddress.objects.filter(user_id=user.pk, verified=True)
    return frozenset(email.lower() for email in addresses.values_list("email", flat=True))


def verified_among(emails: Iterable[str]) -> frozenset[str]:
    """Those of the addresses that some account has proven, in lower case."""
    wanted = {email.lower() for email in emails}
    found = EmailAddress.objects.filter(verified=True).annotate(lower=Lower("email")).filter(lower__in=wanted)
    return (
        frozenset(email.lower() for email in found.values_list("email", flat=True)) if wanted else frozenset()
    )


def account_of(email: str) -> int | None:
    """The account that has proven the address, by its primary key."""
    verified = EmailAddress.objects.filter(email__iexact=email, verified=True)
    user_id: int | None = verified.values_list("user_id", flat=True).first()
    return user_id


@transaction.atomic
def add_verified_email(*, user: User, email: str, primary: bool = False) -> None:
    """Record an address as proven without a mail: for accounts made by an operator, the demo or a test.

    Raises ValidationError.
    """
    validate_email_domain(email)
    address, _ = EmailAddress.objects.update_or_create(
        user=user, email=email.lower(), defaults={"verified": True}
    )
    if primary:
        address.set_as_primary()


@transaction.atomic
def release_unverified_claims(*, email: str, verified_user_id: int) -> None:
    """Take an address, now proven by one account, from every account that only claimed it.

    Otherwise a sign-up that nobody ever confirmed would keep the address's owner from making it primary. The
    claiming account keeps another proven address, or gets one that no mail reaches (`.invalid`, RFC 2606).
    """
    EmailAddress.objects.filter(email__iexact=email, verified=False).exclude(
        user_id=verified_user_id
    ).delete()
    for claimant in User.objects.filter(email__iexact=email).exclude(pk=verified_user_id):
        proven = EmailAddress.objects.filter(user=claimant, verified=True).order_by("pk").first()
        claimant.email = proven.email if proven else f"account-{claimant.pk}@unverified.invalid"
        claimant.save(update_fields=["email"])
        if proven:
            proven.set_as_primary()
