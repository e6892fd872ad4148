"""From a version back to its model, run, code and data; and from a run or a dataset to the versions of it.

The same over a store and over a server. Back: one read of each, six objects at the most. Forward: the index of
versions, and for a dataset before it that of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from cloudtrack.entities.dataset import DatasetInput
from cloudtrack.entities.experiment import ViewType
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.manifest import Manifest
from cloudtrack.entities.model_version import ORIGIN_TAG, ModelVersion
from cloudtrack.entities.run import Run
from cloudtrack.environments.specification import REQUIREMENTS
from cloudtrack.errors import CorruptData, InvalidInput, NotFound, PermissionDenied, Purged
from cloudtrack.lineage.dataset_uses import DatasetUses, context_of, is_use_of, uses_of
from cloudtrack.lineage.version_lineage import (
    CodeOrigin,
    DatasetOrigin,
    EnvironmentOrigin,
    ModelOrigin,
    RunOrigin,
    VersionLineage,
)

MOST_RUNS = 2000
"""Runs of one dataset that are looked at, newest first."""
_RUNS_AT_ONCE = 200


MayReadRun = Callable[[str], bool]


def everything(_run_id: str) -> bool:
    """Any run may be read."""
    return True


class _Services(Protocol):
    """What lineage needs of a client."""

    @property
    def model_versions(self) -> Any: ...

    @property
    def logged_models(self) -> Any: ...

    @property
    def runs(self) -> Any: ...

    @property
    def experiments(self) -> Any: ...


class Lineage:
    """The lineage of one store's versions."""

    def __init__(self, client: _Services) -> None:
        self._client = client

    def of(self, name: str, version: int | str, *, may_read_run: MayReadRun = everything) -> VersionLineage:
        """Where a version comes from. ``may_read_run`` says of which runs the asker may know. Raises NotFound."""
        return self.of_version(self._client.model_versions.get(name, version), may_read_run=may_read_run)

    def of_version(self, version: ModelVersion, *, may_read_run: MayReadRun = everything) -> VersionLineage:
        """The same of a version that was read."""
        run, purged = None, ""
        if version.run_id and may_read_run(version.run_id):
            try:
                run = self._run(version.run_id)
            except Purged as error:
                purged = error.message
        may_read_model = run is not None or version.run_id is None
        model = self._model(version.model_id) if version.model_id and may_read_model else None
        return _lineage(version, self._manifest(version), model, run, purged)

    def from_run(self, run_id: str) -> list[ModelVersion]:
        """The versions that came from a run, newest first."""
        return list(self._client.model_versions.of_run(run_id))

    def from_model(self, model_id: str) -> list[ModelVersion]:
        """The versions that came from a logged model, newest first."""
        return list(self._client.model_versions.of_model(model_id))

    def from_dataset(self, name: str, digest: str | None = None) -> list[ModelVersion]:
        """The versions whose runs read a dataset, of any digest or of one; newest first.

        Looks at the newest ``MOST_RUNS`` runs that did. Raises InvalidInput for an empty name.
        """
        ids = [run.info.run_id for run in self._runs_of(name, digest, ViewType.ALL)]
        found: list[ModelVersion] = []
        for first in range(0, len(ids), _RUNS_AT_ONCE):
            some = ", ".join(f"'{run_id}'" for run_id in ids[first : first + _RUNS_AT_ONCE])
            found += self._client.model_versions.search(f"run_id IN ({some})", max_results=None)
        return sorted(found, key=lambda version: (-version.creation_timestamp, version.name, -version.version))

    def runs_of_dataset(self, name: str, digest: str | None = None) -> list[Run]:
        """The runs that read a dataset, of any digest or of one, newest first; ``MOST_RUNS`` at the most.

        Runs in the trash are none. Raises InvalidInput for an empty name.
        """
        return self._runs_of(name, digest, ViewType.ACTIVE_ONLY)

    def datasets(self, experiment_ids: Sequence[str] | None = None) -> list[DatasetUses]:
        """The datasets that runs of these experiments, or of all, read: of each name and digest one, last used first.

        Looks at the newest ``MOST_RUNS`` runs that read any.
        """
        experiments = self._all_experiments() if experiment_ids is None else experiment_ids
        if not experiments:
            return []
        return uses_of(self._client.runs.search(experiments, "datasets.name IS NOT NULL", max_results=MOST_RUNS))

    def _runs_of(self, name: str, digest: str | None, view: int) -> list[Run]:
        if not name:
            raise InvalidInput("name the dataset")
        wanted = f"datasets.name = {_quoted(name)}" + (f" AND datasets.digest = {_quoted(digest)}" if digest else "")
        runs = self._client.runs.search(self._all_experiments(), wanted, view_type=view, max_results=MOST_RUNS)
        return [run for run in runs if any(is_use_of(use, name, digest) for use in run.inputs.dataset_inputs)]

    def _all_experiments(self) -> list[str]:
        return [found.experiment_id for found in self._client.experiments.search()]

    def _run(self, run_id: str) -> Run | None:
        try:
            run: Run = self._client.runs.get(run_id)
        except Purged:
            raise
        except (NotFound, PermissionDenied):
            return None
        return run

    def _model(self, model_id: str) -> LoggedModel | None:
        try:
            model: LoggedModel = self._client.logged_models.get(model_id)
        except (NotFound, PermissionDenied):
            return None
        return model

    def _manifest(self, version: ModelVersion) -> Manifest | None:
        try:
            manifest: Manifest = self._client.model_versions.manifest(version)
        except (NotFound, CorruptData):
            return None
        return manifest


def _lineage(
    version: ModelVersion, manifest: Manifest | None, model: LoggedModel | None, run: Run | None, purged: str
) -> VersionLineage:
    requirements = manifest.files.get(REQUIREMENTS) if manifest else None
    tags = run.data.tags if run else {}
    start = f"{ORIGIN_TAG}."
    return VersionLineage(
        name=version.name,
        version=version.version,
        source=version.source,
        digest=version.digest,
        manifest=version.manifest,
        registered_by=version.user_id,
        registered_at=version.creation_timestamp,
        copied_from={key[len(start) :]: value for key, value in version.tags.items() if key.startswith(start)},
        model=_model_origin(model) if model else None,
        run=_run_origin(run) if run else None,
        purged=purged,
        code=_code_origin(run) if run else None,
        datasets=[_dataset_origin(use) for use in run.inputs.dataset_inputs] if run else [],
        environment=EnvironmentOrigin(
            python=tags.get("cloudtrack.python"), requirements_digest=requirements.sha256 if requirements else None
        ),
        params=run.data.params if run else {},
        metrics=run.data.metrics if run else {},
    )


def _model_origin(model: LoggedModel) -> ModelOrigin:
    metrics = {metric.key: metric.value for metric in model.metrics}
    return ModelOrigin(model_id=model.model_id, name=model.name, params=model.params, metrics=metrics)


def _run_origin(run: Run) -> RunOrigin:
    info = run.info
    return RunOrigin(
        run_id=info.run_id,
        run_name=info.run_name,
        experiment_id=info.experiment_id,
        user_id=info.user_id,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
    )


def _code_origin(run: Run) -> CodeOrigin:
    tags = run.data.tags
    is_dirty = tags.get("cloudtrack.git.dirty") == "true"
    return CodeOrigin(
        git_commit=tags.get("mlflow.source.git.commit"),
        git_branch=tags.get("mlflow.source.git.branch"),
        git_repository=tags.get("mlflow.source.git.repoURL"),
        is_dirty=is_dirty,
        patch=f"runs/{run.info.run_id}/source/code.patch" if is_dirty else None,
        entry_point=tags.get("mlflow.project.entryPoint") or tags.get("mlflow.source.name"),
        command=tags.get("cloudtrack.command"),
    )


def _dataset_origin(use: DatasetInput) -> DatasetOrigin:
    dataset = use.dataset
    return DatasetOrigin(
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        context=context_of(use),
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
