"""Whom and what an operator names on the command line."""

from django.core.management.base import CommandError

from accounts.emails import account_of
from accounts.models import User
from orgs.models import Membership, Organization
from orgs.organisations import current_slug
from sso.explaining.access_explorer import Person

ANONYMOUS = "anonymous"


def org_named(slug: str) -> Organization:
    """Raises CommandError, which names the new slug of an organisation that was renamed."""
    org = Organization.objects.filter(slug=slug).first()
    if org is not None:
        return org
    renamed = current_slug(slug)
    raise CommandError(
        f"There is no organisation {slug}." + (f" It is called {renamed} now." if renamed else "")
    )


def proven_account(email: str) -> User | None:
    """By an address that it has proven: anybody may sign up with somebody else's, and wait."""
    user_id = account_of(email)
    return None if user_id is None else User.objects.filter(pk=user_id).first()


def find_account(email: str) -> User | None:
    """By an address that it has proven, else by the one that it was made with: to look at, not to give rights to."""
    return proven_account(email) or User.objects.filter(email__iexact=email).first()


def account_named(email: str) -> User:
    """Raises CommandError."""
    user = find_account(email)
    if user is None:
        raise CommandError(f"There is no account {email}.")
    return user


def person_named(email: str, org: Organization) -> Person:
    """Somebody as the gate sees them; `anonymous` is a visitor who is not signed in. Raises CommandError."""
    if email == ANONYMOUS:
        return Person()
    membership = Membership.objects.select_related("user").filter(org=org, user=account_named(email)).first()
    return Person(membership, is_signed_in=True)
