"""Taking the steps of a plan: all of them or none."""

from django.db import transaction

from orgs import audit
from orgs.errors import OrgError
from sso.declared import OPERATOR
from sso.declared.reader import DeclarationRefused
from sso.declared.steps import Plan
from sso.settings_errors import StaleForm


@transaction.atomic
def apply(plan: Plan) -> None:
    """Bring about what the plan says. Raises DeclarationRefused, and then nothing has changed."""
    with audit.recorded_as(OPERATOR):
        for step in plan.steps:
            try:
                step.run()
            except StaleForm:
                raise DeclarationRefused(
                    "Somebody else changed this meanwhile. Apply again.", line=step.line
                ) from None
            except OrgError as error:
                place = step.changes[0].place
                raise DeclarationRefused(f"{place}: {error.message} ({error.code})", line=step.line) from None


@transaction.atomic
def rehearse(plan: Plan) -> None:
    """Take the steps and take them back, so that a rule that refuses one is met before anybody says yes."""
    apply(plan)
    transaction.set_rollback(True)
