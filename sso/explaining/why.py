"""Why somebody was blocked or refused, under the reference they were shown: for themselves, and for their admins.

The member reads steps in plain words and what to do next, and nothing that the page of the refusal did not say of
the organisation. The admins read every check, or every step of the gate, and what the identity provider had said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orgs.access import Area
from sso.errors import SSOError
from sso.explaining.blocks import BLOCK_CODES, restored
from sso.explaining.causes import Cause, cause_of
from sso.explaining.decision_steps import NO, Question, Step
from sso.explaining.refusal_claims import KeptClaims, claims_of
from sso.models import RefusalTrace
from sso.protocols import adapter_for
from sso.revisions.login_checks import PORTAL_CHECKS, CheckStatus, LoginCheck, check_of, statuses
from sso.types import Reason
from sso.viewer import REASON_TEXTS

# The stations of a login as a person knows them.
_STATIONS: tuple[Promise, ...] = (
    _("The identity provider could be reached"),
    _("You signed in there and came back"),
    _("Its answer could be trusted"),
    _("What it says of you fits your account here"),
    _("You may enter"),
)
_REACHED, _CAME_BACK, _TRUSTED, _SAME_PERSON, _MAY_ENTER = range(5)
_PORTAL_STATIONS = {"link": _SAME_PERSON, "email": _SAME_PERSON, "member": _MAY_ENTER, "session": _MAY_ENTER}
# What the gate asks, put to the person. The other questions are the organisation's own affair.
_GATE_TEXTS: dict[Question, Promise] = {
    Question.MEMBER: _("You are a member"),
    Question.ENFORCEMENT: _("The organisation asks for single sign-on"),
    Question.CONNECTION: _("There is an identity provider to sign in with"),
    Question.SESSION: _("You are authenticated in this browser"),
}


_AREA_TEXTS: dict[str, Promise] = {
    Area.PUBLIC: _("A page that members see by their role"),
    Area.MEMBERS: _("A page for members"),
    Area.SETTINGS: _("The settings"),
    Area.SSO_SETTINGS: _("The single sign-on settings"),
}


@dataclass(frozen=True, slots=True)
class PlainStep:
    """One step for the person. `detail` says more where there is more to say."""

    text: str | Promise
    status: CheckStatus
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ForMember:
    """What the person reads."""

    is_block: bool
    message: str
    steps: tuple[PlainStep, ...]


@dataclass(frozen=True, slots=True)
class ForAdmins:
    """What the admins read: of a block `gate_steps` and what was `opened`, of a login the `checks` before the last."""

    is_block: bool
    cause: Cause
    checks: tuple[tuple[LoginCheck, CheckStatus], ...]
    gate_steps: tuple[Step, ...]
    opened: str | Promise
    claims: KeptClaims | None


def for_member(trace: RefusalTrace) -> ForMember:
    if trace.code in BLOCK_CODES:
        return ForMember(True, str(REASON_TEXTS[Reason(trace.code)]), _plain_gate_steps(trace))
    return ForMember(False, _user_message(trace.code), _stations(trace))


def for_admins(trace: RefusalTrace, *, with_claims: bool = True) -> ForAdmins:
    is_block = trace.code in BLOCK_CODES
    checks: Sequence[tuple[LoginCheck, CheckStatus]] = ()
    if _failed_check(trace) is not None:
        checks = statuses(_checks_of(trace), code=trace.code, fields=trace.fields)
    return ForAdmins(
        is_block=is_block,
        cause=cause_of(trace.code),
        checks=tuple(checks),
        gate_steps=tuple(restored(trace.steps)) if is_block else (),
        opened=_AREA_TEXTS.get(str(trace.fields.get("area")), "") if is_block else "",
        claims=claims_of(trace) if with_claims else None,
    )


def _plain_gate_steps(trace: RefusalTrace) -> tuple[PlainStep, ...]:
    return tuple(
        _plain_gate_step(step, trace.code) for step in restored(trace.steps) if step.question in _GATE_TEXTS
    )


def _plain_gate_step(step: Step, code: str) -> PlainStep:
    has_failed = {
        Question.SESSION: True,
        Question.CONNECTION: code == Reason.SSO_UNAVAILABLE,
    }.get(step.question, False)
    says_more = step.question is Question.SESSION and step.answer_text != str(NO)
    detail = step.answer_text if says_more else ""
    return PlainStep(
        _GATE_TEXTS[step.question], CheckStatus.FAILED if has_failed else CheckStatus.PASSED, detail
    )


def _stations(trace: RefusalTrace) -> tuple[PlainStep, ...]:
    """How far the login got. None where the refusal says nothing about that."""
    check = _failed_check(trace)
    if check is None:
        return ()
    failed_at = _station_of(check)
    return tuple(PlainStep(text, _status(number, failed_at)) for number, text in enumerate(_STATIONS))


def _status(number: int, failed_at: int) -> CheckStatus:
    if number < failed_at:
        return CheckStatus.PASSED
    return CheckStatus.FAILED if number == failed_at else CheckStatus.NOT_REACHED


def _station_of(check: LoginCheck) -> int:
    """A protocol's checks are about trust, but for reaching the IdP and for coming back."""
    if check.key in _PORTAL_STATIONS:
        return _PORTAL_STATIONS[check.key]
    if check.key.endswith("_reached"):
        return _REACHED
    return _CAME_BACK if check.key.endswith(("_answer", "_status")) else _TRUSTED


def _checks_of(trace: RefusalTrace) -> tuple[LoginCheck, ...]:
    if trace.connection is None:
        return ()
    return (*adapter_for(trace.connection.protocol).login_checks(), *PORTAL_CHECKS)


def _failed_check(trace: RefusalTrace) -> LoginCheck | None:
    return check_of(_checks_of(trace), code=trace.code, fields=trace.fields)


def _user_message(code: str) -> str:
    """What the refusal's page said. Both protocols say the same by one code; an unknown one says the general."""
    waiting: list[type[SSOError]] = [SSOError]
    while waiting:
        error = waiting.pop()
        if error.code == code and "code" in vars(error):
            return str(error.user_message)
        waiting += error.__subclasses__()
    return str(SSOError.user_message)
