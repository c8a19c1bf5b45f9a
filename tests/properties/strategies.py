"""What an IdP, a browser or an admin might send: ordinary words, and words that break something."""

from typing import Any

from hypothesis import strategies as st

TROUBLE = (
    "",
    " ",
    "\0",
    "\r\nSet-Cookie: a=b",
    "\u202eadmin",
    "a\u200bb",
    "\ud800",
    "é" * 300,
    "x" * 3000,
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{7*7}}",
    "../../etc/passwd",
    "https://evil.example/",
    "olivia@acme.example",
    "OLIVIA@ACME.EXAMPLE",
    "olivia@acme.example\0@evil.example",
    "olivia@acme.example, max@acme.example",
    "admin",
    "true",
)

words = st.one_of(st.sampled_from(TROUBLE), st.text(max_size=40))
# What JSON can say, and what Python's reader lets through beyond it.
numbers = st.one_of(
    st.integers(),
    st.integers(min_value=10**15, max_value=10**30),
    st.floats(),
    st.sampled_from([-1, 0, 253402300800, -62135596801, 1e308, 2**63]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, words)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)


def objects_with(
    *names: str, values: st.SearchStrategy[Any] = json_values
) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of any keys, some of which are `names`."""
    return st.dictionaries(st.one_of(st.sampled_from(names), words), values, max_size=len(names) + 2)
