"""What is in force in this process: the store, its client, the experiment of new runs."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Mapping
from typing import cast

from cloudtrack import config
from cloudtrack.client import AnyClient, connect
from cloudtrack.entities.experiment import Experiment, LifecycleStage, ViewType
from cloudtrack.entities.page import PagedList
from cloudtrack.errors import InvalidInput, NotFound, StateError, Unavailable
from cloudtrack.tracking.experiments import DEFAULT_EXPERIMENT_ID
from cloudtrack.waiting.client import WaitingClient

_lock = threading.RLock()
_uri: str | None = None
_clients: dict[str, WaitingClient] = {}
_experiment: Experiment | None = None
_endings: list[Callable[[], None]] = []
_is_hooked = False


def set_tracking_uri(uri: str | os.PathLike[str]) -> None:
    """Use another store from now on: a folder, ``s3://bucket/prefix``, ``file:///path`` or ``memory://name``;
    or the server at ``https://host``, or the one run that the grant ``grant:/path/run.grant`` is for."""
    global _uri, _experiment
    with _lock:
        if os.fspath(uri) != _uri:
            _experiment = None
        _uri = os.fspath(uri) or None


def get_tracking_uri() -> str:
    """The store in force, as it was named."""
    return _uri or config.store_uri()


def is_tracking_uri_set() -> bool:
    """Whether a store was chosen, by ``set_tracking_uri`` or the environment."""
    return _uri is not None or config.is_store_uri_set()


def set_registry_uri(uri: str) -> None:
    """In MLflow the registry may be elsewhere; here it is part of the store, and only its URI is taken."""
    if uri and uri != get_tracking_uri():
        raise InvalidInput(
            f"the model registry is part of the store {get_tracking_uri()}: call set_tracking_uri({uri!r}) instead"
        )


def get_registry_uri() -> str:
    """The same as ``get_tracking_uri()``."""
    return get_tracking_uri()


def client(uri: str | None = None) -> AnyClient:
    """The client of the store in force, or of another; one for each store and process.

    What it asks of the registry and of logged models waits while the store is away (see ``waiting.client``).
    """
    return cast(AnyClient, waiting_client(uri))


def waiting_client(uri: str | None = None) -> WaitingClient:
    """The same, as what it is."""
    name = uri or get_tracking_uri()
    with _lock:
        if name not in _clients:
            keeps = not name.startswith(config.GRANT_SCHEME)  # a grant is for one run, and nothing else
            _clients[name] = WaitingClient(connect(name), config.spool_dir(), keeps=keeps)
            _hook_end()
        return _clients[name]


def before_end(do: Callable[[], None]) -> None:
    """Have something done when the process ends, before its clients deliver what they have."""
    _endings.append(do)


def _hook_end() -> None:
    global _is_hooked
    if not _is_hooked:
        _is_hooked = True
        # Before the thread pools of concurrent.futures shut down, which a delivery may need; atexit is after.
        getattr(threading, "_register_atexit", atexit.register)(_end)


def _end() -> None:
    """At the end of the process."""
    for do in _endings:
        do()
    for each in list(_clients.values()):
        each.runs.close()
        each.close()


def set_experiment(experiment_name: str | None = None, experiment_id: str | None = None) -> Experiment:
    """Put new runs into this experiment; one that does not exist is made. Give a name or an id.

    Where the store is away, the experiment has no id yet: it gets one with the first run delivered.
    """
    global _experiment
    if bool(experiment_name) == bool(experiment_id):
        raise InvalidInput("set_experiment takes a name or an id: exactly one of them")
    try:
        if experiment_id:
            found = client().experiments.get(experiment_id)
        else:
            found = client().experiments.get_or_create(experiment_name or "")
    except Unavailable:
        if experiment_id:
            raise
        found = Experiment(experiment_id="", name=experiment_name or "")
    if found.lifecycle_stage == LifecycleStage.DELETED:
        raise StateError(
            f"experiment {found.name!r} is deleted: restore it (id {found.experiment_id}), or choose another name"
        )
    with _lock:
        _experiment = found
    return found


def current_experiment() -> Experiment:
    """The experiment of new runs: the one set, the environment's, or ``Default``."""
    if _experiment is not None:
        return _experiment
    if name := config.experiment_name():
        return set_experiment(name)
    return client().experiments.get(config.experiment_id() or DEFAULT_EXPERIMENT_ID)


def create_experiment(name: str, artifact_location: str | None = None, tags: Mapping[str, str] | None = None) -> str:
    """A new experiment; its id. Raises AlreadyExists."""
    return client().experiments.create(name, tags=tags, artifact_location=artifact_location)


def get_experiment(experiment_id: str) -> Experiment:
    """Raises NotFound."""
    return client().experiments.get(experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """The experiment with this name, deleted or not; None where there is none."""
    return client().experiments.get_by_name(name)


def delete_experiment(experiment_id: str) -> None:
    """Move an experiment and its runs to the trash."""
    client().runs.delete_experiment(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Take an experiment out of the trash, with the runs that went there with it."""
    client().runs.restore_experiment(experiment_id)


def set_experiment_tag(key: str, value: str) -> None:
    """Set a tag on the experiment in force."""
    client().experiments.set_tag(current_experiment().experiment_id, key, value)


def set_experiment_tags(tags: Mapping[str, str]) -> None:
    """Set tags on the experiment in force."""
    for key, value in tags.items():
        set_experiment_tag(key, value)


def delete_experiment_tag(key: str) -> None:
    """Raises NotFound where the experiment in force has no such tag."""
    client().experiments.delete_tag(current_experiment().experiment_id, key)


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: list[str] | None = None,
) -> PagedList[Experiment]:
    """Experiments, newest first unless ``order_by`` says otherwise."""
    return client().experiments.search(filter_string, view_type=view_type, max_results=max_results, order_by=order_by)


def experiment_ids(ids: list[str] | None, names: list[str] | None, *, search_all: bool) -> list[str]:
    """The experiments a search looks into. Raises NotFound for an unknown name."""
    if ids and names:
        raise InvalidInput("give experiment_ids or experiment_names, not both")
    if names:
        found = [(name, get_experiment_by_name(name)) for name in names]
        missing = [name for name, experiment in found if experiment is None]
        if missing:
            raise NotFound(f"there is no experiment named {missing[0]!r} in {get_tracking_uri()}")
        return [experiment.experiment_id for _, experiment in found if experiment is not None]
    if ids:
        return [str(experiment_id) for experiment_id in ids]
    if search_all:
        return [experiment.experiment_id for experiment in client().experiments.search()]
    return [current_experiment().experiment_id]


def reset_after_fork() -> None:
    """In a forked child: locks that the parent's threads held are free."""
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=reset_after_fork)
