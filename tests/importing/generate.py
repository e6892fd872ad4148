"""Fill a tracking store of MLflow with everything it has: ``generate.py URI EXPERIMENTS RUNS POINTS``.

For an interpreter with MLflow, 2 or 3.
"""

import math
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

IS_3 = mlflow.__version__.startswith("3")
START = 1_700_000_000_000


def points(count):
    yield from (Metric("loss", 1 / (step + 1), START + step, step) for step in range(count))
    yield from (
        Metric("nan", math.nan, START, 0),
        Metric("nan", 1.5, START + 1, 1),
        Metric("only nan", math.nan, START, 0),
    )
    yield from (Metric("inf", math.inf, START, 3), Metric("ninf", -math.inf, START, 3))
    yield from (Metric("neg", 2.0, START, -5), Metric("neg", 3.0, START, -6))
    yield from (Metric("val/acc x", value, START + time, 2) for value, time in ((0.5, 9), (0.25, 5), (0.75, 5)))


def files(folder):
    (folder / "sub").mkdir()
    (folder / "a.txt").write_text("hello\n")
    (folder / "sub" / "b c.bin").write_bytes(bytes(range(256)) * 40)
    return folder


def make_runs(client, experiments, count, each, folder):
    made, parent = [], None
    for i in range(count):
        tags = {"kind": "x" * (i % 5 + 1), "mlflow.user": f"user{i % 3}"}
        if parent and i % 7 == 3:
            tags["mlflow.parentRunId"] = parent
        experiment = experiments[i % len(experiments)] if i % 23 else "0"
        run_id = client.create_run(experiment, START + i * 1000, tags=tags, run_name=f"run-{i}").info.run_id
        parent = run_id if i % 10 == 0 else parent
        some = list(points(each))
        for first in range(0, len(some), 900):
            client.log_batch(run_id, metrics=some[first : first + 900])
        params = {"lr": str(i / 100), "deep/key a": "v\nw: \u00e9", "empty": "", "yamlish": "a: [1, {"}
        client.log_batch(run_id, params=[Param(*item) for item in params.items()], tags=[RunTag("long", "z" * 3000)])
        if i % 4 == 0:
            client.log_artifact(run_id, str(folder / "a.txt"))
            client.log_artifacts(run_id, str(folder / "sub"), "deep/dir")
        if i % 5 == 0:
            used = [
                DatasetInput(
                    Dataset("train", f"d{i % 3}", "local", '{"uri": "/x"}', '{"s":1}', '{"rows": 3}'),
                    [InputTag("mlflow.data.context", "training"), InputTag("other", "1")],
                ),
                DatasetInput(Dataset("val", "dv", "local", "{}"), [InputTag("mlflow.data.context", "eval")]),
            ]
            client.log_inputs(run_id, used)
        if status := ("FINISHED", "FINISHED", "FINISHED", "KILLED", "FAILED", "")[i % 6]:
            client.set_terminated(run_id, status, START + 900_000 + i)
        made.append((run_id, experiment))
    return made


def make_logged_models(client, runs, folder):
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    made = []
    for k in range(6):
        run_id, experiment = runs[k * 3]
        model_id = client.create_logged_model(
            experiment,
            name=f"lm{k}",
            source_run_id=run_id,
            tags={"t": "1", "u": str(k)},
            params={"p": "v", "q": ""},
            model_type="agent",
        ).model_id
        on = {"model_id": model_id, "dataset_name": "train", "dataset_digest": "d0"}
        metrics = [Metric("mm", 0.5 + k, START, 1, **on), Metric("mm", 0.9 + k, START + 1, 2, **on)]
        client.log_batch(run_id, metrics=[*metrics, Metric("mm2", 0.1, START, 2, model_id=model_id)])
        client.log_model_artifact(model_id, str(folder / "a.txt"))
        if k != 3:
            client.finalize_logged_model(model_id, "FAILED" if k == 2 else "READY")
        client.log_outputs(run_id, [LoggedModelOutput(model_id, step=k)])
        client.log_inputs(runs[k * 3 + 1][0], models=[LoggedModelInput(model_id)])
        made.append(model_id)
    client.delete_logged_model(made[4])
    return made


def fill_registry(client, runs, models):
    client.create_registered_model("reg a", tags={"owner": "ann"}, description="desc of a")
    client.create_registered_model("reg-b", tags={"owner": "ann"})
    client.create_registered_model("empty")
    for k in range(6):
        run_id = runs[4 * k][0]
        source = f"{client.get_run(run_id).info.artifact_uri}/deep/dir"
        link = "https://x/y" if k == 2 else None
        client.create_model_version("reg a", source, run_id, {"v": str(k)}, link, f"version {k}")
    for k in range(3):
        client.create_model_version("reg-b", f"runs:/{runs[4 * k][0]}/deep/dir", runs[4 * k][0])
    if models:
        client.create_model_version("reg-b", f"models:/{models[0]}", model_id=models[0])
        for text in ("Hello {{name}}", "Hi {{name}}"):
            mlflow.genai.register_prompt("my-prompt", text, commit_message="first", tags={"a": "b"})
    for number, stage in ((2, "Production"), (4, "Staging"), (5, "Archived")):
        client.transition_model_version_stage("reg a", number, stage)
    for alias, number in (("champion", 2), ("second", 2), ("chal", 6)):
        client.set_registered_model_alias("reg a", alias, number)
    for name, number in (("reg a", 3), ("reg a", 1), ("reg-b", 1)):
        client.delete_model_version(name, number)


def main():
    uri, experiments, runs, each = sys.argv[1], *map(int, sys.argv[2:])
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    made = [
        client.create_experiment(f"exp {e} \u00e9/x", tags={"team": f"t{e}", "mlflow.note.content": "n"})
        for e in range(experiments)
    ]
    client.set_experiment_tag("0", "default-tag", "yes")
    with tempfile.TemporaryDirectory() as temporary:
        folder = files(Path(temporary))
        filled = make_runs(client, made, runs, each, folder)
        models = make_logged_models(client, filled, folder) if IS_3 else []
    fill_registry(client, filled, models)
    for run_id, _ in filled[::11]:
        client.delete_run(run_id)
    client.delete_experiment(made[-1])
    client.rename_experiment(made[1], "renamed one")


main()
