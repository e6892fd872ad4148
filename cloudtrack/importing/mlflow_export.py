"""Writes what a store has as MLflow's folder ``mlruns``: the way back.

All is written beside the target and comes to its name when it is whole.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cloudtrack.client import Client
from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import Experiment, LifecycleStage, ViewType
from cloudtrack.entities.logged_model import LoggedModel, LoggedModelStatus
from cloudtrack.entities.names import check_key_name
from cloudtrack.entities.run import Run, RunStatus
from cloudtrack.errors import AlreadyExists, CloudtrackError
from cloudtrack.importing.mlflow_values import DELETED_STAGE
from cloudtrack.importing.omissions import Omission, Omissions
from cloudtrack.registry.registry import Registry
from cloudtrack.registry.state import ModelState
from cloudtrack.tracking.artifacts import Artifacts

_STATUS = {name: number for number, name in enumerate(RunStatus.NAMES, start=1)}
_MODEL_STATUS = {name: number for number, name in enumerate(LoggedModelStatus.NAMES, start=1)}
_LOCAL_SOURCE = 4
"""What MLflow notes as the kind of source of a run that was started by hand."""
_RUNS_AT_ONCE = 500


@dataclass
class ExportReport:
    """What was written where."""

    target: str
    counts: dict[str, int] = field(default_factory=dict)
    omitted: list[Omission] = field(default_factory=list)

    @property
    def failures(self) -> int:
        """How many things should have been written, and were not."""
        return sum(omission.count for omission in self.omitted)


class MlflowExport:
    """One store, written into one folder that is not there yet."""

    def __init__(self, client: Client, target: Path) -> None:
        """Raises AlreadyExists."""
        self._client = client
        self._target = target.resolve()
        self._part = self._target.with_name(f".{self._target.name}.part")
        if self._target.exists() and (not self._target.is_dir() or any(self._target.iterdir())):
            raise AlreadyExists(f"{str(target)!r} is there already and not empty: name a new folder")
        self._omissions = Omissions()
        self._report = ExportReport(str(target))

    def run(self) -> ExportReport:
        """Write all of it."""
        if self._part.exists():
            shutil.rmtree(self._part)  # of an export that was stopped
        (self._part / ".trash").mkdir(parents=True)
        (self._part / "models").mkdir()
        for experiment in self._client.experiments.search(view_type=ViewType.ALL):
            self._experiment(experiment)
        for model in self._client.registered_models.search(max_results=None):
            self._registered_model(Registry(self._client.store, "").read(model.name))
        if self._target.exists():
            self._target.rmdir()
        self._part.rename(self._target)
        self._report.omitted = self._omissions.listed()
        return self._report

    def _experiment(self, experiment: Experiment) -> None:
        is_deleted = experiment.lifecycle_stage == LifecycleStage.DELETED
        home = self._part / (".trash" if is_deleted else "") / experiment.experiment_id
        _write_meta(
            home,
            artifact_location=str(self._target / experiment.experiment_id),
            creation_time=experiment.creation_time,
            experiment_id=experiment.experiment_id,
            last_update_time=experiment.last_update_time,
            lifecycle_stage=experiment.lifecycle_stage,
            name=experiment.name,
        )
        self._texts(home / "tags", experiment.tags)
        self._count("experiments")
        for run in self._runs(experiment.experiment_id):
            self._run(home, run)
        for model in self._client.logged_models.list([experiment.experiment_id]):
            self._logged_model(home, model)

    def _runs(self, experiment_id: str) -> Iterator[Run]:
        token: str | None = None
        while True:
            found = self._client.runs.search(
                [experiment_id], view_type=ViewType.ALL, max_results=_RUNS_AT_ONCE, page_token=token
            )
            yield from found
            token = found.token
            if not token:
                return

    def _run(self, experiment: Path, run: Run) -> None:
        info, home = run.info, experiment / run.info.run_id
        artifacts = self._target / info.experiment_id / info.run_id / "artifacts"
        _write_meta(
            home,
            artifact_uri=str(artifacts),
            end_time=info.end_time,
            entry_point_name="",
            experiment_id=info.experiment_id,
            lifecycle_stage=info.lifecycle_stage,
            run_id=info.run_id,
            run_name=info.run_name,
            source_name="",
            source_type=_LOCAL_SOURCE,
            source_version="",
            start_time=info.start_time,
            status=_STATUS[info.status],
            tags=[],
            user_id=info.user_id,
        )
        self._texts(home / "params", run.data.params)
        self._texts(home / "tags", run.data.tags)
        for key in run.data.metrics:
            points = self._client.metrics.history(info.run_id, key)
            self._file(home / "metrics", key, (f"{p.timestamp} {p.value!r} {p.step}\n" for p in points))
            self._count("points", len(points))
        for use in run.inputs.dataset_inputs:
            self._dataset(experiment, home, use)
        for read in run.inputs.model_inputs:
            _write_meta(
                home / "inputs" / _id_of(read.model_id, ""),
                destination_id=read.model_id,
                destination_type="RUN",
                source_id=read.model_id,
                source_type="MODEL",
                tags={},
            )
        for made in run.outputs.model_outputs:
            _write_meta(
                home / "outputs" / made.model_id,
                destination_id=made.model_id,
                destination_type="MODEL_OUTPUT",
                source_id=info.run_id,
                source_type="RUN_OUTPUT",
                step=made.step,
                tags={},
            )
        self._artifacts(self._client.artifacts, info.run_id, home / "artifacts")
        self._count("runs")

    def _dataset(self, experiment: Path, home: Path, use: DatasetInput) -> None:
        dataset = use.dataset
        dataset_id = _id_of(dataset.name, dataset.digest)
        _write_meta(
            experiment / "datasets" / dataset_id,
            digest=dataset.digest,
            name=dataset.name,
            profile=dataset.profile,
            schema=dataset.schema,
            source=dataset.source,
            source_type=dataset.source_type,
        )
        _write_meta(
            home / "inputs" / _id_of(dataset_id, home.name),
            destination_id=dataset_id,
            destination_type="RUN",
            source_id=dataset_id,
            source_type="DATASET",
            tags={tag.key: tag.value for tag in use.tags},
        )

    def _logged_model(self, experiment: Path, model: LoggedModel) -> None:
        home = experiment / "models" / model.model_id
        _write_meta(
            home,
            artifact_location=str(self._target / model.experiment_id / "models" / model.model_id / "artifacts"),
            creation_timestamp=model.creation_timestamp,
            experiment_id=model.experiment_id,
            last_updated_timestamp=model.last_updated_timestamp,
            model_id=model.model_id,
            model_type=model.model_type,
            name=model.name,
            source_run_id=model.source_run_id,
            status=_MODEL_STATUS[model.status],
            status_message=None,
        )
        self._texts(home / "params", model.params)
        self._texts(home / "tags", model.tags)
        lines: dict[str, list[str]] = {}
        for point in model.metrics:
            words = [str(point.timestamp), repr(point.value), str(point.step), point.run_id or ""]
            words += [point.dataset_name, point.dataset_digest or ""] if point.dataset_name else []
            lines.setdefault(point.key, []).append(f"{' '.join(words)}\n")
        for key, some in lines.items():
            self._file(home / "metrics", key, some)
        self._artifacts(self._client.logged_model_artifacts, model.model_id, home / "artifacts")
        self._count("logged models")

    def _registered_model(self, state: ModelState) -> None:
        home = self._part / "models" / state.name
        if state.name in (".", ".."):
            self._omissions.add("registered models", state.name, "this is no name of a folder", is_failure=True)
            return
        _write_meta(
            home,
            aliases={alias: str(number) for alias, number in state.aliases.items()},
            creation_timestamp=state.created,
            description=state.description or None,
            last_updated_timestamp=state.changed_ms,
            name=state.name,
        )
        self._texts(home / "tags", state.tags)
        self._texts(home / "aliases", {alias: str(number) for alias, number in state.aliases.items()})
        for version in state.versions.since(0):
            place = home / f"version-{version.version}"
            _write_meta(
                place,
                creation_timestamp=version.created,
                current_stage=DELETED_STAGE if version.deleted else version.stage,
                description=version.description or None,
                last_updated_timestamp=version.updated,
                model_id=version.model_id,
                name=state.name,
                run_id=version.run_id,
                run_link=version.run_link,
                source=version.source,
                status="READY",
                status_message=None,
                storage_location=version.source,
                user_id=version.user or None,
                version=version.version,
            )
            self._texts(place / "tags", version.tags)
            self._count("versions", not version.deleted)
        self._count("registered models")

    def _artifacts(self, artifacts: Artifacts, owner_id: str, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        try:
            artifacts.download(owner_id, "", home)
        except (CloudtrackError, OSError) as error:
            self._omissions.add("artifacts", owner_id, str(error)[:200], is_failure=True)
        self._count("artifacts", sum(1 for path in home.rglob("*") if path.is_file()))

    def _texts(self, folder: Path, texts: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in texts.items():
            self._file(folder, key, [value])

    def _file(self, folder: Path, key: str, pieces: Iterable[str]) -> None:
        """A file for a key, which may have slashes. A key ``a`` beside ``a/b`` has no place in MLflow's folders."""
        try:
            path = folder / check_key_name("the", key)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
        except (CloudtrackError, OSError) as error:
            self._omissions.add(folder.name, f"{folder.parent.name}: {key}", str(error)[:200], is_failure=True)

    def _count(self, kind: str, number: int = 1) -> None:
        self._report.counts[kind] = self._report.counts.get(kind, 0) + int(number)


def _write_meta(home: Path, **fields: Any) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "meta.yaml").write_text(yaml.safe_dump(fields, allow_unicode=True), encoding="utf-8")


def _id_of(*parts: str) -> str:
    """32 hexadecimal digits, always the same for the same parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
