"""Every refusal of the catalogue is run with planted secrets, or is named here with the reason why not."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sso.errors import SSOError
from sso.models import Connection
from sso.oidc import logout_errors as oidc_logout_errors
from sso.saml import logout_errors as saml_logout_errors
from sso.saml import metadata_errors
from tests.builders import give_key_pair
from tests.conftest import log_in
from tests.eavesdropper import Eavesdropper, WatchedClient
from tests.fault_codes import OIDC_CODES, SAML_CODES
from tests.sso.saml.encrypting import OUR_KEY
from tests.sso.saml.test_idp_metadata import ago, entity
from tests.sso.settings.conftest import AcmeSettings, acme, saml_connection
from tests.test_leaks import assert_nothing_came_out, cookies_of
from tests.test_leaks_of_answers import OIDC_REFUSALS, SAML_REFUSALS
from tests.test_leaks_of_failures import OTHER_REFUSALS
from tests.test_leaks_of_logouts import (
    FRONT_CHANNEL_REFUSALS,
    LOGOUT_FORMS,
    LOGOUT_TOKEN_REFUSALS,
    SAML_LOGOUT_REFUSALS,
)

__all__ = ["acme", "metadata_errors", "oidc_logout_errors", "saml_connection", "saml_logout_errors"]

IN_METADATA = "words-of-metadata-that-were-planted-6f"

# --- Metadata of an IdP --------------------------------------------------------------------------------

PLANTED = f"<md:Extensions>{IN_METADATA}</md:Extensions>"
METADATA = {
    "metadata_malformed": f"<a>{IN_METADATA}",
    "metadata_expired": entity(attributes=f'validUntil="{ago(days=1)}"', more=PLANTED),
    "metadata_too_large": f"<a>{IN_METADATA}{'<b/>' * 60_000}</a>",
    "metadata_without_idp": entity(keys="", more=PLANTED),
}
METADATA_REFUSALS = {*METADATA, "metadata_unreachable"}


def test_no_metadata_that_can_not_be_used_is_quoted(acme: AcmeSettings, saml_connection: Connection) -> None:
    """It may come from anywhere in the house, so no text of it is shown but the IdP's entity ID."""
    ear = Eavesdropper()
    browser = WatchedClient(ear)
    log_in(browser, acme.admin)
    key_lines = give_key_pair(saml_connection, OUR_KEY).private_key.split("-----")[2].split()
    url = acme.url("draft", saml_connection.uid)
    given = {
        code: {"metadata_file": SimpleUploadedFile("m.xml", xml.encode())} for code, xml in METADATA.items()
    }
    for code, data in [*given.items(), ("metadata_unreachable", {"metadata_url": "https://10.0.0.1/"})]:
        errors = browser.post(url, data).context["form"].errors.as_data()
        assert [error.code for found in errors.values() for error in found] == [code]
    secrets = {"metadata": IN_METADATA, "private key": key_lines[len(key_lines) // 2], **cookies_of(browser)}
    assert_nothing_came_out(ear, secrets)


# --- The whole catalogue -------------------------------------------------------------------------------

# By protocol, since both have refusals of the same code; "" for those of any login.
PROVOKED: dict[str, set[str]] = {
    "oidc": {
        *OIDC_CODES.values(),
        *OIDC_REFUSALS,
        *(code.partition(",")[0] for code in OTHER_REFUSALS),
        *LOGOUT_TOKEN_REFUSALS,
        *LOGOUT_FORMS,
        *FRONT_CHANNEL_REFUSALS,
        "pushed_request_refused",  # test_signed_client_assertions_let_nothing_out
    },
    "saml": {*SAML_CODES.values(), *SAML_REFUSALS, *SAML_LOGOUT_REFUSALS, *METADATA_REFUSALS},
    "": {"too_many_requests"},  # test_throttled_answers_let_nothing_out
}
NOT_PROVOKED: dict[tuple[str, str], str] = {
    ("", "account_inactive"): (
        "Django knows no deactivated account, so a request is refused as wrong_browser before; the second look is "
        "for an account that is deactivated in between. Its text has the account's address and nothing of the answer."
    ),
}


def concrete(base: type[SSOError]) -> set[type[SSOError]]:
    found: set[type[SSOError]] = set()
    for refusal in base.__subclasses__():
        found |= concrete(refusal) or {refusal}
    return found


def protocol_of(refusal: type[SSOError]) -> str:
    _, _, module = refusal.__module__.partition("sso.")
    return module.rpartition(".")[0]


def catalogue() -> set[tuple[str, str]]:
    of_the_product = [one for one in concrete(SSOError) if one.__module__.startswith("sso.")]
    return {(protocol_of(refusal), refusal.code) for refusal in of_the_product}


def test_every_refusal_is_run_with_planted_secrets_or_says_why_not() -> None:
    refusals = catalogue()
    assert {protocol for protocol, _ in refusals} == {"", "oidc", "saml"}
    by_any = PROVOKED["oidc"] | PROVOKED["saml"] | PROVOKED[""]
    provoked = {
        (protocol, code)
        for protocol, code in refusals
        if code in (PROVOKED[protocol] if protocol else by_any)
    }
    assert refusals - provoked == NOT_PROVOKED.keys()


@pytest.mark.parametrize("protocol", PROVOKED)
def test_every_code_that_is_provoked_is_in_the_catalogue(protocol: str) -> None:
    known = {code for of, code in catalogue() if of in ("", protocol)}
    assert PROVOKED[protocol] - {""} <= known
