"""A CloudFormation template as it would be deployed: parameters put in, conditions decided."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::StackName": "cloudtrack",
    "AWS::URLSuffix": "amazonaws.com",
}
_LONGEST_NAME = 64
"""Of a Lambda function."""
_NOTHING = object()
"""AWS::NoValue."""


class _Loader(yaml.SafeLoader):
    """Reads ``!Sub`` as ``{"Fn::Sub": ...}``, as a translated template has it."""


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


yaml.add_multi_constructor("!", _long_form, _Loader)


def read_template(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """A template, with intrinsic functions in their long form."""
    template: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    return template


class Stack:
    """A template with parameters."""

    def __init__(self, template: Mapping[str, Any], **parameters: Any) -> None:
        self._template = template
        declared = {name: about.get("Default", "") for name, about in template["Parameters"].items()}
        assert set(parameters) <= set(declared)
        self._parameters = {**PSEUDO, **declared, **parameters}
        self.resources: dict[str, dict[str, Any]] = {
            name: self.value(resource)
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of all resources of a type, by name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def value(self, written: Any) -> Any:
        """What a part of the template comes to; references become names that are as long as names can be."""
        if isinstance(written, list):
            return [item for item in map(self.value, written) if item is not _NOTHING]
        if not isinstance(written, dict):
            return written
        if len(written) == 1:
            ((name, argument),) = written.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._function(name, argument)
        values = {key: self.value(item) for key, item in written.items()}
        return {key: item for key, item in values.items() if item is not _NOTHING}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        return self._parameters.get(name, name)

    def _function(self, name: str, argument: Any) -> Any:
        match name:
            case "Fn::If":
                condition, yes, no = argument
                return self.value(yes if self._holds(condition) else no)
            case "Fn::Sub":
                text, extra = (argument, {}) if isinstance(argument, str) else argument
                known = {key: self.value(item) for key, item in extra.items()}
                return re.sub(r"\$\{([^}!]+)\}", lambda found: str(self._substitute(found[1], known)), text)
            case "Fn::GetAtt":
                return self._attribute(*argument)
            case "Fn::Equals":
                left, right = map(self.value, argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.value(argument[0])
        raise AssertionError(f"{name} is not known to this test")

    def _substitute(self, name: str, known: Mapping[str, Any]) -> Any:
        if name in known:
            return known[name]
        resource, _, attribute = name.partition(".")
        return self._attribute(resource, attribute) if attribute else self._ref(name)

    def _attribute(self, resource: str, attribute: str) -> str:
        kind = self._template["Resources"][resource]["Type"]
        if attribute == "Arn" and kind == "AWS::S3::Bucket":
            return f"arn:aws:s3:::{resource.lower()}"
        if attribute == "Arn" and kind.endswith("::Function"):
            return f"arn:aws:lambda:eu-central-1:123456789012:function:{resource.ljust(_LONGEST_NAME, '-')}"
        if attribute == "Arn" and kind == "AWS::Logs::LogGroup":
            return f"arn:aws:logs:eu-central-1:123456789012:log-group:{resource}:*"
        return f"{resource}.{attribute}"

    def _holds(self, condition: str) -> bool:
        return bool(self.value(self._template["Conditions"][condition]))
