"""`create_recovery ORG EMAIL`: a one-time code for an admin whose organisation is locked out."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from sso.enforcing import recovery
from sso.operating.named import account_named, org_named
from sso.settings_errors import NotAnAdmin


class Command(BaseCommand):
    help = (
        "Make a one-time recovery code. It opens the SSO settings of the organisation ORG to its admin EMAIL for "
        "one hour, and nothing else. The code is shown once and must be used within 24 hours."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", metavar="ORG", help="the organisation's slug")
        parser.add_argument("email", metavar="EMAIL", help="the e-mail address the admin signs in with")

    def handle(self, *args: Any, **options: Any) -> None:
        org, user = org_named(options["org"]), account_named(options["email"])
        try:
            grant, code = recovery.create_grant(org=org, user=user, now=timezone.now())
        except NotAnAdmin:
            raise CommandError(f"{user.email} is not an admin of {org.slug}.") from None
        self.stdout.write(f"Code:       {code}")
        self.stdout.write(f"Enter it at {settings.BASE_URL}{reverse('sso:recovery', args=[org.slug])}")
        self.stdout.write(f"Use before  {grant.redeem_until:%Y-%m-%d %H:%M} UTC, signed in as {user.email}")
