"""Logging params, metrics, tags and datasets to the active run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudtrack.entities.dataset import CONTEXT_TAG, DatasetInput, InputTag
from cloudtrack.entities.run import LoggedModelInput, LoggedModelOutput
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.active_models import models_of
from cloudtrack.fluent.active_runs import current_run_id, current_writer
from cloudtrack.tracking.documents import ModelOutput
from cloudtrack.tracking.run_writer import RunWriter
from cloudtrack.tracking.runs import dataset_use


def enable_async_logging(enable: bool = True) -> None:
    """MLflow's switch: logging never waits here, so there is nothing to switch."""


class RunOperations:
    """What ``synchronous=False`` returns: the logging under way."""

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer

    def wait(self) -> None:
        """Return when the store has it."""
        self._writer.flush()


def log_metric(
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log one point; a few microseconds, whatever the store is. ``timestamp`` is in ms, now by default.

    It goes to the logged model ``model_id`` too; by default to the active one, or else to those that the run made here.
    ``dataset`` is what it was computed on. A model that the store does not have is found later, and warned of.
    """
    writer = current_writer(run_id)
    at = 0 if step is None else step
    models, reads = models_of(writer.run_id, model_id)
    if models or dataset is not None:
        use = None if dataset is None else dataset_use(input_of(dataset))
        writer.log_model_metric(models, key, value, at, timestamp, dataset=use, reads=reads)
    else:
        writer.log_metric(key, value, at, timestamp)
    return None if synchronous is None else _outcome(writer, synchronous)


def log_metrics(
    metrics: Mapping[str, float],
    step: int | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log a point of each of these metrics, at one step; to logged models as ``log_metric`` does."""
    for key, value in metrics.items():
        log_metric(key, value, step, None, timestamp, run_id, model_id, dataset)
    writer = current_writer(run_id)
    return None if synchronous is None else _outcome(writer, synchronous)


def log_param(key: str, value: Any, synchronous: bool | None = None) -> Any:
    """Log a param; its value. Raises InvalidInput where it has another value already."""
    writer = current_writer()
    writer.log_params({key: value})
    outcome = None if synchronous is None else _outcome(writer, synchronous)
    return outcome if outcome is not None else value


def log_params(
    params: Mapping[str, Any], synchronous: bool | None = None, run_id: str | None = None
) -> RunOperations | None:
    """Log params: all, or where one cannot be, none."""
    writer = current_writer(run_id)
    writer.log_params(params)
    return None if synchronous is None else _outcome(writer, synchronous)


def set_tag(key: str, value: Any, synchronous: bool | None = None) -> RunOperations | None:
    """Set a tag."""
    return set_tags({key: value}, synchronous)


def set_tags(tags: Mapping[str, Any], synchronous: bool | None = None) -> RunOperations | None:
    """Set tags."""
    writer = current_writer()
    writer.set_tags(tags)
    return None if synchronous is None else _outcome(writer, synchronous)


def delete_tag(key: str) -> None:
    """Raises NotFound where the active run has no such tag."""
    session.client().runs.delete_tag(current_run_id(), key)


def log_input(
    dataset: Any = None,
    context: str | None = None,
    tags: Mapping[str, str] | None = None,
    model: LoggedModelInput | None = None,
) -> None:
    """Record that the active run reads a dataset, one of ``cloudtrack.data`` or ``entities.Dataset``; or a model."""
    log_inputs([dataset], [context], [tags], [model])


def log_inputs(
    datasets: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
    tags_list: Sequence[Mapping[str, str] | None] | None = None,
    models: Sequence[LoggedModelInput | None] | None = None,
) -> None:
    """Record several datasets, contexts and tags with them one by one; and logged models. None stands for nothing."""
    datasets = datasets or []
    contexts = contexts or [None] * len(datasets)
    tags_list = tags_list or [None] * len(datasets)
    if not len(datasets) == len(contexts) == len(tags_list):
        raise InvalidInput("log_inputs takes as many contexts and tags as datasets")
    uses = []
    for dataset, context, tags in zip(datasets, contexts, tags_list, strict=True):
        if dataset is None:
            continue
        uses.append(dataset_use(input_of(dataset, context, tags)))
    current_writer().log_inputs(uses, [model.model_id for model in models or () if model is not None])


def log_outputs(models: Sequence[LoggedModelOutput]) -> None:
    """Record models that the active run made."""
    current_writer().log_outputs([ModelOutput(model_id=model.model_id, step=model.step) for model in models])


def flush_async_logging() -> None:
    """MLflow's name for ``flush``."""
    flush()


def flush() -> None:
    """Return when the store has everything logged to the active run before."""
    current_writer().flush()


def input_of(dataset: Any, context: str | None = None, tags: Mapping[str, str] | None = None) -> DatasetInput:
    """A use of a dataset: of ``cloudtrack.data``, or an entity."""
    entity = dataset.to_entity() if hasattr(dataset, "to_entity") else dataset
    if not hasattr(entity, "digest"):
        raise InvalidInput(f"{type(dataset).__name__} is no dataset: make one of it, such as ct.data.from_pandas(df)")
    all_tags = {**(tags or {}), **({CONTEXT_TAG: context} if context else {})}
    return DatasetInput(entity, [InputTag(key, value) for key, value in all_tags.items()])


def use_of(dataset: Any) -> DatasetInput:
    """The same of what may be a use already, of an entity or of a dataset of ``cloudtrack.data``."""
    if not isinstance(dataset, DatasetInput):
        return input_of(dataset)
    return DatasetInput(input_of(dataset.dataset).dataset, dataset.tags)


def _outcome(writer: RunWriter, synchronous: bool) -> RunOperations | None:
    if synchronous:
        writer.flush()
        return None
    return RunOperations(writer)
