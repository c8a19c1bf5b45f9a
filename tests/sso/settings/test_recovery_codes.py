"""An admin's own recovery codes: shown once, good once each, for their admin alone, and worth nothing afterwards."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import User
from orgs import members
from orgs.roles import Role
from sso.enforcing import recovery, recovery_codes
from sso.models import RecoveryCode, RecoveryCodeSet, RecoveryGrant
from sso.settings_errors import (
    NotAnAdmin,
    RecoveryCodesReplaced,
    RecoveryCodeWrong,
    SettingsRefused,
    TooManyCodes,
)
from sso.types import Enforcement
from tests.builders import make_connection, make_member, make_org, set_policy
from tests.conftest import log_in
from tests.parallel import in_parallel
from tests.sso.settings.conftest import AcmeSettings
from tests.sso.settings.recovering import redeem

CODE = re.compile(r"(?:[2-9A-HJKMNP-Z]{4}-){4}[2-9A-HJKMNP-Z]{4}")


def make(acme: AcmeSettings, user: User | None = None) -> list[str]:
    return recovery_codes.make_codes(org=acme.org, user=user or acme.admin, now=timezone.now())


@pytest.fixture
def locked_out(acme: AcmeSettings) -> AcmeSettings:
    set_policy(acme.org, Enforcement.ENFORCED)
    make_connection(acme.org)
    return acme


def left(acme: AcmeSettings) -> int:
    return recovery_codes.codes_of(org=acme.org, user=acme.admin).left


def test_ten_codes_are_made_and_stored_as_hashes(acme: AcmeSettings) -> None:
    codes = make(acme)
    assert len(set(codes)) == 10
    assert all(CODE.fullmatch(code) for code in codes)
    stored = [str(vars(code)) for code in RecoveryCode.objects.all()]
    assert not [code for code in codes if code in str(stored) or code.replace("-", "") in str(stored)]
    assert acme.audit("org.sso_recovery_codes") == [{"codes": 10, "replaced": False}]


def test_each_code_opens_the_sso_settings_once(locked_out: AcmeSettings) -> None:
    first, second, *_ = make(locked_out)
    assert redeem(locked_out, first).source == RecoveryGrant.Source.OWN_CODE
    assert locked_out.get("settings").status_code == 200
    assert locked_out.client.get("/orgs/acme/").status_code == 403
    with pytest.raises(RecoveryCodeWrong):
        redeem(locked_out, first, browser_session="another-browser")
    redeem(locked_out, second, browser_session="another-browser")
    assert left(locked_out) == 8


def test_session_by_a_code_ends_after_an_hour(locked_out: AcmeSettings) -> None:
    redeem(locked_out, make(locked_out)[0], now=timezone.now() - timedelta(hours=1))
    assert locked_out.get("settings").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_browsers_with_one_code_one_gets_in(acme: AcmeSettings) -> None:
    code = make(acme)[0]

    def try_it() -> bool:
        try:
            redeem(acme, code)
        except SettingsRefused:
            return False
        return True

    assert in_parallel(try_it, times=4).count(True) == 1
    assert RecoveryGrant.objects.count() == 1


def test_new_codes_replace_the_old_ones(acme: AcmeSettings) -> None:
    old = make(acme)[0]
    new = make(acme)[0]
    with pytest.raises(RecoveryCodeWrong):
        redeem(acme, old)
    redeem(acme, new)


def test_codes_of_another_admin_or_organisation_are_worth_nothing(acme: AcmeSettings) -> None:
    globex = make_org("globex")
    make_member(globex, acme.admin, role=Role.ADMIN)
    elsewhere = recovery_codes.make_codes(org=globex, user=acme.admin, now=timezone.now())
    for code in (make(acme, acme.oscar.user)[0], elsewhere[0]):
        with pytest.raises(RecoveryCodeWrong):
            redeem(acme, code)


def test_codes_of_a_former_admin_are_worth_nothing(acme: AcmeSettings) -> None:
    code = make(acme)[0]
    acme.olivia.role = Role.WRITE
    acme.olivia.save()
    with pytest.raises(NotAnAdmin):
        redeem(acme, code)


def test_losing_the_membership_deletes_the_codes_and_ends_the_session(acme: AcmeSettings) -> None:
    code, used, *_ = make(acme)
    redeem(acme, used)
    members.remove_member(membership=acme.olivia, actor=acme.oscar.user)
    assert not RecoveryCodeSet.objects.exists()
    assert not RecoveryGrant.objects.exists()
    make_member(acme.org, acme.admin, role=Role.ADMIN)
    with pytest.raises(RecoveryCodeWrong):
        redeem(acme, code)


def test_only_admins_make_codes(acme: AcmeSettings) -> None:
    with pytest.raises(NotAnAdmin):
        make(acme, acme.max.user)


def test_wrong_codes_are_throttled_as_the_operators_are(acme: AcmeSettings) -> None:
    for _ in range(recovery.MAX_TRIES):
        with pytest.raises(RecoveryCodeWrong):
            redeem(acme, "WRONG")
    with pytest.raises(TooManyCodes):
        redeem(acme, make(acme)[0])


def test_saying_so_marks_these_codes_and_no_others(acme: AcmeSettings) -> None:
    make(acme)
    stamp = recovery_codes.stamp(recovery_codes.codes_of(org=acme.org, user=acme.admin))
    make(acme)
    with pytest.raises(RecoveryCodesReplaced):
        recovery_codes.mark_saved(org=acme.org, user=acme.admin, based_on=stamp, now=timezone.now())
    assert not recovery_codes.codes_of(org=acme.org, user=acme.admin).are_ready


def test_use_is_announced_to_all_admins_with_its_source(
    locked_out: AcmeSettings, django_capture_on_commit_callbacks: object
) -> None:
    code = make(locked_out)[0]
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's fixture
        locked_out.post("recovery", code=code)
    assert sorted(message.to[0] for message in mail.outbox) == ["olivia@acme.example", "oscar@acme.example"]
    assert "one of their own recovery codes" in str(mail.outbox[0].body)
    assert code not in str(mail.outbox[0].body)
    assert [entry["source"] for entry in locked_out.audit("org.sso_recovery")] == ["own_code"]


# --- The pages -----------------------------------------------------------------------------------------


def made_by_page(acme: AcmeSettings) -> tuple[list[str], str]:
    """The codes that the page shows, and its text."""
    based_on = acme.get("recovery_codes_make").context["form"]["based_on"].value()
    response = acme.post("recovery_codes_make", based_on=based_on)
    assert response.status_code == 200
    text = response.content.decode()
    shown = re.search(r'id="new-codes"[^>]*>(.+?)</pre>', text, re.DOTALL)
    assert shown is not None
    return shown[1].split(), text


def test_codes_are_shown_once_with_a_file_to_download(acme: AcmeSettings) -> None:
    codes, text = made_by_page(acme)
    assert len(codes) == 10
    file = re.search(r'href="data:text/plain;charset=utf-8,([^"]+)"', text)
    assert file is not None
    assert all(code in file[1] for code in codes)
    assert not CODE.search(acme.page("recovery_codes"))


def test_tick_makes_them_ready(acme: AcmeSettings) -> None:
    made_by_page(acme)
    stamp = acme.get("recovery_codes").context["form"]["based_on"].value()
    acme.post("recovery_codes_saved", based_on=stamp)
    assert not recovery_codes.codes_of(org=acme.org, user=acme.admin).are_ready
    acme.post("recovery_codes_saved", based_on=stamp, is_saved="on")
    assert recovery_codes.codes_of(org=acme.org, user=acme.admin).are_ready
    assert "10 of 10 left" in acme.page("recovery_codes")


def test_sending_the_form_again_keeps_the_codes_that_were_shown(acme: AcmeSettings) -> None:
    based_on = acme.get("recovery_codes_make").context["form"]["based_on"].value()
    acme.post("recovery_codes_make", based_on=based_on)
    made_at = RecoveryCodeSet.objects.get().made_at
    assert acme.post("recovery_codes_make", based_on=based_on).status_code == 302
    assert acme.post("recovery_codes_make").status_code == 302
    assert RecoveryCodeSet.objects.get().made_at == made_at


def test_recovery_session_is_shown_and_can_be_ended(locked_out: AcmeSettings) -> None:
    locked_out.post("recovery", code=make(locked_out)[0])
    assert 'class="recovery-strip"' in locked_out.page("settings")
    assert "Go to the SSO settings" in locked_out.page("recovery")
    locked_out.post("recovery_end")
    assert locked_out.get("settings").status_code == 403
    assert locked_out.audit("org.sso_recovery_end") == [{}]


def test_block_page_links_admins_alone_to_recovery(locked_out: AcmeSettings) -> None:
    assert locked_out.url("recovery") in locked_out.get("settings").content.decode()
    client = Client()
    log_in(client, locked_out.max.user)
    assert locked_out.url("recovery") not in client.get("/orgs/acme/").content.decode()
