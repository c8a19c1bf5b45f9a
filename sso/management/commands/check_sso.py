"""`check_sso ORG`: a check-up of an organisation's single sign-on."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orgs.models import Organization
from sso.models import Connection
from sso.operating.check_up import check_up
from sso.operating.findings import Finding, Verdict
from sso.operating.named import org_named


class Command(BaseCommand):
    help = (
        "Look at everything that logins of the organisation ORG depend on: whether each identity provider answers and "
        "is who it was, its keys, the dates of certificates and secrets, whether what is sealed opens, addresses, "
        "enforcement, recovery codes and domains. Asks the identity providers and changes nothing. Prints a line a "
        "finding: pass, warn or fail. Ends with 1 if anything fails; warnings alone end with 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("org", metavar="ORG", help="the organisation's slug")
        parser.add_argument(
            "--connection",
            action="append",
            metavar="NAME",
            help="only this connection, by its name or its uid; can be given several times",
        )
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        org = org_named(options["org"])
        named = options["connection"]
        connections = [_connection(org, name) for name in named] if named else None
        findings = []
        for finding in check_up(org, connections=connections, now=timezone.now()):
            findings.append(finding)
            if not options["json"]:
                self._print(finding)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2))
        failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
        if failed:
            raise CommandError(f"{failed} of {len(findings)} checks failed.")

    def _print(self, finding: Finding) -> None:
        styles = {
            Verdict.PASS: self.style.SUCCESS,
            Verdict.WARN: self.style.WARNING,
            Verdict.FAIL: self.style.ERROR,
        }
        about = f"{finding.about}: " if finding.about else ""
        verdict = styles[finding.verdict](finding.verdict.value)
        self.stdout.write(f"{verdict}  {about}{finding.title}: {finding.detail}")


def _connection(org: Organization, name: str) -> Connection:
    for connection in Connection.objects.filter(org=org):
        if name in (connection.name, str(connection.uid)):
            return connection
    raise CommandError(f"{org.slug} has no connection {name}.")
