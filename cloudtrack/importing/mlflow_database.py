"""MLflow's database, read table by table; nothing of MLflow is needed.

The schema grew over the years: a column that an older one lacks reads as None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cloudtrack.errors import CloudtrackError, InvalidInput
from cloudtrack.importing.artifact_roots import ArtifactRoots
from cloudtrack.importing.database import Database, SqliteDatabase, open_database
from cloudtrack.importing.foreign import (
    ForeignExperiment,
    ForeignLoggedModel,
    ForeignRegisteredModel,
    ForeignRun,
    ForeignVersion,
    RunContent,
)
from cloudtrack.importing.mlflow_values import DELETED_STAGE, model_id_in, model_status, run_status, stage_of_life
from cloudtrack.importing.omissions import Omissions
from cloudtrack.importing.values import decimal, text, time_ms, whole
from cloudtrack.tracking.documents import DatasetUse, ModelMetric, ModelOutput
from cloudtrack.tracking.points import Point

_LEFT_OUT = {
    "traces": "trace_info",
    "scorers": "scorers",
    "evaluation datasets": "evaluation_datasets",
    "webhooks": "webhooks",
    "assessments": "assessments",
}
_DEFAULT_WORKSPACE = "default"


class MlflowDatabase:
    """The tables of one MLflow server; of its workspaces the one that is called default."""

    def __init__(self, url: str, *, artifacts: str = "") -> None:
        """``artifacts`` is the folder or bucket of the server's artifacts. Raises NotFound, InvalidInput."""
        self._tables: Database = open_database(url)
        self.name = self._tables.name
        self.omissions = Omissions()
        if "lifecycle_stage" not in self._tables.columns("experiments"):
            raise InvalidInput(f"{self.name} has no table of experiments as MLflow makes it")
        allowed = [Path(artifacts)] if artifacts and "://" not in artifacts else []
        if isinstance(self._tables, SqliteDatabase):
            home = self._tables.path.resolve().parent
            allowed.append(home)
            artifacts = artifacts or (str(home / "mlartifacts") if (home / "mlartifacts").is_dir() else "")
        self._roots = ArtifactRoots(allowed, artifacts, self.omissions)
        for kind, table in _LEFT_OUT.items():
            self.omissions.add(kind, "", f"{kind} are not imported", count=self._tables.count(table))

    def experiments(self) -> Iterator[ForeignExperiment]:
        """By id."""
        wanted = "experiment_id name lifecycle_stage creation_time last_update_time workspace".split()
        for its_id, name, stage, created, updated, workspace in self._tables.rows(
            "experiments", wanted, order="experiment_id"
        ):
            if workspace not in (None, _DEFAULT_WORKSPACE):
                self.omissions.add("experiments", str(name), "of other workspaces than default none are imported")
                continue
            try:
                yield ForeignExperiment(
                    experiment_id=text(its_id, "an experiment's id"),
                    name=text(name, f"the name of experiment {its_id}"),
                    lifecycle_stage=stage_of_life(stage),
                    creation_time=time_ms(created, f"the time of experiment {its_id}") or 0,
                    last_update_time=time_ms(updated, f"the time of experiment {its_id}") or 0,
                    tags=self._texts("experiment_tags", ("key", "value"), experiment_id=its_id),
                )
            except CloudtrackError as error:
                self.omissions.add("experiments", str(its_id), error.message, is_failure=True)

    def runs(self, experiment_id: str) -> Iterator[ForeignRun]:
        """Oldest first."""
        wanted = "run_uuid name user_id status start_time end_time lifecycle_stage artifact_uri".split()
        where = {"experiment_id": whole(experiment_id, "an experiment's id")}
        for row in self._tables.rows("runs", wanted, order="start_time, run_uuid", **where):
            try:
                yield self._run(experiment_id, *row)
            except CloudtrackError as error:
                self.omissions.add("runs", str(row[0])[:40], error.message, is_failure=True)

    def logged_models(self, experiment_id: str) -> Iterator[ForeignLoggedModel]:
        """Those of MLflow 3."""
        wanted = (
            "model_id name artifact_location creation_timestamp_ms last_updated_timestamp_ms status lifecycle_stage "
            "model_type source_run_id"
        ).split()
        where = {"experiment_id": whole(experiment_id, "an experiment's id")}
        for row in self._tables.rows("logged_models", wanted, order="creation_timestamp_ms, model_id", **where):
            try:
                yield self._logged_model(experiment_id, *row)
            except CloudtrackError as error:
                self.omissions.add("logged models", str(row[0])[:40], error.message, is_failure=True)

    def registered_models(self) -> Iterator[ForeignRegisteredModel]:
        """By name."""
        wanted = "name creation_time last_updated_time description workspace".split()
        for name, created, updated, description, workspace in self._tables.rows(
            "registered_models", wanted, order="name"
        ):
            if workspace not in (None, _DEFAULT_WORKSPACE):
                self.omissions.add("registered models", str(name), "of other workspaces than default none are imported")
                continue
            what = f"registered model {str(name)[:80]!r}"
            try:
                yield ForeignRegisteredModel(
                    name=text(name, what),
                    versions=partial(self._versions, name),
                    creation_time=time_ms(created, what) or 0,
                    last_update_time=time_ms(updated, what) or 0,
                    description=text(description, what),
                    tags=self._texts("registered_model_tags", ("key", "value"), name=name),
                    aliases={
                        alias: whole(number, what)
                        for alias, number in self._texts(
                            "registered_model_aliases", ("alias", "version"), name=name
                        ).items()
                    },
                )
            except CloudtrackError as error:
                self.omissions.add("registered models", str(name)[:80], error.message, is_failure=True)

    def close(self) -> None:
        """Give back connections."""
        self._tables.close()

    def _run(
        self,
        experiment_id: str,
        its_id: Any,
        name: Any,
        user: Any,
        status: Any,
        start: Any,
        end: Any,
        life: Any,
        uri: Any,
    ) -> ForeignRun:
        run_id = text(its_id, "a run's id")
        what = f"run {run_id[:40]}"
        return ForeignRun(
            run_id=run_id,
            experiment_id=experiment_id,
            read=partial(self._content, run_id),
            points=partial(self._points, run_id),
            files=partial(self._roots.files, text(uri, what), what),
            run_name=text(name, f"the name of {what}"),
            user_id=text(user, f"the user of {what}"),
            status=run_status(status),
            start_time=time_ms(start, f"the start of {what}"),
            end_time=time_ms(end, f"the end of {what}"),
            lifecycle_stage=stage_of_life(life),
        )

    def _content(self, run_id: str) -> RunContent:
        of_run = {"destination_type": "RUN", "destination_id": run_id, "source_type": "DATASET"}
        uses = [*self._tables.rows("inputs", ("input_uuid", "source_id"), **of_run)]
        return RunContent(
            params=self._texts("params", ("key", "value"), run_uuid=run_id),
            tags=self._texts("tags", ("key", "value"), run_uuid=run_id),
            inputs=[found for use, dataset in uses for found in self._datasets(use, dataset)],
            model_inputs=[model for model, _ in self._models("RUN_INPUT", run_id)],
            outputs=[ModelOutput(model_id=model, step=step) for model, step in self._models("RUN_OUTPUT", run_id)],
        )

    def _models(self, kind: str, run_id: str) -> Iterator[tuple[str, int]]:
        """Logged models that a run read or made, each with a step."""
        for model, step in self._tables.rows("inputs", ("destination_id", "step"), source_type=kind, source_id=run_id):
            yield text(model, f"a model of run {run_id}"), whole(step or 0, f"a step of run {run_id}")

    def _datasets(self, use: Any, dataset_id: Any) -> Iterator[DatasetUse]:
        wanted = "name digest dataset_source_type dataset_source dataset_schema dataset_profile".split()
        for row in self._tables.rows("datasets", wanted, dataset_uuid=dataset_id):
            name, digest, source_type, source, schema, profile = (text(value, "a dataset") for value in row)
            yield DatasetUse(
                name=name,
                digest=digest,
                source_type=source_type,
                source=source,
                dataset_schema=schema or None,
                dataset_profile=profile or None,
                tags=self._texts("input_tags", ("name", "value"), input_uuid=use),
            )

    def _points(self, run_id: str) -> Iterator[Point]:
        wanted = "key value step timestamp is_nan".split()
        for key, value, step, time, is_nan in self._tables.rows("metrics", wanted, run_uuid=run_id):
            number = math.nan if is_nan or value is None else decimal(value, f"metric {key!r}")
            yield text(key, "a metric's key"), number, whole(step or 0, "a step"), whole(time or 0, "a time")

    def _logged_model(
        self,
        experiment_id: str,
        its_id: Any,
        name: Any,
        uri: Any,
        created: Any,
        updated: Any,
        status: Any,
        life: Any,
        kind: Any,
        run_id: Any,
    ) -> ForeignLoggedModel:
        model_id = text(its_id, "a logged model's id")
        what = f"logged model {model_id[:40]}"
        return ForeignLoggedModel(
            model_id=model_id,
            experiment_id=experiment_id,
            name=text(name, what),
            files=partial(self._roots.files, text(uri, what), what),
            model_type=text(kind, what),
            source_run_id=text(run_id, what),
            status=model_status(status),
            lifecycle_stage=stage_of_life(life),
            creation_time=time_ms(created, what) or 0,
            last_update_time=time_ms(updated, what) or 0,
            params=self._texts("logged_model_params", ("param_key", "param_value"), model_id=model_id),
            tags=self._texts("logged_model_tags", ("tag_key", "tag_value"), model_id=model_id),
            metrics=[*self._model_metrics(model_id)],
        )

    def _model_metrics(self, model_id: str) -> Iterator[ModelMetric]:
        wanted = "metric_name metric_value metric_step metric_timestamp_ms run_id dataset_name dataset_digest".split()
        for key, value, step, time, run_id, dataset, digest in self._tables.rows(
            "logged_model_metrics", wanted, order="metric_step, metric_timestamp_ms", model_id=model_id
        ):
            yield ModelMetric(
                key=text(key, "a metric's key"),
                value=math.nan if value is None else decimal(value, f"metric {key!r}"),
                step=whole(step or 0, "a step"),
                timestamp=whole(time or 0, "a time"),
                run_id=text(run_id, "a run's id") or None,
                dataset_name=text(dataset, "a dataset") or None,
                dataset_digest=text(digest, "a dataset") or None,
            )

    def _versions(self, name: str) -> Iterator[ForeignVersion]:
        wanted = (
            "version creation_time last_updated_time description user_id current_stage source run_id run_link"
        ).split()
        for number, created, updated, description, user, stage, source, run_id, link in self._tables.rows(
            "model_versions", wanted, order="version", name=name
        ):
            what = f"version {number} of {name!r}"
            yield ForeignVersion(
                version=whole(number, what),
                creation_time=time_ms(created, what) or 0,
                last_update_time=time_ms(updated, what) or 0,
                is_deleted=stage == DELETED_STAGE,
                source=text(source, what),
                description=text(description, what),
                user_id=text(user, what),
                stage=text(stage, what),
                run_id=text(run_id, what) or None,
                run_link=text(link, what) or None,
                model_id=model_id_in(text(source, what)),
                tags=self._texts("model_version_tags", ("key", "value"), name=name, version=number),
            )

    def _texts(self, table: str, columns: tuple[str, str], **where: Any) -> dict[str, str]:
        """Two columns as keys and values."""
        rows = self._tables.rows(table, columns, **where)
        return {text(key, f"a key in {table}"): text(value, f"{key!r} in {table}") for key, value in rows}
