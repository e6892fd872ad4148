"""What SAM makes of the template."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.infra.stack import ROOT

_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoPolicies:
    def load(self): return {}

template = yaml_parse(open(sys.argv[1], encoding="utf-8").read())
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
print(json.dumps(transform(template, {}, NoPolicies())))
"""


def translate(path: Path) -> dict[str, Any]:
    """A SAM template as CloudFormation gets it."""
    python = os.environ.get("SAM_PYTHON")
    if not python:
        pytest.skip("needs SAM: make template-test")
    command = [python, "-c", _TRANSLATE, str(path)]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    translated: dict[str, Any] = json.loads(done.stdout)
    return translated


@pytest.fixture(scope="session")
def translated_template() -> dict[str, Any]:
    """template.yaml, translated."""
    return translate(ROOT / "template.yaml")
