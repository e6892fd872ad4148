"""The logged models that the metrics of this process go to: the active one, or those that a run made."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from cloudtrack import config
from cloudtrack.entities.logged_model import LoggedModel
from cloudtrack.entities.names import check_logged_model_name
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import session
from cloudtrack.fluent.logged_models import create_external_model, current_experiment_id, get_logged_model, texts


class ActiveModel(LoggedModel):
    """A logged model made active. As a context manager it gives way to the one that was active before."""

    __slots__ = ("_before",)

    def __init__(self, model: LoggedModel, before: str | None) -> None:
        super().__init__(**model.to_dictionary())
        object.__setattr__(self, "_before", before)

    def __enter__(self) -> ActiveModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.model_id = object.__getattribute__(self, "_before")


class _Active(threading.local):
    """The id of a thread's active model; the environment's at first."""

    def __init__(self) -> None:
        self.model_id: str | None = config.active_model_id() or None


_active = _Active()
_made: dict[str, list[str]] = {}


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Make a logged model the active one of this thread: what is logged with no ``model_id`` goes to it too.

    A ``name`` is that of the newest in the experiment in force; where there is none, an external model is made.
    Raises NotFound for an unknown id.
    """
    if model_id is not None:
        model = get_logged_model(model_id)
        if name is not None and name != model.name:
            raise InvalidInput(f"logged model {model_id} has the name {model.name!r}, not {name!r}")
    elif name is not None:
        by_name = f'name = "{check_logged_model_name(name)}"'
        found = session.client().logged_models.search([current_experiment_id()], by_name, max_results=1)
        model = found[0] if found else create_external_model(name)
    else:
        raise InvalidInput("set_active_model takes a name or a model_id")
    active = ActiveModel(model, _active.model_id)
    _active.model_id = model.model_id
    return active


def get_active_model_id() -> str | None:
    """The active model of this thread; at first the one that ``MLFLOW_ACTIVE_MODEL_ID`` names."""
    return _active.model_id


def clear_active_model() -> None:
    """Have no active model in this thread any more."""
    _active.model_id = None


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """Log params of a logged model, by default of the active one. Raises InvalidInput where one has another value."""
    to = model_id or _active.model_id
    if to is None:
        raise InvalidInput("log_model_params takes a model_id where no model is active (set_active_model)")
    session.client().logged_models.log_params(to, texts(params))


def note_made(run_id: str, model_id: str) -> None:
    """The run has made this model: its later metrics go to it too, unless a model is named or active."""
    _made.setdefault(run_id, []).append(model_id)


def models_of(run_id: str, model_id: str | None) -> tuple[list[str], bool]:
    """Where a metric of a run goes that names this model or none; and whether it is a model that the run reads."""
    named_one = model_id or _active.model_id
    made = _made.get(run_id, [])
    return ([named_one], named_one not in made) if named_one else (made, False)
