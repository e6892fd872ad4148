"""A copied store is a store with the same content."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

import cloudtrack as ct
from cloudtrack.client import Client
from cloudtrack.demo import MODEL, run_demo
from cloudtrack.storage.folder import FolderStore
from cloudtrack.storage.opening import open_store


@pytest.fixture(autouse=True)
def _no_active_store() -> Iterator[None]:
    yield
    ct.set_tracking_uri("memory://none")


def _content(url: str) -> dict[str, Any]:
    """Everything a store says, without where it is."""
    client = Client(url, create=False)
    runs = client.runs.list([experiment.experiment_id for experiment in client.experiments.search()])
    return {
        "experiments": [(e.experiment_id, e.name, e.tags, e.creation_time) for e in client.experiments.search()],
        "runs": [(run.info.run_id, run.info.status, run.info.end_time, run.data, run.inputs) for run in runs],
        "histories": [client.metrics.history(run.info.run_id, "accuracy") for run in runs],
        "artifacts": [[(info.path, info.file_size) for info in client.artifacts.walk(run.info.run_id)] for run in runs],
        "models": client.registered_models.search(),
        "versions": client.model_versions.search(),
        "events": [event.model_dump() for event in client.history.events(MODEL)],
    }


def _predictions(url: str) -> list[int]:
    from sklearn.datasets import load_wine

    ct.set_tracking_uri(url)
    features, _ = load_wine(return_X_y=True, as_frame=True)
    return [int(value) for value in ct.pyfunc.load_model(f"models:/{MODEL}/Production").predict(features)]


def test_a_copied_folder_opens_with_equal_content(tmp_path: Path) -> None:
    ct.set_tracking_uri(tmp_path / "a")
    run_demo(lambda _: None)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    before = _content(str(tmp_path / "a"))
    predictions = _predictions(str(tmp_path / "a"))
    shutil.rmtree(tmp_path / "a")
    assert _content(str(tmp_path / "b")) == before
    assert _predictions(str(tmp_path / "b")) == predictions
    ct.set_tracking_uri(tmp_path / "b")
    assert run_demo(lambda _: None).version == 2


@pytest.mark.parametrize("kind", ["moto-obstore", "seaweed-s3fs"])
def test_a_store_goes_to_s3_and_back(kind: str, make_url: Callable[[str], str], tmp_path: Path) -> None:
    ct.set_tracking_uri(tmp_path / "a")
    run_demo(lambda _: None)
    before = _content(str(tmp_path / "a"))
    url = make_url(kind)
    bucket, _, rest = url.removeprefix("s3://").partition("/")
    prefix, _, options = rest.partition("?")
    endpoint = options.split("&")[0].removeprefix("endpoint_url=")
    s3 = boto3.client("s3", endpoint_url=endpoint)
    source = FolderStore(tmp_path / "a")
    for info in source.list():
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{info.key}", Body=source.get(info.key).body)
    assert _content(url) == before
    for info in open_store(url).list():
        target = tmp_path / "back" / info.key
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, f"{prefix}/{info.key}", str(target))
    assert _content(str(tmp_path / "back")) == before
