"""`apply FILE`: bring about what a file says of organisations and their connections."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sso.declared.applying import apply, rehearse
from sso.declared.plan import plan_for
from sso.declared.reader import DeclarationRefused
from sso.declared.steps import Plan
from sso.declared.wanted import read_wanted

DIFFERS = 2


class Command(BaseCommand):
    help = (
        "Bring about what the YAML file FILE says of organisations and their connections. Shows what differs and asks "
        "first. What the file does not name stays as it is; nothing is deleted. Secrets are named by env:NAME or "
        "file:/path, and never shown. Every rule of the pages holds: a draft goes live only after an admin has tested "
        "it, and only an admin can enforce; what waits for them is said. All or nothing. Ends with 0 if the file is "
        "true now, but for what waits; with 1 if it is refused; with --check, 2 if something differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="such as portal.yaml; see deploy/portal.example.yaml"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--check", action="store_true", help="only show what differs, and end with 2 if it does"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            plan = plan_for(read_wanted(path.read_bytes()), now=timezone.now())
            self._print(plan)
            rehearse(plan)
            if options["check"] and plan.steps:
                raise CommandError("The portal differs from the file.", returncode=DIFFERS)
            if plan.steps and not options["check"]:
                self._confirm(is_sure=options["yes"])
                apply(plan)
                self.stdout.write("Applied.")
        except OSError as error:
            raise CommandError(f"{path} can't be read: {error.strerror}.") from None
        except DeclarationRefused as error:
            raise CommandError(f"{path}, {error}") from None

    def _print(self, plan: Plan) -> None:
        for step in plan.steps:
            for change in step.changes:
                self.stdout.write(f"{'~' if change.before else '+'} {change}")
        for text in plan.waiting:
            self.stdout.write(f"waits: {text}")
        if not plan.steps:
            self.stdout.write("Nothing differs.")

    def _confirm(self, *, is_sure: bool) -> None:
        if is_sure:
            return
        try:
            answer = input("Apply? [y/N] ")
        except EOFError:
            raise CommandError("Nobody answers: nothing was changed. Say --yes.") from None
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was changed.")
