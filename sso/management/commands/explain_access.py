"""`explain_access PERSON ORG`: why somebody is let in or kept out. The first thing to run when somebody is."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from sso.explaining.access_explorer import Exploration, NoSuchPlace, SupposedSession, explore, place_at
from sso.forms.explorer import PAGES
from sso.operating.named import ANONYMOUS, org_named, person_named
from sso.types import GateFacts


class Command(BaseCommand):
    help = (
        "Explain what PERSON gets of the organisation ORG: the facts that the gate knows, its decision with each step "
        "that led to it, and what comes of it. Asks the gate itself and changes nothing. Ends with 0 whether they "
        "get in or not, with 1 if the question can't be answered."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "person", metavar="PERSON", help=f"an account's e-mail address, or `{ANONYMOUS}` for a visitor"
        )
        parser.add_argument("org", metavar="ORG", help="the organisation's slug")
        parser.add_argument("--path", help="a page of the organisation; its overview unless told otherwise")
        parser.add_argument(
            "--session",
            choices=[supposed.value for supposed in SupposedSession],
            default=SupposedSession.NOW.value,
            help="suppose that they have authenticated (live), or have not (none); else as it is in the browser "
            "they authenticated in last (now)",
        )
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        org = org_named(options["org"])
        person = person_named(options["person"], org)
        try:
            place = place_at(options["path"] or org.get_absolute_url(), org=org)
        except NoSuchPlace as error:
            raise CommandError(str(error)) from None
        exploration = explore(
            org=org,
            person=person,
            place=place,
            supposes=SupposedSession(options["session"]),
            now=timezone.now(),
        )
        if options["json"]:
            self.stdout.write(json.dumps(_as_data(exploration), indent=2, default=str))
            return
        self._print(exploration, who=options["person"])
        if place.resource is None and place.url_name not in {known.url_name for known in PAGES.values()}:
            self.stdout.write("\nThe page itself may ask more of a role than is said here.")
        if person.is_deactivated:
            self.stdout.write("\nThe account is deactivated: it is nobody's until it is switched on again.")

    def _print(self, exploration: Exploration, *, who: str) -> None:
        decision = exploration.explanation.decision
        write = self.stdout.write
        write(f"{who} at {exploration.path} (area {exploration.area.value})")
        write("\nFacts")
        for name, value in _facts_in_words(exploration.facts):
            write(f"  {name}: {value}")
        write("\nSteps")
        for step in exploration.steps:
            write(f"  {step.question_text} {step.answer_text}")
        write(f"\nDecision: {decision.outcome.value} ({decision.reason.value}). {exploration.verdict}")
        write("\nWhat comes of it")
        for answer in exploration.answers:
            write(f"  {answer.channel.value}: {answer.text}")


def _facts_in_words(facts: GateFacts) -> list[tuple[str, str]]:
    member, session = facts.member, facts.sso_session
    words = [
        ("signed in", _yes(facts.is_authenticated)),
        ("member", f"yes, with the role {member.role.value}" if member else "no"),
        ("external collaborator", _yes(member is not None and member.is_external_collaborator)),
        ("single sign-on", facts.enforcement.value),
        ("a connection that is live", _yes(facts.has_live_connection)),
        ("SSO session", _time(session.expires_at) if session else "none"),
    ]
    if session:
        words += [
            ("its organisation's limit", _time(session.org_limit_at)),
            ("its revision is live", _yes(session.revision_is_live)),
        ]
    if facts.recovery_until:
        words.append(("recovery session", _time(facts.recovery_until)))
    return words


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _time(at: datetime) -> str:
    return f"until {at:%Y-%m-%d %H:%M} UTC"


def _as_data(exploration: Exploration) -> dict[str, Any]:
    decision = exploration.explanation.decision
    return {
        "path": exploration.path,
        "area": exploration.area.value,
        "facts": asdict(exploration.facts),
        "decision": {"outcome": decision.outcome.value, "reason": decision.reason.value},
        "steps": [{"question": step.question_text, "answer": step.answer_text} for step in exploration.steps],
        "answers": [asdict(answer) for answer in exploration.answers],
        "is_let_in": exploration.is_let_in,
    }
