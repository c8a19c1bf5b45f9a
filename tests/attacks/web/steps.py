"""A login cut into its steps, so that something can happen between any two of them, by either protocol."""

from collections.abc import Callable, Sequence
from typing import Any

from django.test import Client

from tests.demo_idp import IdPBrowser
from tests.sso.oidc.conftest import AcmeLogin
from tests.sso.saml.conftest import GlobexLogin

Login = AcmeLogin | GlobexLogin
Step = Callable[[Any], Any]


def steps_of(login: Login, subject: str = "max") -> Sequence[Step]:
    """Each step takes what the one before it gave; a refusal, which is a response of 400 and above, ends the walk."""
    if isinstance(login, AcmeLogin):
        return (
            lambda _: login.start(),
            lambda started: login_at_idp(login, started, subject),
            lambda answer: answer.deliver(login.client),
        )
    return (
        lambda _: login.start(),
        lambda started: login_at_idp(login, started, subject),
        lambda answer: answer.deliver(Client()),
        lambda posted: login.client.get(posted["Location"]),
    )


def login_at_idp(login: Login, started: Any, subject: str) -> Any:
    return IdPBrowser().complete_login(started["Location"], subject)


def walk(login: Login, *, happening: Callable[[], object], before_step: int) -> Any:
    """Go through the login while something happens just before one step. Returns the last response."""
    result: Any = None
    for number, step in enumerate(steps_of(login)):
        if number == before_step:
            happening()
        result = step(result)
        if getattr(result, "status_code", 0) >= 400:
            break
    return result
