"""A program that uses the package has its types, also of names that are loaded when they are first used."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import assert_type

import cloudtrack as ct
from cloudtrack.entities.experiment import Experiment
from cloudtrack.entities.run import Run


def program(client: ct.Client) -> None:
    """Never runs: `make lint` has mypy look at it."""
    with ct.start_run() as active:
        assert_type(active, ct.ActiveRun)
        assert_type(active.info.run_id, str)
    assert_type(ct.get_run("id"), Run)
    assert_type(ct.get_experiment("0"), Experiment)
    assert_type(client.runs.get("id"), Run)
    assert_type(ct.get_tracking_uri(), str)


def test_each_public_name_is_known_to_type_checkers() -> None:
    tree = ast.parse(Path(ct.__file__).read_text(encoding="utf-8"))
    (known,) = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {name.asname for node in known.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert set(ct.__all__) - imported == {name for name in ct.__all__ if name in vars(ct) and name.startswith("__")}
    assert (Path(ct.__file__).parent / "py.typed").exists()
