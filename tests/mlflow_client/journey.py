"""What a user of MLflow does, with MLflow alone: runs in MLflow's own environment against a tracking server.

``python journey.py``, with MLFLOW_TRACKING_URI set. Prints "done" at the end; any difference raises.
Works with MLflow 3 and with the last MLflow 2.
"""

import json
import os
import tempfile
from pathlib import Path

import mlflow
import numpy
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

IS_3 = int(mlflow.__version__.split(".")[0]) >= 3
X, Y = load_iris(return_X_y=True, as_frame=True)
client = MlflowClient()


def raises(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        found = error.error_code
    else:
        found = "nothing"
    assert found == code, f"{call.__name__} raised {found}, not {code}"


def log_model(model, **kwargs):
    place = {"name": "model"} if IS_3 else {"artifact_path": "model"}
    return mlflow.sklearn.log_model(model, **place, **kwargs)


def experiments():
    experiment_id = mlflow.create_experiment("journey/a", tags={"team": "flowers"})
    assert mlflow.get_experiment(experiment_id).tags["team"] == "flowers"
    raises("RESOURCE_ALREADY_EXISTS", mlflow.create_experiment, "journey/a")
    client.rename_experiment(experiment_id, "journey/b")
    assert mlflow.get_experiment_by_name("journey/a") is None
    client.set_experiment_tag(experiment_id, "owner", "me")
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    client.restore_experiment(experiment_id)
    found = mlflow.search_experiments(filter_string="name LIKE 'journey/%'")
    assert [item.experiment_id for item in found] == [experiment_id]
    mlflow.set_experiment("journey")


def autolog():
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="auto") as run:
        model = RandomForestClassifier(n_estimators=4, random_state=1).fit(X, Y)
        model.score(X, Y)
    mlflow.sklearn.autolog(disable=True)
    logged = mlflow.get_run(run.info.run_id)
    assert logged.info.status == "FINISHED"
    assert logged.data.params["n_estimators"] == "4"
    assert logged.data.metrics["training_score"] > 0.9
    assert logged.data.tags["estimator_name"] == "RandomForestClassifier"
    assert any(item.dataset.name == "dataset" for item in logged.inputs.dataset_inputs)
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert (numpy.asarray(loaded.predict(X)) == model.predict(X)).all()


def tracking():
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_params({"lr": 0.1, "depth": 3})
        mlflow.log_param("single", "x")
        mlflow.set_tags({"kind": "parent"})
        for step in range(12):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.5, "nan": float("nan")}, step=3)
        data = mlflow.data.from_pandas(X.assign(y=Y), name="iris", targets="y")
        mlflow.log_input(data, context="training")
        for child in range(3):
            with mlflow.start_run(nested=True, run_name=f"child-{child}"):
                mlflow.log_metric("score", child)
                mlflow.log_param("child", child)
    run_id = parent.info.run_id
    run = client.get_run(run_id)
    assert run.data.params == {"lr": "0.1", "depth": "3", "single": "x"}
    assert run.data.metrics["loss"] == 1 / 12
    assert numpy.isnan(run.data.metrics["nan"])
    assert len(client.get_metric_history(run_id, "loss")) == 12
    assert run.inputs.dataset_inputs[0].dataset.name == "iris"
    raises("INVALID_PARAMETER_VALUE", client.log_param, run_id, "lr", "0.2")
    raises("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{run_id}'", order_by=["metrics.score DESC"]
    )
    assert list(children["metrics.score"]) == [2, 1, 0]
    assert client.get_parent_run(children.run_id[0]).info.run_id == run_id
    experiment_id = run.info.experiment_id
    pages, token = [], None
    while True:
        page = client.search_runs(
            [experiment_id], order_by=["attributes.start_time ASC"], max_results=2, page_token=token
        )
        pages += [item.info.run_id for item in page]
        token = page.token
        if not token:
            break
    assert len(pages) == len(set(pages)) == 4
    best = client.search_runs([experiment_id], "metrics.score >= 1 and params.child != '2' and status = 'FINISHED'")
    assert [item.data.params["child"] for item in best] == ["1"]
    client.set_tag(run_id, "gone", "1")
    client.delete_tag(run_id, "gone")
    assert "gone" not in client.get_run(run_id).data.tags
    client.update_run(run_id, name="renamed")
    assert client.get_run(run_id).info.run_name == "renamed"
    mlflow.delete_run(children.run_id[2])
    assert len(client.search_runs([experiment_id])) == 3
    client.restore_run(children.run_id[2])
    created = client.create_run(experiment_id, run_name="by client", tags={"a": "b"})
    client.set_terminated(created.info.run_id, status="FAILED")
    assert client.get_run(created.info.run_id).info.status == "FAILED"
    return run_id


def artifacts(run_id):
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_id=run_id):
        root = Path(folder)
        (root / "sub dir").mkdir()
        (root / "a+b %.txt").write_text("plus")
        (root / "sub dir" / "é.bin").write_bytes(os.urandom(3 << 20))
        mlflow.log_artifact(str(root / "a+b %.txt"), "one")
        mlflow.log_artifacts(folder, "all")
        mlflow.log_text("words", "notes/words.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/a.json")
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
        listed = sorted(item.path for item in client.list_artifacts(run_id))
        assert listed == ["all", "notes", "one", "table.json"], listed
        assert [item.path for item in client.list_artifacts(run_id, "all")] == ["all/a+b %.txt", "all/sub dir"]
        target = Path(
            mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="all", dst_path=folder + "/down")
        )
        for file in ("a+b %.txt", "sub dir/é.bin"):
            assert (target / file).read_bytes() == (root / file).read_bytes()
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/words.txt") == "words"
        assert json.loads(mlflow.artifacts.load_text(f"runs:/{run_id}/notes/a.json")) == {"a": [1, 2]}
        raises_any(mlflow.artifacts.download_artifacts, run_id=run_id, artifact_path="none")


def raises_any(call, **kwargs):
    try:
        call(**kwargs)
    except Exception:
        return
    raise AssertionError("did not raise")


def registry():
    model = LogisticRegression(max_iter=500).fit(X, Y)
    signature = infer_signature(X, model.predict(X))
    with mlflow.start_run(run_name="register") as run:
        info = log_model(model, signature=signature, input_example=X.head(2), registered_model_name="m")
        mlflow.log_metric("final", 0.9)
    raises("RESOURCE_ALREADY_EXISTS", client.create_registered_model, "m")
    first = client.get_model_version("m", "1")
    assert first.status == "READY"
    assert first.run_id == run.info.run_id
    second = mlflow.register_model(info.model_uri, "m")
    third = mlflow.register_model(f"runs:/{run.info.run_id}/model", "m", tags={"t": "3"})
    assert (second.version, third.version) == ("2", "3") or (second.version, third.version) == (2, 3)
    client.transition_model_version_stage("m", "1", "Production")
    client.transition_model_version_stage("m", "2", "Production", archive_existing_versions=True)
    client.transition_model_version_stage("m", "3", "staging")
    assert client.get_model_version("m", "1").current_stage == "Archived"
    assert {v.current_stage: int(v.version) for v in client.get_latest_versions("m")} == {
        "Archived": 1,
        "Production": 2,
        "Staging": 3,
    }
    client.set_registered_model_alias("m", "champion", "2")
    client.set_model_version_tag("m", "2", "checked", "yes")
    client.set_registered_model_tag("m", "team", "flowers")
    client.update_model_version("m", "2", "the good one")
    client.update_registered_model("m", "a model")
    assert int(client.get_model_version_by_alias("m", "champion").version) == 2
    whole = client.get_registered_model("m")
    assert whole.tags["team"] == "flowers"
    assert whole.description == "a model"
    assert {alias: int(version) for alias, version in whole.aliases.items()} == {"champion": 2}
    for uri in ("models:/m/Production", "models:/m/2", "models:/m@champion", "models:/m/latest"):
        loaded = mlflow.pyfunc.load_model(uri)
        assert (numpy.asarray(loaded.predict(X)) == model.predict(X)).all()
        assert loaded.metadata.signature == signature
    raises("INVALID_PARAMETER_VALUE", client.transition_model_version_stage, "m", "2", "Nowhere")
    found = client.search_model_versions("name = 'm'", order_by=["version_number ASC"])
    assert [int(version.version) for version in found] == [1, 2, 3]
    assert [model.name for model in client.search_registered_models("name LIKE 'm%'")] == ["m"]
    client.rename_registered_model("m", "m2")
    client.rename_registered_model("m2", "m")
    copied = client.copy_model_version("models:/m/2", "copy")
    assert int(copied.version) == 1
    assert (numpy.asarray(mlflow.pyfunc.load_model("models:/copy/1").predict(X)) == model.predict(X)).all()
    client.delete_registered_model_alias("m", "champion")
    client.delete_model_version_tag("m", "2", "checked")
    client.delete_model_version("m", "3")
    raises("RESOURCE_DOES_NOT_EXIST", client.get_model_version, "m", "3")
    client.delete_registered_model("copy")
    raises("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "copy")
    return run.info.run_id


def logged_models(run_id):
    experiment_id = client.get_run(run_id).info.experiment_id
    found = mlflow.search_logged_models(
        [experiment_id], filter_string=f"source_run_id = '{run_id}'", output_format="list"
    )
    assert len(found) == 1
    model = mlflow.get_logged_model(found[0].model_id)
    assert model.status == "READY"
    assert model.source_run_id == run_id
    assert "m" in model.tags["mlflow.modelVersions"]
    mlflow.set_logged_model_tags(model.model_id, {"k": "v"})
    mlflow.log_metric("heldout", 0.75, model_id=model.model_id, run_id=run_id)
    model = mlflow.get_logged_model(model.model_id)
    assert model.tags["k"] == "v"
    assert [(metric.key, metric.value) for metric in model.metrics if metric.key == "heldout"] == [("heldout", 0.75)]
    best = mlflow.search_logged_models(
        [experiment_id],
        filter_string="metrics.heldout > 0.5",
        order_by=[{"field_name": "metrics.heldout"}],
        output_format="list",
    )
    assert [item.model_id for item in best] == [model.model_id]
    loaded = mlflow.sklearn.load_model(f"models:/{model.model_id}")
    assert loaded.predict(X).shape == (150,)
    made = mlflow.initialize_logged_model(name="bare", params={"a": "1"})
    mlflow.finalize_logged_model(made.model_id, "FAILED")
    client.delete_logged_model(made.model_id)
    raises("RESOURCE_DOES_NOT_EXIST", mlflow.get_logged_model, made.model_id)


experiments()
tracked = tracking()
artifacts(tracked)
autolog()
registered = registry()
if IS_3:
    logged_models(registered)
print("done")
