"""Stores of MLflow written by hand: a folder, and a database with the columns that matter."""

import shutil
import sqlite3
from pathlib import Path

RUN, CHILD, MODEL = "a" * 32, "b" * 32, f"m-{'c' * 32}"
START = 1_600_000_000_000


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def folder(root: Path) -> Path:
    """Two experiments, one of them deleted; two runs; a logged model; a model with versions 2 and 4."""
    write(
        root / "0/meta.yaml", f"experiment_id: '0'\nname: Default\ncreation_time: {START}\nlast_update_time: {START}\n"
    )
    write(
        root / "7/meta.yaml",
        f"experiment_id: '7'\nname: first\ncreation_time: {START}\nlast_update_time: {START + 5}\n",
    )
    write(root / "7/tags/team", "red")
    write(
        root / ".trash/8/meta.yaml",
        f"experiment_id: '8'\nname: old\ncreation_time: {START}\nlast_update_time: {START + 9}\n"
        "lifecycle_stage: deleted\n",
    )
    run(root / "7" / RUN, RUN, "7", f"run_name: one\nstatus: 3\nend_time: {START + 100}\nlifecycle_stage: active")
    write(
        root / f"7/{RUN}/metrics/val/loss",
        f"{START} 0.5 0\n{START + 1} nan 1\n{START + 1} 0.25 1\n{START + 2} -inf 2\n",
    )
    write(root / f"7/{RUN}/params/lr", "0.1")
    write(root / f"7/{RUN}/params/empty", "")
    write(root / f"7/{RUN}/tags/mlflow.runName", "one")
    write(root / f"7/{RUN}/artifacts/model/MLmodel", "flavors: {}\n")
    write(root / "7/datasets/d1/meta.yaml", "name: train\ndigest: d0\nsource_type: local\nsource: x\nschema: null\n")
    write(
        root / f"7/{RUN}/inputs/u1/meta.yaml",
        "source_id: d1\nsource_type: DATASET\ntags:\n  mlflow.data.context: training\n",
    )
    write(root / f"7/{RUN}/outputs/{MODEL}/meta.yaml", f"destination_id: {MODEL}\nstep: 3\n")
    run(root / ".trash/8" / CHILD, CHILD, "8", "run_name: two\nstatus: 4\nend_time: null\nlifecycle_stage: deleted")
    write(
        root / f"7/models/{MODEL}/meta.yaml",
        f"model_id: {MODEL}\nname: net\nstatus: 2\ncreation_timestamp: {START}\nlast_updated_timestamp: {START + 3}\n"
        f"source_run_id: {RUN}\nmodel_type: agent\nartifact_location: /elsewhere/7/models/{MODEL}/artifacts\n",
    )
    write(root / f"7/models/{MODEL}/metrics/acc", f"{START} 0.5 1 {RUN} train d0\n{START} 0.75 2 {RUN} train d0\n")
    write(root / f"7/models/{MODEL}/artifacts/weights.bin", "weights")
    write(
        root / "models/churn/meta.yaml",
        f"name: churn\ncreation_timestamp: {START}\nlast_updated_timestamp: {START + 50}\ndescription: who leaves\n",
    )
    write(root / "models/churn/aliases/champion", "2")
    write(root / "models/churn/tags/owner", "ann")
    for number, stage in ((2, "Production"), (4, "None")):
        write(
            root / f"models/churn/version-{number}/meta.yaml",
            f"name: churn\nversion: {number}\ncreation_timestamp: {START + number}\ncurrent_stage: {stage}\n"
            f"last_updated_timestamp: {START + 10 * number}\nrun_id: {RUN}\nuser_id: bob\n"
            f"source: /elsewhere/7/{RUN}/artifacts/model\n",
        )
    return root


def run(home: Path, run_id: str, experiment_id: str, more: str) -> None:
    write(
        home / "meta.yaml",
        f"run_id: {run_id}\nexperiment_id: '{experiment_id}'\nuser_id: ann\nstart_time: {START}\n"
        f"artifact_uri: file:///elsewhere/{experiment_id}/{run_id}/artifacts\n{more}\n",
    )


def database(home: Path) -> Path:
    """The same as a database, in an old schema: without logged models and workspaces."""
    home.mkdir()
    files = home / f"mlruns/7/{RUN}/artifacts"
    write(files / "model/MLmodel", "flavors: {}\n")
    tables = sqlite3.connect(home / "mlflow.db")
    tables.executescript(
        """
        CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT, creation_time BIGINT,
            last_update_time BIGINT);
        CREATE TABLE experiment_tags (key TEXT, value TEXT, experiment_id INTEGER);
        CREATE TABLE runs (run_uuid TEXT, name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT,
            lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER);
        CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
        CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
        CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
        CREATE TABLE datasets (dataset_uuid TEXT, name TEXT, digest TEXT, dataset_source_type TEXT, dataset_source TEXT,
            dataset_schema TEXT, dataset_profile TEXT);
        CREATE TABLE inputs (input_uuid TEXT, source_type TEXT, source_id TEXT, destination_type TEXT,
            destination_id TEXT, step BIGINT);
        CREATE TABLE input_tags (input_uuid TEXT, name TEXT, value TEXT);
        CREATE TABLE registered_models (name TEXT, creation_time BIGINT, last_updated_time BIGINT, description TEXT);
        CREATE TABLE registered_model_tags (key TEXT, value TEXT, name TEXT);
        CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT);
        CREATE TABLE model_versions (name TEXT, version INTEGER, creation_time BIGINT, last_updated_time BIGINT,
            description TEXT, user_id TEXT, current_stage TEXT, source TEXT, run_id TEXT, run_link TEXT);
        CREATE TABLE model_version_tags (key TEXT, value TEXT, name TEXT, version INTEGER);
        CREATE TABLE trace_info (request_id TEXT);
        """
    )

    def insert(table: str, *rows: tuple) -> None:
        tables.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    insert(
        "experiments",
        (0, "Default", "active", START, START),
        (7, "first", "active", START, START + 5),
        (8, "old", "deleted", START, START + 9),
    )
    insert("experiment_tags", ("team", "red", 7))
    insert(
        "runs",
        (RUN, "one", "ann", "FINISHED", START, START + 100, "active", str(files), 7),
        (CHILD, "two", "ann", "FAILED", START, None, "deleted", "", 8),
    )
    insert(
        "metrics",
        ("val/loss", 0.5, START, RUN, 0, 0),
        ("val/loss", 0, START + 1, RUN, 1, 1),
        ("val/loss", 0.25, START + 1, RUN, 1, 0),
        ("val/loss", float("-inf"), START + 2, RUN, 2, 0),
    )
    insert("params", ("lr", "0.1", RUN), ("empty", "", RUN))
    insert("tags", ("mlflow.runName", "one", RUN))
    insert("datasets", ("d1", "train", "d0", "local", "x", None, None))
    insert("inputs", ("u1", "DATASET", "d1", "RUN", RUN, 0), ("u2", "RUN_OUTPUT", RUN, "MODEL_OUTPUT", MODEL, 3))
    insert("input_tags", ("u1", "mlflow.data.context", "training"))
    insert("registered_models", ("churn", START, START + 50, "who leaves"))
    insert("registered_model_tags", ("owner", "ann", "churn"))
    insert("registered_model_aliases", ("champion", 2, "churn"))
    insert(
        "model_versions",
        ("churn", 2, START + 2, START + 20, None, "bob", "Production", f"{files}/model", RUN, None),
        ("churn", 3, START + 3, START + 30, None, None, "Deleted_Internal", "REDACTED", "REDACTED", None),
        ("churn", 4, START + 4, START + 40, None, "bob", "None", f"{files}/model", RUN, None),
    )
    insert("trace_info", ("t1",), ("t2",))
    tables.commit()
    tables.close()
    return home / "mlflow.db"


def without_logged_models(root: Path) -> None:
    """As MLflow 2 has it."""
    shutil.rmtree(root / "7/models")
