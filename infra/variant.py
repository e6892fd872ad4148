"""Other forms of the template, which no parameter can make of it: ``variant.py iam template.yaml build/iam.yaml``.

``iam``: AWS's own logins in place of tokens. Who signs requests with AWS credentials, and may call the API by IAM,
is logged in: the ARN is the name, and the role, where there is one, is the group.

``single``: one function serves the whole API, with all that the roles of the others allow. A small team waits for
fewer cold starts, and gives up that no function but one can write the registry.
"""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path
from typing import Any

import yaml

Template = dict[str, Any]

_ALARMS_OF_ALL = ("FunctionErrors", "FunctionThrottles")
_ADMIN_ROLES = {
    "Type": "String",
    "Default": "",
    "Description": "Names of IAM roles whose sessions are administrators, separated by commas.",
}
_OPEN = "NONE"


class Tagged:
    """A node with one of CloudFormation's short tags, such as ``!Ref``."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value


class _Loader(yaml.SafeLoader):
    """Keeps short tags."""


class _Dumper(yaml.SafeDumper):
    """Writes short tags."""


def _construct(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Tagged:
    if isinstance(node, yaml.ScalarNode):
        return Tagged(f"!{suffix}", loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return Tagged(f"!{suffix}", loader.construct_sequence(node, deep=True))
    raise ValueError(f"!{suffix} with a mapping is not used in the template")


def _represent(dumper: yaml.SafeDumper, tagged: Tagged) -> yaml.Node:
    if isinstance(tagged.value, list):
        return dumper.represent_sequence(tagged.tag, tagged.value)
    return dumper.represent_scalar(tagged.tag, tagged.value)


yaml.add_multi_constructor("!", _construct, _Loader)
yaml.add_representer(Tagged, _represent, _Dumper)


def with_iam(template: Template) -> None:
    """Change a template: the API asks IAM."""
    resources = template["Resources"]
    resources["Api"]["Properties"]["Auth"] = {"EnableIamAuthorizer": True, "DefaultAuthorizer": "AWS_IAM"}
    del resources["AuthorizerRole"]
    _replace_functions(template, ["AuthorizerFunction"], {})
    parameters = template["Parameters"]
    for name in [name for name in parameters if name.startswith("Oidc")]:
        del parameters[name]
    del template["Rules"]
    parameters["AdminRoles"] = _ADMIN_ROLES
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        if group["Label"]["default"] == "Logins":
            group["Parameters"] = ["AdminRoles"]
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables["CLOUDTRACK_IAM_ADMIN_ROLES"] = Tagged("!Ref", "AdminRoles")


def with_one_function(template: Template) -> None:
    """Change a template: one function takes every route."""
    resources = template["Resources"]
    served = [name for name, each in resources.items() if _has_routes(each.get("Properties", {}).get("Events", {}))]
    transitions = resources["TransitionsFunction"]["Properties"]
    events = {
        name: event
        for each in served
        for name, event in resources[each]["Properties"]["Events"].items()
        if event["Properties"].get("Auth") == {"Authorizer": _OPEN} or "Path" not in event["Properties"]
    }
    roles = [name.replace("Function", "Role") for name in served]
    policies = [
        {**policy, "PolicyName": f"{role}-{policy['PolicyName']}"}
        for role in roles
        for policy in resources[role]["Properties"].get("Policies", [])
    ]
    role = {**resources[roles[0]], "Properties": {**resources[roles[0]]["Properties"], "Policies": policies}}
    function = {
        **resources["WebFunction"],
        "Properties": {
            "Handler": "handlers.api.handler",
            "Role": Tagged("!GetAtt", "ApiRole.Arn"),
            "MemorySize": resources["MetricsFunction"]["Properties"]["MemorySize"],
            "Environment": transitions["Environment"],
            "Events": events,
        },
    }
    for name in roles:
        del resources[name]
    del resources["PurgesErrors"]  # of a function that goes
    _replace_functions(template, served, {"ApiFunction": function})
    resources["ApiRole"] = role


def _has_routes(events: Template) -> bool:
    """Whether a function is part of the API; others are woken by timers."""
    return any(isinstance(event, dict) and event["Type"] == "HttpApi" for event in events.values())


def _replace_functions(template: Template, old: list[str], new: Template) -> None:
    """Take functions out, others in, and tell the alarms."""
    resources = template["Resources"]
    for name in old:
        del resources[name]
    resources.update(new)
    for alarm in _ALARMS_OF_ALL:
        properties = resources[alarm]["Properties"]
        total, *metrics = properties["Metrics"]
        kept = [metric for metric in metrics if _function_id(metric) not in old]
        added = [_watching(metrics[0], name) for name in new]
        properties["Metrics"] = [total, *kept, *added]


def _function_id(metric: Template) -> str:
    return str(metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"].value)


def _watching(metric: Template, function: str) -> Template:
    other = copy.deepcopy(metric)
    other["Id"] = function.removesuffix("Function").lower()
    other["MetricStat"]["Metric"]["Dimensions"][0]["Value"] = Tagged("!Ref", function)
    return other


VARIANTS = {"iam": with_iam, "single": with_one_function}


def main(variant: str, source: Path, target: Path) -> None:
    """Read one template and write the other."""
    template = yaml.load(source.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    VARIANTS[variant](template)
    template["Globals"]["Function"]["CodeUri"] = os.path.relpath(source.parent, target.parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=120)
    target.write_text(f"# Made from {source.name} by infra/variant.py {variant}.\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
