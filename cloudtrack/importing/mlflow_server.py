"""A server that speaks MLflow's REST API: MLflow's own, or another's behind it; nothing of MLflow is needed.

A server does not tell everything: versions and logged models that were deleted are not seen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO, cast

from cloudtrack.errors import CloudtrackError, CorruptData, NotFound
from cloudtrack.importing.foreign import (
    ForeignExperiment,
    ForeignFile,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    ForeignVersion,
    RunContent,
)
from cloudtrack.importing.mlflow_answers import Json, mapping, mappings, pages, texts
from cloudtrack.importing.mlflow_values import model_id_in, model_status, run_status, stage_of_life
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.values import decimal, text, time_ms, whole
from cloudtrack.remote.addresses import MLFLOW, target
from cloudtrack.remote.connection import Connection
from cloudtrack.tracking.documents import DatasetUse, ModelMetric, ModelOutput
from cloudtrack.tracking.points import Point

_PAGE = 1000
_POINTS_PAGE = 25_000
_MOST_FOLDERS = 10_000
_IN_MEMORY_BYTES = 8 << 20
_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'"


class MlflowServer:
    """What a server answers, page by page. The login is that of cloudtrack's own client."""

    def __init__(self, url: str) -> None:
        """Raises InvalidInput."""
        self._server = Connection(url)
        self.name = self._server.url
        self.omissions = Omissions()

    def experiments(self) -> Iterator[ForeignExperiment]:
        """Deleted ones too."""
        for each in pages(
            self._server, "POST", "experiments/search", "experiments", {"view_type": "ALL", "max_results": _PAGE}
        ):
            its_id = text(each.get("experiment_id"), "an experiment's id")
            yield ForeignExperiment(
                experiment_id=its_id,
                name=text(each.get("name"), f"the name of experiment {its_id}"),
                lifecycle_stage=stage_of_life(each.get("lifecycle_stage")),
                creation_time=time_ms(each.get("creation_time"), f"the time of experiment {its_id}") or 0,
                last_update_time=time_ms(each.get("last_update_time"), f"the time of experiment {its_id}") or 0,
                tags=texts(each.get("tags")),
            )

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """Oldest first."""
        wanted = {
            "experiment_ids": [experiment_id],
            "run_view_type": "ALL",
            "max_results": _PAGE,
            "order_by": ["attributes.start_time ASC"],
        }
        for each in pages(self._server, "POST", "runs/search", "runs", wanted):
            info = mapping(each.get("info"))
            run_id = text(info.get("run_id") or info.get("run_uuid"), "a run's id")
            try:
                yield self._run(run_id, experiment_id, info, each)
            except CloudtrackError as error:
                self.omissions.add("runs", run_id[:40], error.message, is_failure=True)

    def logged_models(self, experiment_id: str) -> Iterator[ForeignLoggedModel]:
        """Those that are not deleted; none of a server of MLflow 2."""
        wanted = {"experiment_ids": [experiment_id], "max_results": 50}
        try:
            for each in pages(self._server, "POST", "logged-models/search", "models", wanted):
                yield self._logged_model(mapping(each.get("info")), mapping(each.get("data")), experiment_id)
        except NotFound:
            return

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """Prompts too."""
        seen: set[str] = set()
        for condition in ("", _PROMPT):
            wanted = {"max_results": 100, **({"filter": condition} if condition else {})}
            for each in pages(self._server, "GET", "registered-models/search", "registered_models", wanted):
                name = text(each.get("name"), "a registered model's name")
                if name in seen:
                    continue
                seen.add(name)
                what = f"registered model {name!r}"
                yield ForeignRegisteredModel(
                    name=name,
                    versions=partial(self._versions, name, condition),
                    creation_time=time_ms(each.get("creation_timestamp"), what) or 0,
                    last_update_time=time_ms(each.get("last_updated_timestamp"), what) or 0,
                    description=text(each.get("description"), what),
                    tags=texts(each.get("tags")),
                    aliases={
                        text(alias.get("alias"), what): whole(alias.get("version"), what)
                        for alias in mappings(each.get("aliases"))
                    },
                )

    def close(self) -> None:
        """Give back connections."""
        self._server.close()

    def _run(self, run_id: str, experiment_id: str, info: Json, found: Json) -> ForeignRun:
        what = f"run {run_id[:40]}"
        metrics = mappings(mapping(found.get("data")).get("metrics"))
        keys = [text(metric.get("key"), f"a metric of {what}") for metric in metrics]
        return ForeignRun(
            run_id=run_id,
            experiment_id=experiment_id,
            read=partial(self._content, run_id),
            points=partial(self._points, run_id, keys),
            files=partial(self._run_files, run_id),
            run_name=text(info.get("run_name"), f"the name of {what}"),
            user_id=text(info.get("user_id"), f"the user of {what}"),
            status=run_status(info.get("status")),
            start_time=time_ms(info.get("start_time"), f"the start of {what}"),
            end_time=time_ms(info.get("end_time"), f"the end of {what}"),
            lifecycle_stage=stage_of_life(info.get("lifecycle_stage")),
        )

    def _content(self, run_id: str) -> RunContent:
        """Asked for one run alone: a search does not say which models it read."""
        found, what = mapping(self._server.get(f"{MLFLOW}/runs/get", run_id=run_id).get("run")), f"run {run_id}"
        data, inputs, outputs = (mapping(found.get(part)) for part in ("data", "inputs", "outputs"))
        return RunContent(
            params=texts(data.get("params")),
            tags=texts(data.get("tags")),
            inputs=[_dataset(use, what) for use in mappings(inputs.get("dataset_inputs"))],
            model_inputs=[text(model.get("model_id"), what) for model in mappings(inputs.get("model_inputs"))],
            outputs=[
                ModelOutput(model_id=text(model.get("model_id"), what), step=whole(model.get("step") or 0, what))
                for model in mappings(outputs.get("model_outputs"))
            ],
        )

    def _points(self, run_id: str, keys: list[str]) -> Iterator[Point]:
        for key in keys:
            wanted = {"run_id": run_id, "metric_key": key, "max_results": _POINTS_PAGE}
            for point in pages(self._server, "GET", "metrics/get-history", "metrics", wanted):
                what = f"metric {key!r} of run {run_id}"
                yield (
                    key,
                    decimal(point.get("value", 0), what),
                    whole(point.get("step", 0), what),
                    whole(point.get("timestamp", 0), what),
                )

    def _logged_model(self, info: Json, data: Json, experiment_id: str) -> ForeignLoggedModel:
        model_id = text(info.get("model_id"), "a logged model's id")
        what = f"logged model {model_id[:40]}"
        return ForeignLoggedModel(
            model_id=model_id,
            experiment_id=experiment_id,
            name=text(info.get("name"), what),
            files=partial(self._model_files, model_id),
            model_type=text(info.get("model_type"), what),
            source_run_id=text(info.get("source_run_id"), what),
            status=model_status(info.get("status")),
            creation_time=time_ms(info.get("creation_timestamp_ms"), what) or 0,
            last_update_time=time_ms(info.get("last_updated_timestamp_ms"), what) or 0,
            params=texts(data.get("params")),
            tags=texts(info.get("tags")),
            metrics=[
                ModelMetric(
                    key=text(metric.get("key"), what),
                    value=decimal(metric.get("value", 0), what),
                    step=whole(metric.get("step", 0), what),
                    timestamp=whole(metric.get("timestamp", 0), what),
                    run_id=text(metric.get("run_id"), what) or None,
                    dataset_name=text(metric.get("dataset_name"), what) or None,
                    dataset_digest=text(metric.get("dataset_digest"), what) or None,
                )
                for metric in mappings(data.get("metrics"))
            ],
        )

    def _versions(self, name: str, condition: str) -> Iterator[ForeignVersion]:
        quoted = name.replace("'", "''")
        wanted = {
            "filter": f"name = '{quoted}'" + (f" AND {condition}" if condition else ""),
            "max_results": _PAGE,
            "order_by": ["version_number ASC"],
        }
        found = []
        for each in pages(self._server, "GET", "model-versions/search", "model_versions", wanted):
            what = f"version {str(each.get('version'))[:20]} of {name!r}"
            source = text(each.get("source"), what)
            found.append(
                ForeignVersion(
                    version=whole(each.get("version"), what),
                    creation_time=time_ms(each.get("creation_timestamp"), what) or 0,
                    last_update_time=time_ms(each.get("last_updated_timestamp"), what) or 0,
                    source=source,
                    description=text(each.get("description"), what),
                    user_id=text(each.get("user_id"), what),
                    stage=text(each.get("current_stage"), what),
                    run_id=text(each.get("run_id"), what) or None,
                    run_link=text(each.get("run_link"), what) or None,
                    model_id=text(each.get("model_id"), what) or model_id_in(source),
                    tags=texts(each.get("tags")),
                )
            )
        yield from sorted(found, key=lambda version: version.version)

    def _run_files(self, run_id: str) -> Iterator[ForeignFile]:
        folders = [""]
        for folder in folders:
            wanted = {"run_id": run_id, **({"path": folder} if folder else {})}
            for item in pages(self._server, "GET", "artifacts/list", "files", wanted):
                path = _below(folder, item, f"run {run_id}")
                if item.get("is_dir"):
                    _remember(folders, path, f"run {run_id}")
                else:
                    address = target("", "/get-artifact", {"run_uuid": run_id, "path": path})
                    yield ForeignFile(path, partial(self._open, address))

    def _model_files(self, model_id: str) -> Iterator[ForeignFile]:
        folders = [""]
        for folder in folders:
            wanted = {"artifact_directory_path": folder} if folder else {}
            for item in pages(self._server, "GET", f"logged-models/{model_id}/artifacts/directories", "files", wanted):
                path = _below(folder, item, f"logged model {model_id}")
                if item.get("is_dir"):
                    _remember(folders, path, f"logged model {model_id}")
                else:
                    place = f"/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
                    yield ForeignFile(path, partial(self._open, target("", place, {"artifact_file_path": path})))

    @contextmanager
    def _open(self, address: str) -> Iterator[BinaryIO]:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:

            def keep(chunks: Iterator[bytes], _size: int) -> None:
                file.seek(0)
                file.truncate()
                for chunk in chunks:
                    file.write(chunk)

            self._server.read(address, keep)
            file.seek(0)
            yield cast("BinaryIO", file)


def _below(folder: str, item: Json, owner: str) -> str:
    """The path of an item of a folder. Raises CorruptData where it leads elsewhere."""
    path = text(item.get("path"), f"a path of {owner}")
    if folder and not path.startswith(f"{folder}/"):
        raise CorruptData(f"{owner} has in its folder {folder[:80]!r} the file {path[:80]!r}, which is not below it")
    return path


def _remember(folders: list[str], path: str, owner: str) -> None:
    if path in folders or len(folders) >= _MOST_FOLDERS:
        raise CorruptData(f"{owner} has folders without end")
    folders.append(path)


def _dataset(use: Json, what: str) -> DatasetUse:
    dataset = mapping(use.get("dataset"))
    return DatasetUse(
        name=text(dataset.get("name"), what),
        digest=text(dataset.get("digest"), what),
        source_type=text(dataset.get("source_type"), what),
        source=text(dataset.get("source"), what),
        dataset_schema=text(dataset.get("schema"), what) or None,
        dataset_profile=text(dataset.get("profile"), what) or None,
        tags=texts(use.get("tags")),
    )
