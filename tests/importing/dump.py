"""What MLflow's client says of a tracking store, all of it, as JSON: ``dump.py URI``.

For an interpreter with MLflow, 2 or 3.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

IS_3 = mlflow.__version__.startswith("3")


def pages(search, **arguments):
    token = None
    while True:
        found = search(page_token=token, **arguments)
        yield from found
        token = found.token
        if not token:
            return


def number(value):
    """JSON has no NaN. MLflow's databases keep the largest float for infinity."""
    return repr(max(min(float(value), sys.float_info.max), -sys.float_info.max))


def point(metric):
    return [metric.key, number(metric.value), metric.step, metric.timestamp]


def files(client, run_id, folder):
    found = {}
    for item in client.list_artifacts(run_id, folder):
        if item.is_dir:
            found.update(files(client, run_id, item.path))
        else:
            with tempfile.TemporaryDirectory() as target:
                body = Path(client.download_artifacts(run_id, item.path, target)).read_bytes()
            found[item.path] = [item.file_size, hashlib.sha256(body).hexdigest()]
    return found


def run(client, run_id):
    found = client.get_run(run_id)
    info, data = found.info, found.data
    history = [point(each) for key in data.metrics for each in client.get_metric_history(run_id, key)]
    return {
        "info": [
            info.experiment_id,
            info.run_name,
            info.user_id,
            info.status,
            info.start_time,
            info.end_time,
            info.lifecycle_stage,
        ],
        "params": data.params,
        "tags": data.tags,
        "last": {key: number(value) for key, value in data.metrics.items()},
        "history": sorted(history),
        "datasets": sorted(
            [
                [
                    *(use.dataset.name, use.dataset.digest, use.dataset.source_type, use.dataset.source),
                    *(use.dataset.schema or "", use.dataset.profile or ""),
                    sorted([tag.key, tag.value] for tag in use.tags),
                ]
                for use in (found.inputs.dataset_inputs if found.inputs else [])
            ]
        ),
        "read": sorted(each.model_id for each in getattr(found.inputs, "model_inputs", None) or []),
        "made": sorted(
            [each.model_id, each.step] for each in getattr(getattr(found, "outputs", None), "model_outputs", None) or []
        ),
        "files": files(client, run_id, None) if info.lifecycle_stage == "active" else {},
    }


def logged_model(model):
    return {
        "info": [
            *(model.experiment_id, model.name, model.model_type, model.source_run_id, str(model.status)),
            *(model.creation_timestamp, model.last_updated_timestamp),
        ],
        "tags": model.tags,
        "params": model.params,
        "metrics": sorted(
            [*point(each), each.run_id, each.dataset_name or "", each.dataset_digest or ""]
            for each in model.metrics or []
        ),
    }


def version(found):
    return {
        "info": [
            *(int(found.version), found.creation_timestamp, found.last_updated_timestamp, found.description or ""),
            *(found.current_stage, found.run_id or "", found.run_link or "", found.status, found.user_id or ""),
        ],
        "tags": found.tags,
    }


def main():
    mlflow.set_tracking_uri(sys.argv[1])
    client = MlflowClient()
    experiments = list(pages(client.search_experiments, view_type=ViewType.ALL))
    ids = [each.experiment_id for each in experiments]
    runs = [
        each
        for its_id in ids
        for each in pages(client.search_runs, experiment_ids=[its_id], run_view_type=ViewType.ALL)
    ]
    models = (
        [each for its_id in ids for each in pages(client.search_logged_models, experiment_ids=[its_id])] if IS_3 else []
    )
    plain = list(pages(client.search_registered_models))
    prompts = list(
        pages(client.search_registered_models, filter_string="tags.`mlflow.prompt.is_prompt` = 'true'") if IS_3 else []
    )
    registered = {each.name: each for each in [*plain, *prompts]}
    tag = "tags.`mlflow.prompt.is_prompt` = 'true'"
    content = {
        "experiments": {
            each.experiment_id: [
                each.name,
                each.lifecycle_stage,
                each.creation_time,
                each.last_update_time,
                each.tags,
            ]
            for each in experiments
        },
        "runs": {each.info.run_id: run(client, each.info.run_id) for each in runs},
        "logged models": {each.model_id: logged_model(each) for each in models},
        "registered models": {
            name: {
                "info": [each.creation_timestamp, each.last_updated_timestamp, each.description or ""],
                "tags": each.tags,
                "aliases": {key: int(value) for key, value in each.aliases.items()},
                "latest": sorted([found.current_stage, int(found.version)] for found in each.latest_versions or []),
                "versions": {
                    str(found.version): version(found)
                    for found in pages(
                        client.search_model_versions,
                        filter_string=f"name = '{name}'" + (f" and {tag}" if each in prompts else ""),
                    )
                },
            }
            for name, each in registered.items()
        },
    }
    json.dump(content, sys.stdout, sort_keys=True, indent=1)


main()
