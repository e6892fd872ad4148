"""The same calls of stock MLflow on sqlite and on stores, and MLflow's other doors to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.mlflow_client.test_journey import JOURNEY
from tests.mlflow_plugin.differences import unexpected
from tests.mlflow_plugin.environments import HERE, run_script

pytestmark = pytest.mark.mlflow


def plugin_uri(url: str) -> str:
    """What MLflow is told of a store."""
    return f"cloudtrack+{url}"


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the calls give on MLflow's own store."""
    folder = tmp_path_factory.mktemp("sqlite")
    return notes("sqlite:///mlflow.db", folder)


def notes(uri: str, folder: Path) -> list[Any]:
    run_script(HERE / "parity.py", str(folder / "notes.json"), uri=uri, folder=folder)
    taken: list[Any] = json.loads((folder / "notes.json").read_text())
    return taken


@pytest.mark.parametrize("kind", ["folder", "moto-obstore", pytest.param("seaweed-s3fs", marks=pytest.mark.slow)])
def test_calls_give_on_a_store_what_they_give_on_sqlite(
    kind: str, on_sqlite: list[Any], make_url: Callable[[str], str], tmp_path: Path
) -> None:
    assert len(on_sqlite) > 250
    assert unexpected(on_sqlite, notes(plugin_uri(make_url(kind)), tmp_path)) == []


@pytest.mark.parametrize("mlflow", ["mlflow-3", "mlflow-2"])
def test_the_journey_of_a_user_arrives(mlflow: str, tmp_path: Path) -> None:
    done = run_script(JOURNEY, uri="cloudtrack+file:./store", folder=tmp_path, mlflow=mlflow)
    assert done.stdout.strip().endswith("done")
