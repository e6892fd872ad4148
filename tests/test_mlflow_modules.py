"""Modules and names are where MLflow has them, once."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from cloudtrack.mlflow_names import HOMES, NAMES


def test_each_module_of_mlflows_is_one_of_ours() -> None:
    code = f"""
import importlib, sys
homes = { ({name: home for name, home in HOMES.items() if "ray" not in name})!r}
for name, home in homes.items():
    module = importlib.import_module(name)
    assert module is importlib.import_module(home), name
    assert module.__spec__.name == home, (name, module.__spec__)
import cloudtrack as ct
import cloudtrack.types.schema as schema
assert ct.sklearn is sys.modules["cloudtrack.flavors.sklearn"] and ct.types is schema
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", ["cloudtrack.types.schema", "cloudtrack.utils.mlflow_tags", "cloudtrack.store.entities"]
)
def test_a_module_can_be_imported_first(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", NAMES)
def test_names_are_found_where_mlflow_has_them(module: str) -> None:
    found = importlib.import_module(module)
    for name in NAMES[module]:
        assert getattr(found, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = found.nonsense


def test_a_module_that_nobody_has_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"cloudtrack\.gateway"):
        importlib.import_module("cloudtrack.gateway")
