"""Files, datasets, autologging, logged models, the registry, prompts."""

import tempfile
from pathlib import Path

import mlflow
import numpy
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

X, Y = load_iris(return_X_y=True, as_frame=True)


def files(notes):
    client = MlflowClient()
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name="files") as run:
        root = Path(folder)
        (root / "sub dir").mkdir()
        (root / "a+b %.txt").write_text("plus")
        (root / "sub dir" / "é.bin").write_bytes(bytes(1000))
        mlflow.log_artifact(root / "a+b %.txt", "one")
        mlflow.log_artifact(root / "a+b %.txt")
        mlflow.log_artifacts(folder, "all")
        mlflow.log_text("words", "notes/words.txt")
        mlflow.log_dict({"a": [1, 2]}, "notes/a.json")
        mlflow.log_table({"x": [1, 2]}, "table.json")
        mlflow.log_table({"x": [3]}, "table.json")
        run_id = run.info.run_id
        for path in (None, "all", "all/sub dir", "notes/words.txt", "none", "../x", "/etc"):
            notes.call(
                f"list {path}", lambda path=path: sorted(client.list_artifacts(run_id, path), key=lambda f: f.path)
            )
        target = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="all", dst_path=f"{folder}/down")
        notes.note("downloaded", sorted(path.relative_to(target).as_posix() for path in Path(target).rglob("*")))
        notes.call("text", mlflow.artifacts.load_text, f"runs:/{run_id}/notes/words.txt")
        notes.call("by its uri", mlflow.artifacts.load_text, mlflow.get_artifact_uri("notes/words.txt"))
        notes.call("table", lambda: list(mlflow.load_table("table.json", run_ids=[run_id])["x"]))
        notes.note("where", mlflow.get_artifact_uri("a/b").partition("?")[0][-14:])
        notes.call("no file", mlflow.artifacts.download_artifacts, run_id=run_id, artifact_path="none")
        notes.call("no local file", mlflow.log_artifact, f"{folder}/none")
        mlflow.log_text("other words", "notes/words.txt")
        notes.call("replaced", mlflow.artifacts.load_text, f"runs:/{run_id}/notes/words.txt")
        client._tracking_client._get_artifact_repo(run_id).delete_artifacts("notes")
        notes.call("deleted", client.list_artifacts, run_id, "notes")


def datasets(notes, experiment_id):
    client = MlflowClient()
    with mlflow.start_run(run_name="datasets") as run:
        data = mlflow.data.from_pandas(X.assign(y=Y), name="iris", targets="y")
        mlflow.log_input(data, context="training", tags={"k": "v"})
        mlflow.log_input(data, context="training")
        mlflow.log_input(mlflow.data.from_numpy(numpy.ones(3), name="ones"))
    inputs = client.get_run(run.info.run_id).inputs
    notes.note(
        "inputs", sorted([use.dataset.name, sorted(map(str, dict(use).keys()))] for use in inputs.dataset_inputs)
    )
    first = next(use for use in inputs.dataset_inputs if use.dataset.name == "iris")
    notes.note("dataset", [dict(first.dataset), [dict(tag) for tag in first.tags]])
    found = client.search_runs([experiment_id], "datasets.name = 'iris' and datasets.context = 'training'")
    notes.note("found by it", [item.info.run_name for item in found])
    summaries = client._tracking_client.store._search_datasets([experiment_id])
    notes.note("summaries", sorted([item.name, item.context or ""] for item in summaries))


def autologging(notes):
    mlflow.sklearn.autolog()
    with mlflow.start_run(run_name="auto") as run:
        model = LogisticRegression(max_iter=300).fit(X, Y)
        model.score(X, Y)
    mlflow.sklearn.autolog(disable=True)
    logged = mlflow.get_run(run.info.run_id)
    notes.note("params", logged.data.params)
    notes.note("metrics", {key: round(value, 6) for key, value in logged.data.metrics.items()})
    notes.note("tags", {key: value for key, value in logged.data.tags.items() if "model.history" not in key})
    notes.note("inputs", [use.dataset.name for use in logged.inputs.dataset_inputs])
    notes.note("outputs", len(logged.outputs.model_outputs))
    notes.note("files", sorted(item.path for item in MlflowClient().list_artifacts(run.info.run_id)))
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    notes.note("same", bool((numpy.asarray(loaded.predict(X)) == model.predict(X)).all()))
    made = mlflow.get_logged_model(logged.outputs.model_outputs[0].model_id)
    notes.note("model", [made.name, made.model_type, str(made.status), sorted(metric.key for metric in made.metrics)])


def logged_models(notes, experiment_id):
    client = MlflowClient()
    model = LogisticRegression(max_iter=300).fit(X, Y)
    signature = infer_signature(X, model.predict(X))
    with mlflow.start_run(run_name="model") as run:
        info = mlflow.sklearn.log_model(model, name="model", signature=signature, params={"alpha": 1})
        mlflow.log_metric("heldout", 0.75, model_id=info.model_id)
        mlflow.log_metric("plain", 0.5)
    notes.call("logged model", client.get_logged_model, info.model_id)
    mlflow.set_logged_model_tags(info.model_id, {"k": "v", "gone": "1"})
    mlflow.delete_logged_model_tag(info.model_id, "gone")
    mlflow.log_model_params({"beta": "2"}, info.model_id)
    notes.call("with tags", client.get_logged_model, info.model_id)
    notes.call("metric of no model", client.log_metric, run.info.run_id, "m", 1, model_id="m-" + "0" * 32)
    for text in (
        "metrics.heldout > 0.5",
        "name = 'model'",
        "params.alpha = '1'",
        "tags.k = 'v'",
        "nonsense",
        "metrics.heldout < 0",
    ):
        notes.call(f"models where {text}", lambda text=text: [
            item.name for item in client.search_logged_models([experiment_id], text)
        ])  # fmt: skip
    bare = mlflow.initialize_logged_model(name="bare", tags={"a": "b"}, model_type="t")
    notes.call("bare", client.get_logged_model, bare.model_id)
    mlflow.finalize_logged_model(bare.model_id, "FAILED")
    notes.call("failed", lambda: str(client.get_logged_model(bare.model_id).status))
    order = [{"field_name": "creation_timestamp", "ascending": True}]
    page = client.search_logged_models([experiment_id], max_results=1, order_by=order)
    notes.note("page", [page[0].name, bool(page.token)])
    notes.note("pages", len(mlflow.search_logged_models([experiment_id], output_format="list")))
    client.delete_logged_model(bare.model_id)
    notes.call("deleted", client.get_logged_model, bare.model_id)
    notes.call("none", client.get_logged_model, "m-" + "0" * 32)
    notes.call("a bad name", mlflow.initialize_logged_model, name="a/b")
    notes.call("its files", lambda: sorted(item.path for item in client.list_artifacts(run.info.run_id, "model")))
    notes.call("loaded", lambda: mlflow.sklearn.load_model(info.model_uri).predict(X.head(2)).tolist())
    return run.info.run_id, info


def registry(notes, run_id, info):
    client = MlflowClient()
    notes.call("model", client.create_registered_model, "m", {"a": "b"}, "text")
    for title, name in (("a name twice", "m"), ("an empty name", ""), ("a slash", "a/b"), ("None", None)):
        notes.call(f"create with {title}", client.create_registered_model, name)
    notes.call("version", mlflow.register_model, info.model_uri, "m", tags={"t": "1"})
    notes.call("from a run", mlflow.register_model, f"runs:/{run_id}/model", "m")
    notes.call("by source", client.create_model_version, "m", f"runs:/{run_id}/model", run_id, description="third")
    notes.call("of no model", client.create_model_version, "none", f"runs:/{run_id}/model", run_id)
    notes.call("get", client.get_model_version, "m", "1")
    for version in ("9", "x", ""):
        notes.call(f"get version {version!r}", client.get_model_version, "m", version)
    notes.call("to Production", client.transition_model_version_stage, "m", "1", "Production")
    notes.call(
        "to production", client.transition_model_version_stage, "m", "2", "production", archive_existing_versions=True
    )
    notes.call("to Nowhere", client.transition_model_version_stage, "m", "2", "Nowhere")
    notes.call("archiving", client.transition_model_version_stage, "m", "3", "None", archive_existing_versions=True)
    for stages in (None, ["Production"], ["None", "Staging"], ["Nowhere"]):
        notes.call(f"latest of {stages}", lambda stages=stages: sorted(
            [str(item.version), item.current_stage] for item in client.get_latest_versions("m", stages)
        ))  # fmt: skip
    client.set_registered_model_alias("m", "champion", "2")
    for alias in ("champion", "none", "latest"):
        notes.call(f"alias {alias}", lambda alias=alias: str(client.get_model_version_by_alias("m", alias).version))
    for alias in ("latest", "v1", "a/b", ""):
        notes.call(f"set alias {alias!r}", client.set_registered_model_alias, "m", alias, "1")
    notes.call("alias of no version", client.set_registered_model_alias, "m", "other", "9")
    client.set_model_version_tag("m", "2", "checked", "yes")
    client.set_model_version_tag("m", stage="Production", key="staged", value="yes")
    client.set_registered_model_tag("m", "team", "flowers")
    client.delete_registered_model_tag("m", "a")
    notes.call("a tag of no version", client.set_model_version_tag, "m", "9", "k", "v")
    notes.call("describe version", client.update_model_version, "m", "2", "the good one")
    notes.call("describe model", client.update_registered_model, "m", "a model")
    notes.call("whole", client.get_registered_model, "m")
    for text in (
        "name = 'm'",
        "name LIKE 'M%'",
        "name ILIKE 'M%'",
        "tags.team = 'flowers'",
        "nonsense",
        "run_id = 'x'",
    ):
        notes.call(
            f"models where {text}", lambda text=text: [item.name for item in client.search_registered_models(text)]
        )
    for text in ("", "name = 'm'", f"run_id = '{run_id}'", "tags.checked = 'yes'", "version_number > 1", "nonsense"):
        notes.call(f"versions where {text[:9]}", lambda text=text: [
            [item.name, str(item.version)]
            for item in client.search_model_versions(text, order_by=["version_number ASC"])
        ])  # fmt: skip
    page = client.search_model_versions("name = 'm'", max_results=2, order_by=["version_number DESC"])
    notes.note("page", [[str(item.version) for item in page], bool(page.token)])
    notes.call("no results asked for, of models", client.search_registered_models, max_results=0)
    notes.call("too many", client.search_registered_models, max_results=5000)
    for uri in ("models:/m/Production", "models:/m/2", "models:/m@champion", "models:/m/latest"):
        notes.call(uri, lambda uri=uri: mlflow.pyfunc.load_model(uri).predict(X.head(2)).tolist())
    notes.call("rename", client.rename_registered_model, "m", "m2")
    notes.call("the old name", client.get_registered_model, "m")
    client.create_registered_model("taken")
    notes.call("rename to a name there is", client.rename_registered_model, "m2", "taken")
    notes.call("copy", client.copy_model_version, "models:/m2/2", "copied")
    notes.call("loaded copy", lambda: mlflow.pyfunc.load_model("models:/copied/1").predict(X.head(2)).tolist())
    client.delete_registered_model_alias("m2", "champion")
    notes.call("no alias again", client.delete_registered_model_alias, "m2", "champion")
    client.delete_model_version("m2", "3")
    notes.call("deleted version", client.get_model_version, "m2", "3")
    notes.call("delete again", client.delete_model_version, "m2", "3")
    notes.call("next", lambda: str(client.create_model_version("m2", info.model_uri, run_id).version))
    client.delete_registered_model("m2")
    notes.call("deleted", client.get_registered_model, "m2")
    notes.call("delete again", client.delete_registered_model, "m2")
    notes.call(
        "versions of the logged model", lambda: client.get_logged_model(info.model_id).tags.get("mlflow.modelVersions")
    )


def prompts(notes):
    first = mlflow.genai.register_prompt("greeting", "Hello {{name}}", commit_message="first", tags={"a": "b"})
    notes.note("prompt", [first.name, str(first.version), first.template, first.commit_message, first.tags])
    mlflow.genai.register_prompt("greeting", [{"role": "user", "content": "Hi {{name}}"}])
    mlflow.genai.set_prompt_alias("greeting", "live", 2)
    for uri in ("prompts:/greeting/1", "prompts:/greeting@live", "prompts:/greeting/9", "prompts:/none/1"):
        notes.call(uri, lambda uri=uri: mlflow.genai.load_prompt(uri).template)
    notes.call("all", lambda: [item.name for item in mlflow.genai.search_prompts()])
    notes.call("hidden", lambda: [item.name for item in MlflowClient().search_registered_models()])
    notes.call(
        "its versions", lambda: sorted(str(item.version) for item in MlflowClient().search_prompt_versions("greeting"))
    )
    MlflowClient().set_prompt_version_tag("greeting", 1, "k", "v")
    notes.call("tagged", lambda: mlflow.genai.load_prompt("prompts:/greeting/1").tags)
    notes.call("a model has its name", MlflowClient().create_registered_model, "greeting")


def tracing(notes):
    @mlflow.trace
    def traced(number):
        return number + 1

    notes.call("a traced function works", traced, 1)
