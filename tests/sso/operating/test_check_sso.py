"""`check_sso ORG`: what is well passes, what is not is named, and one failure is enough for exit code 1."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from orgs.models import Domain
from sso.models import Connection
from sso.types import SSOProtocol
from tests.builders import give_recovery_codes, make_connection
from tests.conftest import World
from tests.sso.oidc.conftest import CLIENT_SECRET, AcmeLogin
from tests.sso.saml.conftest import GlobexLogin
from tests.sso.whole_login import change_revision


def check(*arguments: str) -> dict[str, tuple[str, str]]:
    """Title -> verdict and detail of its last finding."""
    output = StringIO()
    try:
        call_command("check_sso", *arguments, "--json", stdout=output)
    except CommandError as error:
        assert "failed" in str(error)  # noqa: PT017 - which findings there are is what tests look at
    found: list[dict[str, Any]] = json.loads(output.getvalue())
    return {finding["title"]: (finding["verdict"], finding["detail"]) for finding in found}


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("check_sso", *arguments, stdout=output, no_color=True)
    return output.getvalue()


def test_a_working_op_passes_and_no_secret_is_printed(acme: AcmeLogin) -> None:
    text = run("acme")
    for line in ("Discovery", "Issuer", "JWKS", "Client authentication", "Client secret", "State"):
        assert f"pass  {acme.connection.name}: {line}: " in text
    assert "fail" not in text
    assert CLIENT_SECRET not in text
    assert "warn  Recovery codes: 0 of 1 admins" in text


def test_recovery_codes_of_one_admin_are_enough(acme: AcmeLogin) -> None:
    give_recovery_codes(acme.olivia)
    assert check("acme")["Recovery codes"][0] == "pass"


def test_an_op_that_is_gone_fails_the_command(acme: AcmeLogin) -> None:
    change_revision(acme, issuer="http://127.0.0.1:1")
    with pytest.raises(CommandError, match=r"1 of \d+ checks failed"):
        run("acme")
    verdict, detail = check("acme")["Discovery"]
    assert (verdict, detail.split(":")[0]) == ("fail", "discovery_unreachable")


def test_another_issuer_than_entered_fails(acme: AcmeLogin) -> None:
    change_revision(acme, issuer=f"{acme.tenant.issuer}/")
    assert check("acme")["Discovery"][1].startswith("discovery_issuer_mismatch: ")


@pytest.mark.parametrize(
    ("announced", "entered", "title"),
    [
        (
            {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
            {"client_authentication": "private_key_jwt"},
            "Client authentication",
        ),
        (
            {"id_token_signing_alg_values_supported": ["RS256"]},
            {"signing_algorithms": ["EdDSA"]},
            "Signature",
        ),
    ],
)
def test_what_no_login_could_pass_fails(
    acme: AcmeLogin, announced: dict[str, list[str]], entered: dict[str, Any], title: str
) -> None:
    acme.tenant.discovery_changes.update(announced)
    change_revision(acme, **entered)
    assert check("acme")[title][0] == "fail"


def test_secret_under_a_lost_key_fails(acme: AcmeLogin, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert check("acme")["Client secret"] == ("fail", "No key of HUBSSO_ENCRYPTION_KEYS opens it.")


def test_a_secret_that_ends_soon_warns_and_one_that_has_fails(acme: AcmeLogin) -> None:
    today = timezone.now().date()
    change_revision(acme, client_secret_expires_on=today + timedelta(days=5))
    assert check("acme")["Client secret"][0] == "warn"
    change_revision(acme, client_secret_expires_on=today - timedelta(days=1))
    assert check("acme")["Client secret"][0] == "fail"


def test_a_working_saml_idp_passes(globex: GlobexLogin) -> None:
    change_revision(globex, metadata_url=globex.tenant.saml_entity_id)
    found = check("globex")
    for title in ("Metadata", "Entity ID", "SSO URL", "Certificates", "Certificate of the IdP"):
        assert found[title][0] == "pass", found[title]
    assert found["Admins"] == ("fail", "There is none whose account is active.")


def test_metadata_that_says_something_else_is_named(globex: GlobexLogin) -> None:
    address = globex.tenant.saml_entity_id
    change_revision(globex, metadata_url=address, sso_url="https://elsewhere.example/sso")
    assert check("globex")["SSO URL"][0] == "warn"
    change_revision(globex, issuer="https://somebody-else.example")
    assert check("globex")["Entity ID"][0] == "fail"


def test_an_enforcing_organisation_without_a_live_connection_fails(world: World) -> None:
    Connection.objects.update(is_enabled=False)
    found = check("acme")
    assert found["Enforcement"] == ("fail", "enforced; 0 live connections. Nobody can authenticate.")
    assert found["State"][0] == "warn"


def test_domains_that_do_not_count_warn(world: World) -> None:
    now = timezone.now()
    Domain.objects.create(org=world.globex, name="globex.example", challenge="c")
    assert check("globex")["Domain"] == ("warn", "globex.example is claimed and not proven.")
    Domain.objects.update(verified_at=now, failing_since=now)
    assert check("globex")["Domain"][1].startswith("globex.example: its record is missing since")


def test_one_connection_can_be_asked_for(globex: GlobexLogin) -> None:
    other = make_connection(globex.org, SSOProtocol.OIDC, issuer="http://127.0.0.1:1")
    text = run("globex", "--connection", globex.connection.name)
    assert other.name not in text
    assert "Enforcement" not in text
    with pytest.raises(CommandError, match="has no connection Nothing"):
        run("globex", "--connection", "Nothing")
