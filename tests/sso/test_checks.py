"""The portal does not start without its gate, nor in production with the demo's freedoms."""

import pytest
from django.conf import settings as project
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from sso.checks import AFTER, GATE


def errors(*, deploy: bool = False) -> list[str]:
    """The ids of our own errors, in the order of `manage.py check`."""
    found = run_checks(include_deployment_checks=deploy)
    return [str(message.id) for message in found if str(message.id).startswith("sso.")]


def middleware(*, without: str = "", last: str = "") -> list[str]:
    names = [name for name in project.MIDDLEWARE if name not in (without, last)]
    return [*names, last] if last else names


def test_gate_is_where_it_belongs() -> None:
    assert errors() == []


def test_portal_without_its_gate_does_not_start(settings: Settings) -> None:
    settings.MIDDLEWARE = middleware(without=GATE)
    assert errors() == ["sso.E001"]
    with pytest.raises(SystemCheckError, match="nothing is gated"):
        call_command("check")


@pytest.mark.parametrize("needed", AFTER)
def test_gate_comes_after_what_it_relies_on(settings: Settings, needed: str) -> None:
    settings.MIDDLEWARE = middleware(last=needed)
    assert errors() == ["sso.E002"]
    settings.MIDDLEWARE = middleware(without=needed)
    assert errors() == ["sso.E002"]


@pytest.mark.parametrize(
    ("is_demo", "allows_http", "expected"),
    [(True, False, ["sso.E003"]), (False, True, ["sso.E003"]), (False, False, [])],
)
def test_freedoms_of_the_demo_are_refused_in_production_only(
    settings: Settings, is_demo: bool, allows_http: bool, expected: list[str]
) -> None:
    settings.DEMO, settings.EGRESS_ALLOW_HTTP_LOOPBACK = is_demo, allows_http
    assert errors(deploy=True) == expected
    assert errors() == []
