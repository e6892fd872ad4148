"""A model file is parsed by the server, and shown as text whatever it has."""

from __future__ import annotations

import pytest

from cloudtrack.api.app import App
from cloudtrack.client import Client
from tests.api.pages.making import new_run
from tests.api.sending import get, told

MLMODEL = """
artifact_path: model
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.0}
  sklearn: {pickled_model: model.pkl}
model_uuid: abc
saved_input_example_info: {artifact_path: input_example.json, type: dataframe}
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}, {"type": "string", "name": "y", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "t", "default": 0.5, "shape": null, "type": "double"}]'
utc_time_created: '2026-01-02 03:04:05'
"""


def test_a_model_file_is_parsed_here(client: Client, app: App) -> None:
    run_id = new_run(client)
    for path, text in {
        "MLmodel": MLMODEL,
        "input_example.json": '{"columns": ["x"], "data": [[1]]}' + " " * 100_000,
        "requirements.txt": "scikit-learn==1.5\n",
    }.items():
        client.artifacts.log_text(run_id, text, f"model/{path}")
    client.registered_models.create("churn")
    client.model_versions.create("churn", f"runs:/{run_id}/model", run_id=run_id)
    found = told(app, "models/mlmodel", run_id=run_id, path="model")
    assert found == told(app, "models/mlmodel", name="churn", version="1")
    assert found["raw"] == MLMODEL
    assert found["problem"] is None
    assert list(found["flavors"]) == ["python_function", "sklearn"]
    assert found["signature"] == {
        "inputs": [
            {"name": "x", "type": "double", "required": True},
            {"name": "y", "type": "string", "required": False},
        ],
        "outputs": [{"name": None, "type": "int64", "shape": [-1], "required": True}],
        "params": [{"name": "t", "type": "double", "default": 0.5, "shape": None}],
    }
    assert found["fields"]["model_uuid"] == "abc"
    assert found["input_example"]["path"] == "input_example.json"
    assert (len(found["input_example"]["text"]), found["input_example"]["size"]) == (64 << 10, 100_033)
    assert found["requirements"]["text"] == "scikit-learn==1.5\n"


@pytest.mark.parametrize(
    "text",
    [
        "flavors: !!python/object/apply:os.system ['touch /tmp/owned']\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b\n",
        "flavors: []\n",
        "{",
        "flavors: {}\nsignature: {inputs: 'no'}\n",
        "flavors: {}\nsaved_input_example_info: {artifact_path: ../../../run.json}\n",
        "flavors: {}\n1: {2: 3}\n? [1, 2]\n: 3\n",
        "flavors: " + "[" * 5000,
    ],
)
def test_a_hostile_model_file_is_shown_as_text(client: Client, app: App, text: str) -> None:
    run_id = new_run(client)
    client.artifacts.log_text(run_id, text, "MLmodel")
    found = told(app, "models/mlmodel", run_id=run_id)
    assert found["raw"] == text
    assert found["input_example"] is None
    assert found["problem"] is None or "MLmodel" in found["problem"]


def test_a_bomb_of_aliases_is_not_written_out(client: Client, app: App) -> None:
    run_id = new_run(client)
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    text = "\n".join(["l0: &l0 [x]", *levels, "flavors: {bomb: {b: *l9}}"])
    client.artifacts.log_text(run_id, text, "MLmodel")
    answer = get(app, "models/mlmodel", run_id=run_id)
    assert answer.status == 200
    assert len(answer.whole_body()) < 5_000_000
    assert "MLmodel" in answer.json()["problem"]


def test_where_there_is_no_model_it_is_said(client: Client, app: App) -> None:
    run_id = new_run(client)
    assert get(app, "models/mlmodel", run_id=run_id, path="none").status == 404
