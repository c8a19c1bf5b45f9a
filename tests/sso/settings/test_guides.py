"""The vendors' guides: every file of the folder is read, checked, shown with an organisation's values."""

from pathlib import Path

import pytest

from sso.guides import FOLDER, GENERIC, Guide, GuideInvalid, guide_for, read_guides, vendors
from sso.guides.shown import check_names, shown_guide
from sso.guides.strings import TARGET, written_module
from sso.models import Connection
from sso.protocols import adapter_for
from sso.templatetags.guides import with_code
from sso.types import SSOProtocol
from tests.sso.settings.conftest import AcmeSettings

GUIDES = read_guides(FOLDER)
GOOD = """
vendor = "acme"
name = "Acme"
protocol = "saml"
where = "Somewhere"
steps = ["Do it."]
[copy]
acs_url = "Reply to"
[paste]
sso_url = "Ask at"
"""


def written(folder: Path, text: str, name: str = "acme-saml") -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_file_is_a_guide_of_a_vendor() -> None:
    shown = {f"{guide.vendor}-{guide.protocol}" for vendor in vendors() for guide in vendor.guides}
    assert shown == {path.stem for path in FOLDER.glob("*.toml")}
    assert [guide.protocol for guide in vendors()[-1].guides] == [SSOProtocol.OIDC, SSOProtocol.SAML]
    assert vendors()[-1].key == GENERIC


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: f"{guide.vendor}-{guide.protocol}")
def test_guide_shows_our_values_in_the_vendor_s_words(guide: Guide) -> None:
    values = adapter_for(guide.protocol).values_for_idp("9c858901-8a57-4791-81fe-4c455b099bc9")
    shown = shown_guide(guide, values)
    assert {value.value for value in (*shown.values, *shown.others)} == {value.value for value in values}
    assert [value.label for value in shown.values] == list(guide.copy.values())
    for snippet in shown.snippets:
        assert "9c858901-8a57-4791-81fe-4c455b099bc9" in snippet.value
        assert "{acs" not in snippet.value


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: f"{guide.vendor}-{guide.protocol}")
def test_set_up_page_speaks_as_the_vendor_does(acme: AcmeSettings, guide: Guide) -> None:
    made = Connection.objects.create(
        org=acme.org, name="Acme Login", protocol=guide.protocol, vendor=guide.vendor
    )
    page = acme.page("draft", made.uid)
    said = [guide.where, *guide.steps, *guide.pitfalls, *guide.copy.values(), *guide.paste.values()]
    values = [value.value for value in adapter_for(guide.protocol).values_for_idp(str(made.uid))]
    for text in (*said, *values):
        assert with_code(text) in page
    assert ("Set your e-mail domains" in page) is guide.shared_issuer
    assert {name for name in guide.paste if f'name="{name}"' not in page} == set()


def test_pattern_of_a_value_matches_it_alone() -> None:
    guide = guide_for("onelogin", "saml")
    (snippet,) = shown_guide(
        guide, adapter_for("saml").values_for_idp("9c858901-8a57-4791-81fe-4c455b099bc9")
    ).snippets
    assert snippet.value.startswith("^http:\\/\\/testserver\\/")
    assert snippet.value.endswith("$")


def test_vendor_without_a_guide_for_the_protocol_has_the_generic_one() -> None:
    assert guide_for("nobody", "oidc").vendor == GENERIC
    assert guide_for("okta", "oidc").vendor == "okta"


def test_what_marks_the_texts_for_translation_is_current() -> None:
    """Run `python -m sso.guides.strings` after a change of a guide."""
    assert TARGET.read_text(encoding="utf-8") == written_module(FOLDER)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f'colour = "red"\n{GOOD}', "unknown: colour"),
        (GOOD.replace('steps = ["Do it."]', ""), "missing: steps"),
        (GOOD.replace('steps = ["Do it."]', "steps = [1]"), "no text"),
        (GOOD.replace('where = "Somewhere"', "where = 1"), "where must be a str"),
        (GOOD.replace('protocol = "saml"', 'protocol = "ldap"'), "ldap"),
        (GOOD.replace('vendor = "acme"', 'vendor = "globex"'), "is not named for"),
        (f'{GOOD}[[snippets]]\nlabel = "x"\n', "text"),
        ("where = ", "acme-saml.toml"),
    ],
    ids=["unknown", "missing", "number", "type", "protocol", "name", "snippet", "no toml"],
)
def test_file_that_is_no_guide_is_refused(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(GuideInvalid, match=why):
        read_guides(written(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("acs_url", "callback_url"),
        GOOD.replace("sso_url", "client_id"),
        f'{GOOD}[[snippets]]\nlabel = "x"\ntext = "{{realm}}"\n',
    ],
    ids=["value of the other protocol", "field of the other protocol", "placeholder"],
)
def test_names_that_the_protocol_does_not_have_are_refused(tmp_path: Path, text: str) -> None:
    (guide,) = read_guides(written(tmp_path, text))
    with pytest.raises(GuideInvalid, match="there is no"):
        check_names(guide)
