"""Logged models by name and id: made with or without files, found, tagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.entities.logged_model import EXTERNAL_TAG, LoggedModel, LoggedModelStatus
from cloudtrack.entities.page import PagedList
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.active_runs import active_run
from cloudtrack.models.frameworks import framework
from cloudtrack.search.logged_models import OnDataset, Term

_last_id: str | None = None


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A logged model that waits for its files (PENDING): give its id to a flavor's ``log_model``.

    It is the active run's where one is active, and in its experiment unless ``experiment_id`` says otherwise.
    """
    run = active_run()
    model = create(
        session.client(),
        experiment_id or current_experiment_id(),
        name,
        source_run_id or (run.info.run_id if run else None),
        tags,
        params,
        model_type,
    )
    note_last(model.model_id)
    return model


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A logged model whose files are kept elsewhere; READY, to take params, metrics and tags."""
    all_tags = {**(tags or {}), EXTERNAL_TAG: "true"}
    model = initialize_logged_model(name, source_run_id, all_tags, params, model_type, experiment_id)
    return finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def finalize_logged_model(model_id: str, status: str) -> LoggedModel:
    """Say that a model's files are there (READY), or will not be (FAILED)."""
    return session.client().logged_models.finalize(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """A logged model with all that was logged so far, by this process too. Raises NotFound."""
    client = session.client()
    client.runs.flush()
    return client.logged_models.get(model_id)


def last_logged_model() -> LoggedModel | None:
    """The logged model that this process made last; None where it made none."""
    return get_logged_model(_last_id) if _last_id else None


def search_logged_models(
    experiment_ids: list[str] | None = None,
    filter_string: str | None = None,
    datasets: list[dict[str, str]] | None = None,
    max_results: int | None = None,
    order_by: list[dict[str, Any]] | None = None,
    output_format: str = "pandas",
) -> Any:
    """The logged models of these experiments, or of the one in force, newest first or as ``order_by`` says.

    Each of ``datasets`` has a ``dataset_name``, and may have a ``dataset_digest``: metrics on these alone count. Each
    of ``order_by`` has a ``field_name``, and may have ``ascending``, ``dataset_name`` and ``dataset_digest``.
    ``output_format`` is "pandas" for a DataFrame, or "list". Raises InvalidInput, MissingDependency.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidInput(f"output_format is {output_format!r}; it is 'pandas' or 'list'")
    ids = experiment_ids or [current_experiment_id()]
    found = search(session.client(), ids, filter_string, datasets, max_results, order_by)
    if output_format == "list":
        return list(found)
    columns = [each.name for each in fields(LoggedModel)]
    return framework("pandas", extra="pandas").DataFrame([model.to_dictionary() for model in found], columns=columns)


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    """Set tags."""
    session.client().logged_models.set_tags(model_id, texts(tags))


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Raises NotFound where there is no such tag."""
    session.client().logged_models.delete_tag(model_id, key)


def create(
    client: AnyClient,
    experiment_id: str,
    name: str | None,
    source_run_id: str | None,
    tags: Mapping[str, Any] | None,
    params: Mapping[str, Any] | None,
    model_type: str | None,
) -> LoggedModel:
    """A new logged model, PENDING; values become texts."""
    return client.logged_models.create(
        experiment_id,
        name=name,
        model_type=model_type or "",
        source_run_id=source_run_id or "",
        params=texts(params),
        tags=texts(tags),
    )


def search(
    client: AnyClient,
    experiment_ids: Sequence[str],
    filter_string: str | None,
    datasets: Sequence[Mapping[str, Any]] | None,
    max_results: int | None,
    order_by: Sequence[Mapping[str, Any]] | None,
    page_token: str | None = None,
) -> PagedList[LoggedModel]:
    """One page; datasets and order are MLflow's dictionaries. Raises InvalidInput for one that cannot be."""
    client.runs.flush()
    return client.logged_models.search(
        [str(experiment_id) for experiment_id in experiment_ids],
        filter_string,
        datasets=[_dataset(item) for item in datasets or ()],
        max_results=max_results,
        order_by=[_term(item) for item in order_by or ()],
        page_token=page_token,
    )


def texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Values as they are stored."""
    return {key: str(value) for key, value in (values or {}).items()}


def current_experiment_id() -> str:
    """The active run's experiment, or the one in force."""
    run = active_run()
    return run.info.experiment_id if run else session.current_experiment().experiment_id


def note_last(model_id: str) -> None:
    """This process made a logged model."""
    global _last_id
    _last_id = model_id


def _dataset(item: Mapping[str, Any]) -> OnDataset:
    _check(item, "datasets", needs="dataset_name", may_have=("dataset_digest",))
    return OnDataset(item["dataset_name"], item.get("dataset_digest") or "")


def _term(item: Mapping[str, Any]) -> Term:
    _check(item, "order_by", needs="field_name", may_have=("ascending", "dataset_name", "dataset_digest"))
    on = OnDataset(item["dataset_name"], item.get("dataset_digest") or "") if item.get("dataset_name") else None
    return Term(item["field_name"], bool(item.get("ascending", True)), on)


def _check(item: Any, argument: str, *, needs: str, may_have: tuple[str, ...]) -> None:
    if not isinstance(item, Mapping) or not item.get(needs) or set(item) - {needs, *may_have}:
        others = ", ".join(map(repr, may_have))
        raise InvalidInput(f"{argument} holds {item!r}; each is a dictionary with {needs!r}, and may have {others}")
