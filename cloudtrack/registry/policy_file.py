"""``policy.yaml`` at the root of a store: what a version must have and be before it comes to a stage.

Read strictly, because a rule that is misspelt would let everything pass: every error names the line and the field. Only
plain YAML is taken, and each value as it is written, so that the tag value ``yes`` is no boolean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import yaml

from cloudtrack.access.principal import check_grantee
from cloudtrack.entities.names import check_key_name
from cloudtrack.errors import InvalidInput
from cloudtrack.plain_yaml import YamlText

MAX_BYTES = 64 << 10
MOST_APPROVALS = 20

_BOUND = re.compile(r"(?P<metric>.*?\S)\s*(?P<sign>>=|<=|==|>|<)\s*(?P<limit>\S+)", re.DOTALL)
_TAG = "tag:yaml.org,2002:"
_PLAIN = tuple(_TAG + kind for kind in ("str", "int", "float", "bool", "timestamp"))


@dataclass(frozen=True)
class Bound:
    """A metric's bound, such as ``accuracy >= 0.9``."""

    metric: str
    sign: str
    limit: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.limit:g}"


@dataclass(frozen=True)
class Rule:
    """Requirements, and the models and stages that they are for."""

    line: int
    """Where it begins, from 1."""
    models: tuple[str, ...]
    stages: tuple[str, ...]
    signature: bool = False
    input_example: bool = False
    no_pickle: bool = False
    tags: dict[str, str | None] = field(default_factory=dict)
    """None for any value."""
    metrics: tuple[Bound, ...] = ()
    not_worse: dict[str, bool] = field(default_factory=dict)
    """Whether lower is better, by metric."""
    approvals: int = 0
    two_person: bool = False
    approvers: tuple[str, ...] = ()
    """Names, ``group:<name>`` or ``*``; everyone where there are none."""

    def is_for(self, model: str, stage: str) -> bool:
        """Whether a version of the model that comes to the stage has to meet it."""
        return any(fnmatchcase(model, glob) for glob in self.models) and any(
            fnmatchcase(stage.lower(), glob.lower()) for glob in self.stages
        )


@dataclass(frozen=True)
class Policy:
    """All rules, in order."""

    rules: tuple[Rule, ...] = ()
    checks_rollback: bool = False
    """Whether going back to an earlier version is judged too."""

    def rules_for(self, model: str, stage: str) -> list[tuple[int, Rule]]:
        """The rules that a version has to meet, with their numbers from 1."""
        return [(number, rule) for number, rule in enumerate(self.rules, 1) if rule.is_for(model, stage)]


@lru_cache(8)
def parse_policy(body: bytes) -> Policy:
    """Raises InvalidInput naming the line and the field."""
    root = YamlText(body, "policy.yaml", most_bytes=MAX_BYTES, takes_aliases=False).compose()
    if root is None:
        raise InvalidInput("policy.yaml is empty; where nothing is to be required, write: rules: []")
    fields = _fields(root, "policy.yaml", ("rules", "rollback"))
    if "rules" not in fields:
        raise _error(root, "rules", "is missing; where nothing is to be required, write: rules: []")
    rules = tuple(_rule(node, f"rules[{place}]") for place, node in enumerate(_list(fields["rules"], "rules")))
    return Policy(rules, "rollback" in fields and _rollback(fields["rollback"]))


def _rollback(node: yaml.Node) -> bool:
    text = _text(node, "rollback")
    if text not in ("exempt", "checked"):
        raise _error(node, "rollback", f"is {text[:60]!r}; it is exempt or checked")
    return text == "checked"


def _rule(node: yaml.Node, place: str) -> Rule:
    fields = _fields(node, place, ("models", "stages", "require"))
    for name in ("models", "stages", "require"):
        if name not in fields:
            raise _error(node, place, f"has no {name}")
    place = f"{place}.require"
    require = _fields(fields["require"], place, tuple(_REQUIREMENTS))
    if not require:
        raise _error(fields["require"], place, f"requires nothing; there are {', '.join(_REQUIREMENTS)}")
    values = {_FIELDS.get(name, name): _REQUIREMENTS[name](need, f"{place}.{name}") for name, need in require.items()}
    for name in ("two_person", "approvers"):
        if name in require and "approvals" not in require:
            raise _error(require[name], f"{place}.{name}", "is for approvals: say how many, such as approvals: 1")
    globs = {name: _texts(fields[name], f"{place}.{name}") for name in ("models", "stages")}
    return Rule(line=node.start_mark.line + 1, **globs, **values)  # type: ignore[arg-type]  # by the table


def _bool(node: yaml.Node, place: str) -> bool:
    if node.tag == _TAG + "bool" and str(node.value).lower() in ("true", "false"):
        return str(node.value).lower() == "true"
    raise _error(node, place, "is true or false")


def _count(node: yaml.Node, place: str) -> int:
    text = str(node.value)
    if node.tag == _TAG + "int" and text.isdecimal() and 1 <= int(text) <= MOST_APPROVALS:
        return int(text)
    raise _error(node, place, f"is a whole number from 1 to {MOST_APPROVALS}")


def _tags(node: yaml.Node, place: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for key, value in _pairs(node, place).items():
        found[_key("tag", key, node, place)] = None if value is None else _text(value, f"{place}.{key}")
    return found


def _not_worse(node: yaml.Node, place: str) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for metric, value in _pairs(node, place).items():
        better = "higher" if value is None else _text(value, f"{place}.{metric}")
        if better not in ("higher", "lower"):
            raise _error(node, f"{place}.{metric}", f"is {better!r}; say which is better, higher or lower")
        found[_key("metric", metric, node, place)] = better == "lower"
    return found


def _bounds(node: yaml.Node, place: str) -> tuple[Bound, ...]:
    return tuple(_bound(item, f"{place}[{number}]") for number, item in enumerate(_list(node, place)))


def _bound(node: yaml.Node, place: str) -> Bound:
    text = _text(node, place)
    match = _BOUND.fullmatch(text)
    try:
        limit = float(match["limit"]) if match else math.nan
    except ValueError:
        limit = math.nan
    if match is None or not math.isfinite(limit):
        raise _error(node, place, f"is {text[:80]!r}; write a metric, a sign and a number: accuracy >= 0.9")
    return Bound(_key("metric", match["metric"], node, place), match["sign"], limit)


def _approvers(node: yaml.Node, place: str) -> tuple[str, ...]:
    found = _texts(node, place)
    for who in found:
        try:
            check_grantee(who)
        except InvalidInput as error:
            raise _error(node, place, error.message) from error
    return found


_REQUIREMENTS: dict[str, Callable[[yaml.Node, str], object]] = {
    "signature": _bool,
    "input_example": _bool,
    "no_pickle": _bool,
    "tags": _tags,
    "metrics": _bounds,
    "not_worse_than_current": _not_worse,
    "approvals": _count,
    "two_person": _bool,
    "approvers": _approvers,
}
_FIELDS = {"not_worse_than_current": "not_worse"}


def _fields(node: yaml.Node, place: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _error(node, place, f"has the fields {', '.join(known)}")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = _text(key, place)
        if name not in known:
            raise _error(key, place, f"has no field {name[:60]!r}; there are {', '.join(known)}")
        if name in found:
            raise _error(key, place, f"has the field {name!r} twice")
        found[name] = value
    return found


def _pairs(node: yaml.Node, place: str) -> dict[str, yaml.Node | None]:
    """A list of names, some with a value: ``[accuracy, {loss: lower}]``."""
    found: dict[str, yaml.Node | None] = {}
    for item in _list(node, place):
        pairs = item.value if isinstance(item, yaml.MappingNode) else [(item, None)]
        for key, value in pairs:
            name = _text(key, place)
            if name in found:
                raise _error(key, place, f"names {name!r} twice")
            found[name] = value
    return found


def _list(node: yaml.Node, place: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise _error(node, place, "is a list")
    return list(node.value)


def _texts(node: yaml.Node, place: str) -> tuple[str, ...]:
    items = list(node.value) if isinstance(node, yaml.SequenceNode) else [node]
    if not items:
        raise _error(node, place, "is an empty list")
    return tuple(_text(item, place) for item in items)


def _text(node: yaml.Node, place: str) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _PLAIN or not node.value.strip():
        raise _error(node, place, "takes text here")
    return str(node.value)


def _key(kind: str, key: str, node: yaml.Node, place: str) -> str:
    try:
        return check_key_name(kind, key)
    except InvalidInput as error:
        raise _error(node, place, error.message) from error


def _error(node: yaml.Node, place: str, what: str) -> InvalidInput:
    return InvalidInput(f"policy.yaml, {_line(node.start_mark)}: {place} {what}")


def _line(mark: Any) -> str:
    return f"line {mark.line + 1 if mark else 1}"
