"""The operator's recovery code: once, in time, for its admin, and for the SSO settings alone."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from orgs.roles import Role
from sso.enforcing import recovery
from sso.models import RecoveryGrant, RecoveryTry
from sso.settings_errors import NotAnAdmin, RecoveryCodeWrong, SettingsRefused, TooManyCodes
from sso.types import Enforcement
from tests.builders import make_connection, make_member, make_org, make_user, set_policy
from tests.conftest import log_in
from tests.parallel import in_parallel
from tests.sso.settings.conftest import AcmeSettings
from tests.sso.settings.recovering import redeem


@pytest.fixture
def locked_out(acme: AcmeSettings) -> AcmeSettings:
    """Acme enforces SSO, and nobody has a session."""
    set_policy(acme.org, Enforcement.ENFORCED)
    make_connection(acme.org)
    assert acme.get("settings").status_code == 403
    return acme


def new_code(acme: AcmeSettings, user: User | None = None) -> str:
    _, code = recovery.create_grant(org=acme.org, user=user or acme.admin, now=timezone.now())
    return code


def test_code_opens_the_sso_settings_and_no_content(locked_out: AcmeSettings) -> None:
    response = locked_out.post("recovery", code=new_code(locked_out))
    assert response["Location"] == locked_out.url("settings")
    assert locked_out.get("settings").status_code == 200
    assert locked_out.get("policy").status_code == 200
    for path in ("/orgs/acme/", "/orgs/acme/members/", "/orgs/acme/settings/", "/orgs/acme/settings/audit/"):
        assert locked_out.client.get(path).status_code == 403


def test_recovery_lets_an_admin_stop_enforcing(locked_out: AcmeSettings) -> None:
    locked_out.post("recovery", code=new_code(locked_out))
    locked_out.post("policy_off")
    assert locked_out.client.get("/orgs/acme/").status_code == 200


def test_recovery_is_recorded_and_announced_to_all_admins(
    locked_out: AcmeSettings, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's fixture
        locked_out.post("recovery", code=new_code(locked_out))
    assert len(locked_out.audit("org.sso_recovery")) == 1
    assert sorted(message.to[0] for message in mail.outbox) == ["olivia@acme.example", "oscar@acme.example"]


def test_code_works_once(locked_out: AcmeSettings) -> None:
    code = new_code(locked_out)
    redeem(locked_out, code)
    with pytest.raises(RecoveryCodeWrong):
        redeem(locked_out, code, browser_session="another-browser")


@pytest.mark.parametrize(
    "spelling", [str.lower, lambda code: f" {code} ", lambda code: code.replace("-", ""), str.upper]
)
def test_code_may_be_typed_carelessly(locked_out: AcmeSettings, spelling: object) -> None:
    redeem(locked_out, spelling(new_code(locked_out)))  # type: ignore[operator]


def test_code_must_be_used_within_a_day(locked_out: AcmeSettings) -> None:
    code = new_code(locked_out)
    with pytest.raises(RecoveryCodeWrong):
        redeem(locked_out, code, now=timezone.now() + timedelta(hours=24, seconds=1))


def test_recovery_ends_after_an_hour(locked_out: AcmeSettings) -> None:
    grant = redeem(locked_out, new_code(locked_out), now=timezone.now() - timedelta(hours=1))
    assert grant.expires_at is not None
    assert locked_out.get("settings").status_code == 403


def test_code_is_for_one_admin(locked_out: AcmeSettings) -> None:
    code = new_code(locked_out, locked_out.oscar.user)
    with pytest.raises(RecoveryCodeWrong):
        redeem(locked_out, code)


def test_code_is_for_one_organisation(locked_out: AcmeSettings) -> None:
    globex = make_org("globex")
    make_member(globex, locked_out.admin, role=Role.ADMIN)
    with pytest.raises(RecoveryCodeWrong):
        redeem(locked_out, new_code(locked_out), org=globex)


@pytest.mark.catalogue("WEB-GATE-BYPASS")
def test_recovery_holds_in_one_browser(locked_out: AcmeSettings) -> None:
    locked_out.post("recovery", code=new_code(locked_out))
    other = Client()
    log_in(other, locked_out.admin)
    assert other.get(locked_out.url("settings")).status_code == 403


def test_portal_logout_ends_recovery(locked_out: AcmeSettings) -> None:
    locked_out.post("recovery", code=new_code(locked_out))
    locked_out.client.logout()
    log_in(locked_out.client, locked_out.admin)
    assert locked_out.get("settings").status_code == 403


def test_former_admin_can_not_recover(locked_out: AcmeSettings) -> None:
    code = new_code(locked_out)
    locked_out.olivia.role = Role.WRITE
    locked_out.olivia.save()
    with pytest.raises(NotAnAdmin):
        redeem(locked_out, code)
    assert locked_out.get("recovery").status_code == 404


def test_demotion_ends_an_open_recovery(locked_out: AcmeSettings) -> None:
    locked_out.post("recovery", code=new_code(locked_out))
    locked_out.olivia.role = Role.WRITE
    locked_out.olivia.save()
    assert locked_out.get("settings").status_code == 403


def test_new_code_replaces_an_unused_one(locked_out: AcmeSettings) -> None:
    first = new_code(locked_out)
    second = new_code(locked_out)
    with pytest.raises(RecoveryCodeWrong):
        redeem(locked_out, first)
    redeem(locked_out, second)


def test_wrong_code_is_said_beside_the_field(locked_out: AcmeSettings) -> None:
    response = locked_out.post("recovery", code="ABCD-EFGH-JKMN-PQRS-TVWX")
    assert response.context["form"].errors["code"] == [RecoveryCodeWrong.message]


@pytest.mark.catalogue("WEB-GATE-BYPASS")
def test_guessing_is_throttled(locked_out: AcmeSettings) -> None:
    for _ in range(recovery.MAX_TRIES):
        with pytest.raises(RecoveryCodeWrong):
            redeem(locked_out, "WRONG")
    with pytest.raises(TooManyCodes):
        redeem(locked_out, new_code(locked_out))


def guess_wrong(acme: AcmeSettings, times: int) -> None:
    for _ in range(times):
        with pytest.raises(RecoveryCodeWrong):
            redeem(acme, "WRONG")


def test_throttle_holds_whatever_the_cache_forgets_and_ends_after_a_quarter_of_an_hour(
    locked_out: AcmeSettings,
) -> None:
    code = new_code(locked_out)
    guess_wrong(locked_out, recovery.MAX_TRIES)
    for minutes in (1, 6, 14):
        cache.clear()
        with pytest.raises(TooManyCodes):
            redeem(locked_out, code, now=timezone.now() + timedelta(minutes=minutes))
    redeem(locked_out, code, now=timezone.now() + timedelta(minutes=15))


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted(acme: AcmeSettings) -> None:
    def guess() -> type[Exception]:
        with pytest.raises(SettingsRefused) as refusal:
            redeem(acme, "WRONG")
        return refusal.type

    refusals = in_parallel(guess, times=2 * recovery.MAX_TRIES)
    assert refusals.count(RecoveryCodeWrong) <= recovery.MAX_TRIES
    with pytest.raises(TooManyCodes):
        guess_wrong(acme, recovery.MAX_TRIES + 1 - refusals.count(RecoveryCodeWrong))


def test_trying_on_while_throttled_keeps_no_rows(locked_out: AcmeSettings) -> None:
    guess_wrong(locked_out, recovery.MAX_TRIES)
    for _ in range(3):
        with pytest.raises(TooManyCodes):
            redeem(locked_out, "WRONG")
    assert RecoveryTry.objects.count() == recovery.MAX_TRIES


def test_another_admin_and_whoever_succeeded_may_try_again(locked_out: AcmeSettings) -> None:
    guess_wrong(locked_out, recovery.MAX_TRIES - 1)
    redeem(locked_out, new_code(locked_out))
    guess_wrong(locked_out, recovery.MAX_TRIES)
    redeem(locked_out, new_code(locked_out, locked_out.oscar.user), user=locked_out.oscar.user)


@pytest.mark.parametrize("person", ["max", "zoe"])
def test_page_is_for_admins_only(locked_out: AcmeSettings, person: str) -> None:
    user = locked_out.max.user if person == "max" else make_user("zoe@globex.example")
    client = Client()
    log_in(client, user)
    assert client.get(locked_out.url("recovery")).status_code == 404
    assert client.post(locked_out.url("recovery"), {"code": "x"}).status_code == 404


def test_code_is_stored_as_a_hash(locked_out: AcmeSettings) -> None:
    code = new_code(locked_out)
    grant = RecoveryGrant.objects.get()
    assert code not in str(vars(grant))
    assert len(grant.code_hash) == 64


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("create_recovery", *arguments, stdout=output)
    return output.getvalue()


def test_command_prints_code_and_address(locked_out: AcmeSettings) -> None:
    output = run("acme", "Olivia@Acme.example")
    match = re.search(r"Code: +(\S+)", output)
    assert match is not None
    assert "http://testserver/orgs/acme/sso/recovery/" in output
    assert locked_out.post("recovery", code=match[1]).status_code == 302


@pytest.mark.parametrize(
    ("org", "email", "message"),
    [
        ("nowhere", "olivia@acme.example", "no organisation nowhere"),
        ("acme", "nobody@acme.example", "no account nobody@acme.example"),
        ("acme", "max@acme.example", "not an admin of acme"),
    ],
)
def test_command_says_what_is_wrong(acme: AcmeSettings, org: str, email: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(org, email)
    assert not RecoveryGrant.objects.exists()
