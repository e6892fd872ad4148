"""YAML from people and strangers: read by this file alone, within limits.

A short text can ask for a great deal: brackets in brackets cost a parser the square of their number, aliases of aliases
stand for any number of values, and numbers of a million digits for hours. So the parser's events are counted before
anything is built of them. Only plain YAML is taken: texts, numbers, booleans, dates, lists and mappings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cloudtrack.errors import CloudtrackError, InvalidInput

MOST_BYTES = 1 << 20
MOST_DEPTH = 64
"""Lists and mappings within each other, those that aliases stand for included."""
MOST_VALUES = 100_000
"""Values that a text may stand for, with all aliases written out."""
_LONGEST_NUMBER = 400
_LONGEST_KEY = 17
"""Characters of a number that is a key: longer ones can be made to share one place in a dictionary."""
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # ten times as fast where libyaml is
    """A safe loader that builds no number which costs more than it is worth."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        self.flatten_mapping(node)  # what it is merged with has keys too
        for key, _ in node.value:
            if key.tag in _NUMBERS and isinstance(key, yaml.ScalarNode) and len(key.value) > _LONGEST_KEY:
                raise yaml.constructor.ConstructorError(
                    None, None, f"a number with more than {_LONGEST_KEY} characters is a key", key.start_mark
                )
        return super().construct_mapping(node, deep=deep)

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        """An int or a float."""
        if len(node.value) > _LONGEST_NUMBER:
            raise yaml.constructor.ConstructorError(
                None, None, f"a number has more than {_LONGEST_NUMBER} characters", node.start_mark
            )
        return self.construct_yaml_int(node) if node.tag == _NUMBERS[0] else self.construct_yaml_float(node)


for _tag in _NUMBERS:
    _Loader.add_constructor(_tag, _Loader.construct_number)


@dataclass(frozen=True)
class YamlText:
    """A text and the words for what is wrong with it: how it is called, how large it may be, which error is raised."""

    body: bytes | str
    name: str
    error: type[CloudtrackError] = InvalidInput
    most_bytes: int = MOST_BYTES
    takes_aliases: bool = True

    def compose(self) -> yaml.Node | None:
        """Its nodes, with the lines that they stand on; None where it has none. Raises ``error``."""
        root: yaml.Node | None = self._read(lambda loader: loader.get_single_node())
        return root

    def load(self) -> Any:
        """Its values. Raises ``error``."""
        return self._read(lambda loader: loader.get_single_data())

    def _read(self, how: Any) -> Any:
        if len(self.body) > self.most_bytes:
            raise self.error(f"{self.name} is larger than {self.most_bytes} bytes")
        try:
            text = self.body if isinstance(self.body, str) else self.body.decode()
            text.encode()
        except UnicodeError:
            raise self.error(f"{self.name} is not plain YAML: it is not UTF-8") from None
        try:
            self._measure(text)
            return _with_loader(text, how)
        except CloudtrackError:
            raise
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f"line {mark.line + 1}: " if mark else ""
            raise self.error(f"{self.name} is not plain YAML, {line}{_one_line(error.problem)}") from error
        except yaml.YAMLError as error:
            raise self.error(f"{self.name} is not plain YAML: {_one_line(error)}") from error
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:  # such as of month 13
            raise self.error(
                f"{self.name} is not plain YAML: it has a value that cannot be: {_one_line(error)}"
            ) from error

    def _measure(self, text: str) -> None:
        """Count what the text stands for, event by event. Raises ``error`` at the first that is too much."""
        measured: dict[str, _Part] = {}
        open_parts = [_Part("")]
        names_in_use: list[str] = []
        for event in _events(text):
            if isinstance(event, yaml.CollectionStartEvent):
                open_parts.append(_Part(event.anchor or ""))
                names_in_use.append(event.anchor or "")
                part = None
            elif isinstance(event, yaml.CollectionEndEvent):
                part = open_parts.pop()
                names_in_use.pop()
            elif isinstance(event, yaml.ScalarEvent):
                part = _Part(event.anchor or "")
            elif isinstance(event, yaml.AliasEvent):
                part = self._aliased(event, measured, names_in_use)
            else:
                continue
            if part is not None:
                open_parts[-1].add(part)
                if part.anchor:
                    measured[part.anchor] = part
            if len(open_parts) + (part.depth if part else 0) > MOST_DEPTH + 1:
                raise self._refusal(event, f"is nested too deep: {MOST_DEPTH} levels are allowed")
            if sum(item.values for item in open_parts) > MOST_VALUES:
                raise self._refusal(event, f"stands for more than {MOST_VALUES} values")

    def _aliased(self, event: yaml.AliasEvent, measured: dict[str, _Part], names_in_use: list[str]) -> _Part | None:
        if not self.takes_aliases:
            raise self._refusal(event, "aliases are not taken; write it out")
        if event.anchor in names_in_use:
            raise self._refusal(event, "has a part that is part of itself")
        named = measured.get(event.anchor or "")  # a name that is unknown is found by the parser
        return _Part("", named.values, named.depth) if named else None

    def _refusal(self, event: yaml.Event, what: str) -> CloudtrackError:
        line = event.start_mark.line + 1 if event.start_mark else 1
        return self.error(f"{self.name}, line {line}: {what}")


def read_yaml(path: Path, name: str, error: type[CloudtrackError] = InvalidInput) -> Any:
    """The values of a file, of which no more than ``MOST_BYTES`` are read. Raises OSError, ``error``."""
    with path.open("rb") as file:
        body = file.read(MOST_BYTES + 1)
    return YamlText(body, name, error).load()


@dataclass
class _Part:
    """A part of a text: its anchor, the values that it stands for, and the levels below it."""

    anchor: str
    values: int = 1
    depth: int = 0

    def add(self, inner: _Part) -> None:
        self.values += inner.values
        self.depth = max(self.depth, inner.depth + 1)


def _with_loader(text: str, how: Any) -> Any:
    loader = _Loader(text)
    try:
        return how(loader)
    finally:
        loader.dispose()


def _events(text: str) -> Any:
    loader = _Loader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _one_line(reason: object) -> str:
    return " ".join(str(reason).split())[:200]
