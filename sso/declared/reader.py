"""YAML with the line of every value. Loaded safely: scalars, lists and mappings, and nothing that makes objects."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import yaml

MAX_BYTES = 1_000_000
_NULL, _BOOLEAN, _INTEGER = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int"))
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class DeclarationRefused(Exception):
    """The file says what can't be. Its text names the line, and no secret."""

    def __init__(self, text: str, *, line: int | None = None) -> None:
        super().__init__(f"line {line}: {text}" if line else text)


@dataclass(frozen=True)
class Value:
    """One value of the file. `place` names it to people."""

    node: yaml.Node
    place: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def is_nothing(self) -> bool:
        return bool(self.node.tag == _NULL)

    def refused(self, why: str) -> DeclarationRefused:
        return DeclarationRefused(f"{self.place}: {why}", line=self.line)

    def text(self) -> str:
        """As it is written: YAML takes `off` for false, and people mean the word."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.refused("one value is expected here.")
        return "" if self.is_nothing else str(self.node.value).strip()

    def boolean(self) -> bool:
        if self.node.tag != _BOOLEAN or self.text().lower() not in _WORDS:
            raise self.refused("write true or false.")
        return _WORDS[self.text().lower()]

    def integer(self, least: int, most: int) -> int:
        number = int(self.text()) if self.node.tag == _INTEGER and self.text().isdecimal() else None
        if number is None or not least <= number <= most:
            raise self.refused(f"write a number from {least} to {most}.")
        return number

    def one_of(self, words: Collection[str]) -> str:
        if self.text() not in words:
            raise self.refused(f"write one of {', '.join(words)}.")
        return self.text()

    def items(self) -> list["Value"]:
        if self.is_nothing:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.refused("a list is expected here.")
        return [Value(item, f"{self.place}[{number}]") for number, item in enumerate(self.node.value, 1)]

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def section(self, *known: str) -> "Section":
        """A mapping of these keys and no other, each at most once; of any keys where none are given."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refused("keys with values are expected here.")
        found: dict[str, Value] = {}
        for key_node, node in self.node.value:
            key = Value(key_node, self.place)
            name = key.text()
            if known and name not in known:
                raise key.refused(f"there is no key {name}. Known are {', '.join(known)}.")
            if name in found:
                raise key.refused(f"{name} is there twice.")
            found[name] = Value(node, f"{self.place}.{name}".lstrip("."))
        return Section(self, found)


@dataclass(frozen=True)
class Section:
    """A mapping, read key by key."""

    value: Value
    found: dict[str, Value]

    def get(self, name: str) -> Value | None:
        return self.found.get(name)

    def text(self, name: str) -> str | None:
        """None where the key is not there."""
        value = self.get(name)
        return value.text() if value else None

    def items(self, name: str) -> list[Value]:
        value = self.get(name)
        return value.items() if value else []

    def required(self, name: str) -> Value:
        value = self.get(name)
        if value is None or (isinstance(value.node, yaml.ScalarNode) and not value.text()):
            raise (value or self.value).refused(f"{name} is missing.")
        return value

    @cached_property
    def line(self) -> int:
        return self.value.line


def read(content: bytes) -> Value:
    """The file as one value. Raises DeclarationRefused."""
    if len(content) > MAX_BYTES:
        raise DeclarationRefused("The file is too long.")
    try:
        node = yaml.compose(content.decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise DeclarationRefused("The file is not UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DeclarationRefused(error.problem or "This is no YAML.", line=line) from None
    except yaml.YAMLError:
        raise DeclarationRefused("This is no YAML.") from None
    if node is None:
        raise DeclarationRefused("The file is empty.")
    return Value(node, "")
