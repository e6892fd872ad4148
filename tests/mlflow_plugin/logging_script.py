"""What is logged by MLflow's client, and what of it the store is asked: ``python logging_script.py OUT``."""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient

sys.path.insert(0, str(Path(__file__).parents[2]))

from cloudtrack.client import Client
from cloudtrack.mlflow_plugin import opened_store
from cloudtrack.mlflow_plugin.place import parse_place
from cloudtrack.storage.opening import open_store
from tests.storage.lossy import CountingStore

place = parse_place(mlflow.get_tracking_uri())
counting = CountingStore(open_store(place.address))
opened_store._clients[place.address] = Client(counting)
client = MlflowClient()
experiment_id = mlflow.set_experiment("counted").experiment_id
told = {}

counting.reset()
with mlflow.start_run() as run:
    mlflow.log_params({f"p{number}": number for number in range(100)})
    for step in range(1000):
        mlflow.log_metric("loss", step, step=step)
told["writes of a run"] = counting.writes

with mlflow.start_run() as seen:
    seen_id = seen.info.run_id
    mlflow.log_metric("m", 1.0)
    told["read back"] = client.get_run(seen_id).data.metrics
    mlflow.log_metric("m", 2.0)
    told["history"] = [point.value for point in client.get_metric_history(seen_id, "m")]
    mlflow.log_metric("m", 3.0)
    told["searched"] = [run.data.metrics for run in client.search_runs([experiment_id], "metrics.m = 3")]
    other = Client(open_store(place.address))
    told["status"] = other.runs.get(seen_id).info.status
told["and then"] = other.runs.get(seen_id).info.status
told["all of it"] = len(other.metrics.history(run.info.run_id, "loss"))

counting.reset()
client.log_metric(seen_id, "late", 1.0)
told["writes to a run that has ended"] = counting.writes
told["and its status"] = client.get_run(seen_id).info.status
Path(sys.argv[1]).write_text(json.dumps(told))
