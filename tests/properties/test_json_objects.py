"""JSON objects from an OP and, in the same shapes, from a SCIM client: refused, or storable everywhere."""

import json
import math
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sso.oidc.json_objects import NotAJSONObject, parse_object
from tests.properties.strategies import json_values, words

SCIM_USER = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "max@acme.example",
    "name": {"givenName": "Max", "familyName": "M"},
    "emails": [{"type": "work", "value": "max@acme.example", "primary": True}],
    "active": "True",
    "roles": [],
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "1"}},
}


def leaves(value: Any) -> Iterator[Any]:
    """Every key and every value that is no container."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def check(text: bytes | str) -> None:
    try:
        parsed = parse_object(text)
    except NotAJSONObject:
        return
    for leaf in leaves(parsed):
        if isinstance(leaf, str):
            assert "\0" not in leaf
            leaf.encode()  # no lone surrogate
        elif isinstance(leaf, float):
            assert math.isfinite(leaf)
    assert json.loads(json.dumps(parsed, allow_nan=False)) == parsed


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60)))
def test_any_text_is_an_object_or_is_refused(text: bytes | str) -> None:
    check(text)


@settings(max_examples=200)
@given(json_values, st.booleans())
@example(1e308, False)
def test_any_json_is_an_object_that_can_be_stored_or_is_refused(value: Any, is_ascii: bool) -> None:
    check(json.dumps({"value": value}, ensure_ascii=is_ascii).encode(errors="surrogatepass"))


@given(st.sampled_from(["1e400", "-1e999", "NaN", "-Infinity", "1" * 5000, "0." + "9" * 5000]))
def test_number_beyond_a_float_is_refused_or_read_as_a_number(number: str) -> None:
    check(f'{{"value": {number}}}')


@given(st.integers(min_value=1, max_value=30_000), st.sampled_from(["[", '{"a":']))
def test_depth_is_refused_and_no_crash(depth: int, opening: str) -> None:
    check('{"value": ' + opening * depth)
    check('{"value": ' + "[" * depth + "]" * depth + "}")


@given(
    st.dictionaries(st.one_of(st.sampled_from(sorted(SCIM_USER)), words), json_values, max_size=4),
    st.sampled_from(sorted(SCIM_USER)),
)
def test_scim_like_object_is_read_as_it_was_sent_or_refused(changes: dict[str, Any], left_out: str) -> None:
    sent = {key: value for key, value in {**SCIM_USER, **changes}.items() if key != left_out}
    check(json.dumps(sent))
