"""Every experiment of the demo IdP's failure lab, picked on its page: HubSSO answers what the page promises."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import AuditEvent
from orgs.roles import Role
from sso.models import LinkedIdentity, RefusalTrace, SSOSession
from sso.oidc import transport
from tests.builders import give_key_pair
from tests.demo_idp import DemoIdP, IdPAnswer, IdPBrowser, IdPPageError
from tests.demo_idp.experiments import AT_A_FIRST_LOGIN, Experiment
from tests.demo_idp.faults import (
    OIDC_LOGIN_FAULTS,
    SAML_LOGIN_FAULTS,
    TOKEN_FAULTS,
    USERINFO_FAULTS,
    OIDCFault,
    SAMLFault,
)
from tests.demo_idp.lab_oidc import OIDC_LAB
from tests.demo_idp.lab_saml import SAML_LAB
from tests.demo_idp.saml_encryption_faults import ENCRYPTION_FAULTS
from tests.demo_idp.saml_metadata import read_service_provider
from tests.fault_codes import NEED_SIGNED_USERINFO
from tests.sso.oidc.conftest import forget_idps, make_acme
from tests.sso.saml.conftest import GlobexLogin, make_globex, way_to_idp
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.whole_login import WholeLogin, change_revision

ENCRYPTED = "saml, encrypted"
MFA_CLASS = "https://refeds.org/profile/mfa"
ONLY_ENCRYPTED = ENCRYPTION_FAULTS.keys() - {SAMLFault.ENCRYPTED_FOR_ANOTHER}
ONLY_PLAIN = frozenset({SAMLFault.TAMPERED_AFTER_SIGNING})


def experiments(lab: Any, *, without: Any = ()) -> list[Experiment]:
    return [one for group in lab for one in group.experiments if one.fault not in without]


EXPERIMENTS = [
    *(("oidc", one) for one in experiments(OIDC_LAB)),
    *(("saml", one) for one in experiments(SAML_LAB, without=ONLY_ENCRYPTED)),
    *((ENCRYPTED, one) for one in experiments(SAML_LAB, without=ONLY_PLAIN)),
]
CONDITIONAL = [(protocol, one) for protocol, one in EXPERIMENTS if one.only == AT_A_FIRST_LOGIN]
Lab = Callable[[str], WholeLogin]


def named(value: object) -> str:
    return value.fault.value if isinstance(value, Experiment) else str(value)


@pytest.fixture
def lab(db: None, client: Client) -> Iterator[Lab]:
    """A member's first login by a protocol, at an organisation that has set everything an experiment may touch."""
    forget_idps()
    with DemoIdP() as idp:

        def make(protocol: str) -> WholeLogin:
            login = make_acme(idp, client) if protocol == "oidc" else make_globex(idp, client)
            connection = login.connection
            connection.email_domains = [f"{login.org.slug}.example"]
            connection.role_mapping_enabled, connection.role_attribute = True, "groups"
            connection.save()
            connection.role_rules.create(value="engineering", role=Role.WRITE)
            if protocol == ENCRYPTED:
                _let_encrypt(login)
            return login

        yield make
        for tenant in idp.tenants:
            tenant.release_hanging()
    forget_idps()


def _let_encrypt(login: WholeLogin) -> None:
    """The IdP reads our metadata, and encrypts from then on."""
    give_key_pair(login.connection, OUR_KEY)
    change_revision(login, want_encrypted=True)
    url = reverse("sso:saml_metadata", args=[login.connection.uid])
    login.tenant.add_service_provider(read_service_provider(Client().get(url).content))


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the OP hangs, it is given up on after a second instead of ten."""
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 1.0)


def sign_in(login: WholeLogin, experiment: Experiment | None = None) -> Any:
    """Through the lab's form; the answer to the last step in the member's browser."""
    value = str(experiment.fault.value) if experiment else ""
    url, form = way_to_idp(login.start())
    answer: IdPAnswer = IdPBrowser().complete_login(url, "max", form=form, experiment=value)
    if isinstance(login, GlobexLogin):
        return login.finish(login.post(answer))
    return answer.deliver(login.client)


def test_labs_offer_all_that_can_go_wrong_in_one_login() -> None:
    """Signed userinfo is what no client of the demo is registered for."""
    oidc, saml = ([one.fault for one in experiments(lab)] for lab in (OIDC_LAB, SAML_LAB))
    expected = (OIDC_LOGIN_FAULTS | TOKEN_FAULTS | USERINFO_FAULTS) - NEED_SIGNED_USERINFO
    assert sorted(oidc, key=str) == sorted(expected, key=str)
    assert sorted(saml, key=str) == sorted(SAML_LOGIN_FAULTS, key=str)


@pytest.mark.parametrize(("protocol", "experiment"), EXPERIMENTS, ids=named)
def test_experiment_is_answered_as_the_page_says(lab: Lab, protocol: str, experiment: Experiment) -> None:
    login = lab(protocol)
    if experiment.fault is SAMLFault.STALE_AUTHN:
        change_revision(login, force_authn=True)
    if experiment.fault is SAMLFault.OTHER_AUTHN_CONTEXT:
        change_revision(login, authn_context_classes=[MFA_CLASS])
    if experiment.fault is SAMLFault.REPLAY:
        sign_in(login)
        SSOSession.objects.all().delete()

    page = sign_in(login, experiment)

    assert login.refusals() == ([experiment.code] if experiment.code else [])
    assert login.can_read() is not bool(experiment.code)
    if experiment.code:
        assert RefusalTrace.objects.get(code=experiment.code).reference in page.text
    SSOSession.objects.all().delete()
    sign_in(login)  # an honest one: nothing stayed
    assert login.can_read()


@pytest.mark.parametrize(("protocol", "experiment"), CONDITIONAL, ids=named)
def test_member_who_is_linked_already_is_let_in(lab: Lab, protocol: str, experiment: Experiment) -> None:
    login = lab(protocol)
    sign_in(login)
    SSOSession.objects.all().delete()
    sign_in(login, experiment)
    assert login.refusals() == []
    assert login.can_read()
    assert LinkedIdentity.objects.count() == 1


@pytest.mark.parametrize(
    ("protocol", "fault"), [("oidc", OIDCFault.GROUPS_OVERAGE), ("saml", SAMLFault.GROUPS_OVERAGE)]
)
def test_too_many_groups_leave_the_role_and_are_told(lab: Lab, protocol: str, fault: Any) -> None:
    login = lab(protocol)
    sign_in(login, Experiment(fault, "", ""))
    login.max.refresh_from_db()
    assert login.max.role == Role.READ
    assert AuditEvent.objects.filter(org=login.org, event="org.sso_groups_incomplete").exists()


def test_nothing_is_replayed_before_something_was_said(lab: Lab) -> None:
    login = lab("saml")
    with pytest.raises(IdPPageError, match="replay"):
        sign_in(login, Experiment(SAMLFault.REPLAY, "", ""))


def test_failed_login_leaves_nobody_signed_in_at_the_idp(lab: Lab) -> None:
    """So that the next one shows the lab again."""
    login, browser = lab("oidc"), IdPBrowser()
    browser.complete_login(login.start()["Location"], "max", experiment="wrong_aud").deliver(login.client)
    with pytest.raises(IdPPageError, match="no way on"):
        browser.follow(login.start()["Location"])
