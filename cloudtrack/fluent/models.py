"""Logging, registering and loading models of the store in force."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloudtrack.client import AnyClient
from cloudtrack.entities.logged_model import EXTERNAL_TAG, LoggedModel, LoggedModelStatus
from cloudtrack.entities.model_version import ModelVersion
from cloudtrack.entities.page import PagedList
from cloudtrack.entities.registered_model import RegisteredModel
from cloudtrack.entities.run import LoggedModelOutput
from cloudtrack.errors import CloudtrackError, InvalidInput, StateError, Unavailable
from cloudtrack.fluent import session
from cloudtrack.fluent.active_models import note_made
from cloudtrack.fluent.active_runs import active_writer, current_run_id, experiment_id_of
from cloudtrack.fluent.logged_models import create, note_last, texts
from cloudtrack.models import finding
from cloudtrack.models.finding import Loaded, local_folder
from cloudtrack.models.model_file import Model, ModelInfo
from cloudtrack.models.saving import SaveArguments, check_arguments
from cloudtrack.storage.progress_line import progress_line
from cloudtrack.tracking.documents import ModelOutput

DEFAULT_NAME = "model"


class LogArguments(SaveArguments, total=False):
    """What every flavor's ``log_model`` takes beside the model; names as MLflow's."""

    name: str | None
    """``artifact_path`` is MLflow's older word for it."""
    model_type: str | None
    params: Mapping[str, Any] | None
    """Params of the logged model."""
    step: int
    """Of the run, at which the model was made."""
    registered_model_name: str | None
    await_registration_for: int | None
    """MLflow's; a version is ready at once."""
    tags: Mapping[str, Any] | None
    run_id: str | None
    model_id: str | None
    """A model of ``initialize_logged_model`` to fill; its name stays, and params and tags are added."""


def log(save: Callable[..., Model], artifact_path: str | None, arguments: LogArguments) -> ModelInfo:
    """Make a logged model of the run, or fill one that waits for its files, and register it where a name is given.

    ``save`` is a flavor's ``save_model`` that lacks only the path and ``SaveArguments``. The files are the logged
    model's; the run finds them under the model's name too, as ``runs:/<run id>/<name>``.
    """
    check_arguments(arguments, LogArguments)
    name = arguments.get("name")
    to_save = {key: value for key, value in arguments.items() if key in SaveArguments.__annotations__}
    if name and artifact_path and name != artifact_path:
        raise InvalidInput(f"name is {name!r} and artifact_path is {artifact_path!r}: give one of them")
    run = current_run_id(arguments.get("run_id"))
    client = session.client()
    params, tags = arguments.get("params"), arguments.get("tags")
    if model_id := arguments.get("model_id"):
        logged = _waiting_model(client, model_id, params, tags)
    else:
        given_name = name or artifact_path or DEFAULT_NAME
        if writer := active_writer(run):  # a model has the params that its run had when it was made, as MLflow's
            params = {**writer.params, **(params or {})}
        logged = create(client, experiment_id_of(run), given_name, run, tags, params, arguments.get("model_type"))
    path = logged.name
    try:
        with tempfile.TemporaryDirectory(prefix="cloudtrack-") as folder:
            identity = Model.new().model_copy(
                update={"run_id": run, "artifact_path": path, "model_id": logged.model_id}
            )
            model = save(Path(folder) / "model", **{**to_save, "mlflow_model": identity})
            with progress_line(f"logging {path}", model.model_size_bytes) as progress:
                client.logged_model_artifacts.log_folder(logged.model_id, Path(folder) / "model", progress=progress)
    except BaseException:
        with contextlib.suppress(CloudtrackError):
            client.logged_models.finalize(logged.model_id, LoggedModelStatus.FAILED)
        raise
    client.logged_models.finalize(logged.model_id, LoggedModelStatus.READY)
    _log_output(client, run, LoggedModelOutput(logged.model_id, arguments.get("step", 0)))
    if writer := active_writer(run):
        writer.give_metrics(logged.model_id, arguments.get("step", 0))
    note_made(run, logged.model_id)
    note_last(logged.model_id)
    info = replace(model.get_model_info(logged.model_uri), name=path, params=logged.params)
    if registered_name := arguments.get("registered_model_name"):
        version = register_model(info.model_uri, registered_name, tags=arguments.get("tags"))
        info = replace(info, registered_model_version=version.version)
    return info


def _log_output(client: AnyClient, run_id: str, output: LoggedModelOutput) -> None:
    """Note on the run what it made; where the store is away, in the run's spool."""
    try:
        client.runs.log_outputs(run_id, [output])
    except Unavailable:
        writer = active_writer(run_id)
        if writer is None:
            raise
        writer.log_outputs([ModelOutput(model_id=output.model_id, step=output.step)])


def _waiting_model(
    client: AnyClient, model_id: str, params: Mapping[str, Any] | None, tags: Mapping[str, Any] | None
) -> LoggedModel:
    """A logged model that has no files yet, with these params and tags. Raises NotFound, StateError."""
    model = client.logged_models.get(model_id)
    if EXTERNAL_TAG in model.tags:
        model = client.logged_models.delete_tag(model_id, EXTERNAL_TAG)
    elif model.status == LoggedModelStatus.READY:
        raise StateError(f"logged model {model_id} has its files already: leave model_id out to log another")
    if tags:
        client.logged_models.set_tags(model_id, texts(tags))
    return client.logged_models.log_params(model_id, texts(params)) if params else model


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int | None = None,
    *,
    tags: Mapping[str, Any] | None = None,
    env_pack: Any = None,
) -> ModelVersion:
    """Register a logged model as the next version of ``name``, which is made where it does not exist.

    ``await_registration_for`` is MLflow's; a version is ready when this returns, unless the store is away: then its
    status is PENDING_REGISTRATION, and ``version`` a text that other calls take in the place of the number.
    ``env_pack`` packs an environment for Databricks, and must not be given.
    """
    del await_registration_for
    if env_pack is not None:
        raise InvalidInput("env_pack is for serving on Databricks; leave it out: a model names its packages itself")
    return session.client().register_model(model_uri, name, tags=tags)


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> PagedList[RegisteredModel]:
    """Registered models, by name."""
    return session.client().registered_models.search(filter_string, max_results=max_results or 10**6, order_by=order_by)


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: list[str] | None = None
) -> PagedList[ModelVersion]:
    """Model versions, newest first."""
    return session.client().model_versions.search(filter_string, max_results=max_results or 10**6, order_by=order_by)


def set_model_version_tag(name: str, version: int | str, key: str, value: Any) -> None:
    """Set a tag on a version."""
    session.client().model_versions.set_tag(name, version, key, value)


def load_from(
    model_uri: str,
    dst_path: str | os.PathLike[str] | None,
    load: Callable[[Path], Loaded],
    *,
    reader: Callable[[Loaded], Any] = lambda loaded: loaded,
) -> Loaded:
    """What ``load`` makes of a model's folder (see ``local_model`` and ``finding.load_from``)."""
    return finding.load_from(model_uri, session.client, dst_path, load, reader=reader)


@contextmanager
def local_model(model_uri: str, dst_path: str | os.PathLike[str] | None = None) -> Iterator[Path]:
    """A model's folder on the local disk, downloaded where the URI names one of the store.

    Takes a local folder, ``runs:/<run id>/<path>``, ``models:/<name>/<version or stage>``,
    ``models:/<name>@<alias>`` and ``models:/<name>/latest``. Without ``dst_path`` it is gone afterwards.
    """
    with local_folder(model_uri, session.client, dst_path) as folder:
        yield folder


def get_model_info(model_uri: str) -> ModelInfo:
    """What ``MLmodel`` says of a model; the model itself is not loaded."""
    return Model.load(model_uri).get_model_info(model_uri)


def read_model_file(model_uri: str) -> Model:
    """``MLmodel`` of a model of the store in force, for ``Model.load``."""
    return session.client().read_model_file(model_uri)
