"""SAML-31: names that look like somebody else's."""

import pytest
from lxml import etree

from sso.models import LinkedIdentity, LoginAttempt, SSOSession
from tests.attacks.nothing_written import nothing_written_but_refusal
from tests.attacks.saml.target import Target, before_signing
from tests.demo_idp import saml_names as names
from tests.sso.saml.exchange import find


@pytest.mark.catalogue("SAML-31")
@pytest.mark.parametrize(
    "name_id",
    [
        " max",
        "max ",
        "max\n",
        "\u00a0max",
        "ma\u200bx",
        "max\u200d",
        "\u2060max",
        "\ufeffmax",
        "ma\u202ex",
        "ma\u00adx",
        "ma\u0085x",
        "ma\u2028x",
        "ma\tx",
        "max\U000e0041",
        "m" * 501,
    ],
    ids=[
        "blank before",
        "blank behind",
        "line end",
        "no-break blank",
        "zero-width blank",
        "joiner",
        "word joiner",
        "byte order mark",
        "right to left",
        "soft hyphen",
        "next line",
        "line separator",
        "tab",
        "tag",
        "too long",
    ],
)
def test_name_id_that_nobody_can_tell_from_another_is_refused(target: Target, name_id: str) -> None:
    target.refuses(lambda honest: honest.but(name_id=name_id), "name_id_invalid")


@pytest.mark.catalogue("SAML-31")
@pytest.mark.parametrize("name_id", [None, "", "  ", "\n"])
def test_nobody_is_not_let_in(target: Target, name_id: str | None) -> None:
    target.refuses(lambda honest: honest.but(name_id=name_id), "name_id_missing")


@pytest.mark.catalogue("SAML-31")
def test_name_for_one_visit_is_refused(target: Target) -> None:
    target.refuses(lambda honest: honest.but(name_id_format=names.NAMEID_TRANSIENT), "name_id_invalid")


@pytest.mark.catalogue("SAML-31")
def test_name_for_another_service_provider_is_refused(target: Target) -> None:
    def qualify(root: etree._Element) -> None:
        find(root, "saml:Assertion/saml:Subject/saml:NameID").set("SPNameQualifier", "https://other.example")

    target.refuses(before_signing(qualify), "name_id_invalid")


@pytest.mark.catalogue("SAML-31")
@pytest.mark.parametrize(
    "lookalike", ["MAX", "Max", "m\u0430x", "ma\u0445", "max@globex.example", "max.", "\uff4d\uff41\uff58"]
)
def test_name_in_other_letters_is_somebody_else(target: Target, lookalike: str) -> None:
    """Max is linked to `max`. What only looks like it is another subject, and never him."""
    target.assert_let_in(target.begin().honest)
    SSOSession.objects.all().delete()
    trip = target.begin()

    first_half = target.post(trip.honest.but(name_id=lookalike))
    with nothing_written_but_refusal(target.org, "account_linked_to_another", used_up=LoginAttempt):
        assert target.finish(first_half).status_code == 403

    assert not target.can_read()
    assert list(LinkedIdentity.objects.values_list("subject", flat=True)) == ["max"]
    target.assert_let_in(target.begin().honest)
