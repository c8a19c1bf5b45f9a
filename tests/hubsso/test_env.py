"""The typed readers of the environment."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hubsso import env


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: env.text("X"), "a b", "a b"),
        (lambda: env.boolean("X", False), "Yes", True),
        (lambda: env.boolean("X", True), "off", False),
        (lambda: env.boolean("X", True), "", True),
        (lambda: env.integer("X", 3), "12", 12),
        (lambda: env.integer("X", 3), "", 3),
        (lambda: env.words("X"), " a, b ,,c", ["a", "b", "c"]),
        (lambda: env.words("X", ""), "", []),
        (lambda: env.origin("X"), "https://hub.example.org/", "https://hub.example.org"),
        (lambda: env.origin("X"), "http://localhost:8000", "http://localhost:8000"),
        (lambda: env.choice("X", "a", ("a", "b")), "b", "b"),
        (lambda: env.choice("X", "a", ("a", "b")), "", "a"),
        (lambda: env.networks("X"), "10.0.0.0/8, fd00::/8", ["10.0.0.0/8", "fd00::/8"]),
        (lambda: env.networks("X"), "", []),
        (
            lambda: env.servers("X", default_port=53),
            "192.0.2.1, 192.0.2.1:5353, 2001:db8::1, [2001:db8::1]:5353",
            [("192.0.2.1", 53), ("192.0.2.1", 5353), ("2001:db8::1", 53), ("2001:db8::1", 5353)],
        ),
        (lambda: env.servers("X", default_port=53), "", []),
    ],
)
def test_value_is_read_as_what_it_is(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str, expected: object
) -> None:
    monkeypatch.setenv("X", value)
    assert read() == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.text("X"), ""),
        (lambda: env.boolean("X", False), "s3cret"),
        (lambda: env.integer("X", 3), "s3cret"),
        (lambda: env.integer("X", 3, minimum=1), "0"),
        (lambda: env.words("X"), ""),
        (lambda: env.origin("X"), "s3cret"),
        (lambda: env.origin("X"), "https://s3cret/path"),
        (lambda: env.origin("X"), "https://hub.example.org:s3cret"),
        (lambda: env.origin("X"), "https://hub.example.org/#s3cret"),
        (lambda: env.choice("X", "a", ("a", "b")), "s3cret"),
        (lambda: env.networks("X"), "s3cret"),
        (lambda: env.servers("X", default_port=53), "s3cret"),
        (lambda: env.servers("X", default_port=53), "192.0.2.1:s3cret"),
        (lambda: env.database("X", "", max_age_seconds=0), "s3cret"),
        (lambda: env.database("X", "", max_age_seconds=0), "postgres://a:s3cret@host:port/b"),
    ],
)
def test_malformed_value_names_the_variable_and_never_itself(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str
) -> None:
    monkeypatch.setenv("X", value)
    with pytest.raises(ImproperlyConfigured, match=r"^X ") as refusal:
        read()
    assert "s3cret" not in str(refusal.value)


def test_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    assert env.text("X") == "s3cret"


def test_value_itself_counts_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file", encoding="utf-8")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("X", "from the variable")
    assert env.text("X") == "from the variable"


def test_file_that_can_not_be_read_is_an_error_and_not_a_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("X_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match=r"^X_FILE "):
        env.text("X", "default")


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("postgres://hubsso@database/hubsso", 5),
        ("postgres://hubsso@database/hubsso?connect_timeout=2", 2),
        ("sqlite:////var/hubsso.sqlite3", None),
    ],
)
def test_a_database_that_does_not_answer_is_waited_for_some_seconds(
    monkeypatch: pytest.MonkeyPatch, url: str, seconds: int | None
) -> None:
    monkeypatch.setenv("X", url)
    found = env.database("X", "", max_age_seconds=0)
    assert found.get("OPTIONS", {}).get("connect_timeout") == seconds
