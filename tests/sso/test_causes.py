"""Every refusal of the catalogue has one cause, in words that an admin who knows no protocol can follow."""

import re

import pytest

from sso.explaining.causes import CAUSES, Cause, all_codes, cause_named, cause_of
from sso.explaining.codes import CODE_GUIDE
from sso.protocols import adapters
from sso.types import Reason
from tests.sso.test_refusals import all_errors


def test_every_code_belongs_to_one_cause() -> None:
    guides = [CODE_GUIDE, *(adapter.code_guide() for adapter in adapters())]
    listed = [code for guide in guides for codes in guide.causes.values() for code in codes]
    assert len(listed) == len(set(listed))
    assert {error.code for error in all_errors()} <= set(listed)


def test_guides_name_no_other_causes_and_codes() -> None:
    for guide in [CODE_GUIDE, *(adapter.code_guide() for adapter in adapters())]:
        assert all(cause_named(key) for key in guide.causes)
        assert {*guide.next_steps, *guide.seen_by_us, *guide.seen_by_us_with} <= all_codes()


def test_no_cause_names_a_code_that_is_gone() -> None:
    blocks = {reason.value for reason in Reason if reason.value.startswith("sso_")}
    assert {error.code for error in all_errors()} | blocks >= all_codes()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.key)
def test_a_cause_says_what_happened_and_what_to_do(cause: Cause) -> None:
    assert str(cause.explanation).endswith(".")
    assert str(cause.next_step).endswith(".")
    assert not str(cause.title).endswith(".")
    words = f"{cause.title} {cause.explanation} {cause.next_step}"
    assert not re.search(r"\b(nonce|JWKS|XML|ID token|claim|exception|aud|iss)\b", words)


@pytest.mark.parametrize(
    ("code", "is_connections"),
    [
        ("signature_invalid", True),
        ("discovery_unreachable", True),
        ("token_refused", True),
        ("audience_mismatch", True),
        ("assertion_expired", True),
        ("login_cancelled", False),
        ("wrong_browser", False),
        ("email_not_yours", False),
        ("account_linked_to_another", False),
        ("configuration_changed", False),
    ],
)
def test_a_persons_own_mistake_is_not_the_connections(code: str, is_connections: bool) -> None:
    assert cause_of(code).is_connections is is_connections


def test_a_code_of_an_older_release_still_has_words() -> None:
    assert cause_of("gone_since").key == "malformed"
    assert cause_named("gone_since") is None
