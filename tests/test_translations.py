"""Every text of the interface can be translated, and French has all of them."""

import re
import shutil
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from tests.translations import FOLDER, LANGUAGE, ROOT, Message, as_compiled, read_mo, read_po

MESSAGES = read_po(FOLDER / "django.po")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|</?\w+")
PLAIN = re.compile(r"<[^>]*>|`[^`]*`|\\S+://\\S+")  # not French: elements, code, addresses
SOURCES = ("accounts", "hubsso", "orgs", "sso", "templates")


def things_in(text: str) -> list[str]:
    """What a translation must take over as it is: placeholders and elements."""
    return sorted(PLACEHOLDER.findall(text))


def test_there_are_texts_to_check() -> None:
    assert len(MESSAGES) > 1500


def test_french_has_every_text() -> None:
    assert [message.singular for message in MESSAGES if message.is_fuzzy or not is_complete(message)] == []


def is_complete(message: Message) -> bool:
    return sorted(message.texts) == ([0, 1] if message.plural else [0]) and all(message.texts.values())


def test_french_keeps_every_placeholder_and_element() -> None:
    assert [message.singular for message in MESSAGES if not keeps_things(message)] == []


def keeps_things(message: Message) -> bool:
    if not message.plural:
        return things_in(message.texts[0]) == things_in(message.singular)
    # "The first one" may name no number.
    return things_in(message.texts[1]) == things_in(message.plural) and set(
        things_in(message.texts[0])
    ) <= set(things_in(message.plural))


def test_french_is_set_as_it_is_written() -> None:
    """A space that does not break before : ; ! ? and inside quotes, and the apostrophe that is one."""
    wrong = re.compile(r"\w [:;!?](\s|$)|« | »|(?<=\w)'(?=\w)")
    texts = [PLAIN.sub(" ", text) for message in MESSAGES for text in message.texts.values()]
    assert [text for text in texts if wrong.search(text)] == []


def test_french_elides_nothing_before_a_name() -> None:
    """A name may begin with a vowel: "de Acme" is wrong, and so would be "d'Globex"."""
    names = "org|organisation|name|connection|idp|user|member|email|domain|person|who|group|resource|vendor|created_by"
    wrong = re.compile(
        rf"\b(de|le|la|que|ne|se|si|(d|l|qu|s|n)\N{{RIGHT SINGLE QUOTATION MARK}}) ?(<[^>]*>)?%\(({names})\)",
        re.I,
    )
    texts = [
        text.replace("\N{NO-BREAK SPACE}", " ") for message in MESSAGES for text in message.texts.values()
    ]
    assert [text for text in texts if wrong.search(text)] == []


def test_the_compiled_catalogue_is_that_of_the_texts() -> None:
    assert read_mo(FOLDER / "django.mo") == as_compiled(MESSAGES), "run `make messages`"


@pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="gettext's tools, which gather texts, are not here"
)
def test_no_text_is_missing_from_the_catalogue(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in SOURCES:
        (tmp_path / source).symlink_to(ROOT / source)
    shutil.copytree(ROOT / "locale", tmp_path / "locale")
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    monkeypatch.chdir(tmp_path)
    call_command("makemessages", locale=[LANGUAGE], symlinks=True, no_obsolete=True, verbosity=0)
    gathered = read_po(tmp_path / FOLDER.relative_to(ROOT) / "django.po")
    assert {message.key for message in gathered} == {message.key for message in MESSAGES}
