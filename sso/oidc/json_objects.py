"""JSON objects from an OP, read strictly: what the rest of the portal can't store or compare does not get in."""

import json
from typing import Any, NoReturn


class NotAJSONObject(ValueError):
    """The text is no JSON object, or holds numbers or characters that are refused."""


def parse_object(text: bytes | str) -> dict[str, Any]:
    """The object that `text` is. Raises NotAJSONObject.

    Refuses what Python's parser lets through beyond RFC 8259: NaN and infinity, also as a number too large for a
    float (1e400), and, because PostgreSQL stores neither, NUL and lone surrogates in strings.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
        storable = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise NotAJSONObject("not valid JSON") from error
    if not isinstance(value, dict):
        raise NotAJSONObject("JSON, but not an object")
    if b"\\u0000" in storable:
        raise NotAJSONObject("a string holds a NUL character")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise NotAJSONObject(f"{name} is not a JSON number")
