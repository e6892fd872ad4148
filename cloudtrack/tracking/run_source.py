"""Runs as rows of an experiment's index."""

from __future__ import annotations

from cloudtrack.entities.run import RunStatus
from cloudtrack.index.columns import WHOLE, Schema
from cloudtrack.index.keys import IndexKeys
from cloudtrack.index.row import Row, Value, gone
from cloudtrack.index.source import Found, readable
from cloudtrack.search.summaries import SUMMARIES
from cloudtrack.storage.document import DocumentStore
from cloudtrack.storage.object_store import ObjectStore
from cloudtrack.tracking import keys
from cloudtrack.tracking.documents import RunDocument
from cloudtrack.tracking.purges import is_purged

RUN_SCHEMA = Schema({"attributes.start_time": WHOLE, "attributes.end_time": WHOLE})
_NOT_SHOWN = {"points", "segments", "writers", "recent", "rejected_params"}


class RunSource:
    """The runs of one experiment."""

    schema = RUN_SCHEMA

    def __init__(self, store: ObjectStore, experiment_id: str) -> None:
        self.keys = IndexKeys(keys.run_index(experiment_id))
        self._store = store
        self._experiment_id = experiment_id

    def read(self, document_id: str, since: int = 0) -> Found | None:  # noqa: ARG002 - it is one row
        """A run as it is now."""
        read = read_run(self._store, document_id)
        return read[1] if read and read[0] == self._experiment_id else None


def read_run(store: ObjectStore, run_id: str) -> tuple[str, Found] | None:
    """A run, and the experiment that it is in; None where there is none that can be read."""
    stored = readable(lambda: DocumentStore(store, RunDocument).get(keys.run(run_id)))
    if stored is None:
        return None
    document = stored.document
    return document.experiment_id, Found.one(run_row(document), settled=RunStatus.is_terminated(document.status))


def run_row(document: RunDocument) -> Row:
    """What can be searched of a run, and what it is shown from."""
    if is_purged(document):
        return gone(document.run_id, document.version)
    values: dict[str, Value] = {
        "attributes.run_id": document.run_id,
        "attributes.run_name": document.run_name,
        "attributes.user_id": document.user_id,
        "attributes.status": document.status,
        "attributes.lifecycle_stage": document.lifecycle_stage,
        "attributes.start_time": document.start_time,
        "attributes.end_time": document.end_time,
    }
    values.update((f"params.{key}", value) for key, value in document.params.items())
    values.update((f"tags.{key}", value) for key, value in document.tags.items())
    for key, summary in document.metrics.items():
        values[f"metrics.{key}"] = summary.value
        values.update((f"metrics.{key}@{name}", float(getattr(summary, name))) for name in SUMMARIES)
    uses = document.inputs
    values["datasets.name"] = [use.name for use in uses] or None
    values["datasets.digest"] = [use.digest for use in uses] or None
    values["datasets.context"] = [
        use.tags["mlflow.data.context"] for use in uses if "mlflow.data.context" in use.tags
    ] or None
    values["models.read"] = document.model_inputs or None
    return Row(document.run_id, document.version, values, document.model_dump_json(exclude=_NOT_SHOWN))
