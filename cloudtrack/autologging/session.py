"""The run that a training is logged to: the active one, or one that begins and ends with the training."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cloudtrack import clock
from cloudtrack.autologging.datasets import describe
from cloudtrack.autologging.figures import new_figure
from cloudtrack.autologging.patching import Call, guarded, warn
from cloudtrack.autologging.settings import AUTOLOGGING_TAG, Settings, settings_of
from cloudtrack.entities.run import Metric, RunStatus
from cloudtrack.errors import InvalidInput
from cloudtrack.fluent import active_runs, artifacts, session
from cloudtrack.fluent.active_models import models_of
from cloudtrack.fluent.active_runs import ActiveRun
from cloudtrack.fluent.logging import input_of
from cloudtrack.models.model_file import ModelInfo
from cloudtrack.tracking.runs import dataset_use

MODEL_NAME = "model"


class Training:
    """One training that is logged. Whatever cannot be logged is told of once, and all else is logged."""

    def __init__(self, run: ActiveRun, framework: str, settings: Settings) -> None:
        self.run = run
        self.framework = framework
        self.settings = settings
        self.history: dict[str, list[Any]] = {}
        """What ``log_iteration`` has logged."""

    @property
    def run_id(self) -> str:
        """The run's."""
        return self.run.info.run_id

    @property
    def iterations(self) -> int:
        """How many ``log_iteration`` has logged."""
        return max((len(values) for values in self.history.values()), default=0)

    def option(self, name: str) -> Any:
        """An argument that this framework alone has, or None."""
        return self.settings.options.get(name)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params; those that are too long, or have another value already, are left out and told of."""
        with guarded("a param"):
            texts = {str(key): _text(value) for key, value in params.items()}
            try:
                self.run.writer.log_params(texts)
            except InvalidInput:
                self._log_params_one_by_one(texts)

    def _log_params_one_by_one(self, texts: Mapping[str, str]) -> None:
        for key, text in texts.items():
            try:
                self.run.writer.log_params({key: text})
            except InvalidInput as error:
                warn(f"param {key[:80]!r} of {self.framework} is not logged", error)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log points to the run, and to the models that it made here."""
        models, reads = models_of(self.run_id, None)
        for key, value in metrics.items():
            with guarded(f"metric {key!r} of {self.framework}"):
                if models:
                    self.run.writer.log_model_metric(models, key, value, step, reads=reads)
                else:
                    self.run.writer.log_metric(key, value, step)

    def log_iteration(self, metrics: Mapping[str, Any], step: int) -> None:
        """Log the metrics of an iteration, and keep them for what the best one was."""
        for key, value in metrics.items():
            self.history.setdefault(key, []).append(value)
        self.log_metrics(metrics, step)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags."""
        with guarded(f"tags of {self.framework}"):
            self.run.writer.set_tags(tags)

    def log_dataset(self, data: Any, targets: Any = None, *, context: str = "train", name: str | None = None) -> None:
        """Record what was read, where ``log_datasets`` wants it and it is a table or an array."""
        if not self.settings.log_datasets or data is None:
            return
        with guarded(f"the {context} dataset of {self.framework}"):
            dataset = describe(data, targets, name)
            if dataset is not None:
                self.run.writer.log_inputs([dataset_use(input_of(dataset, context))])

    def log_dict(self, content: Any, path: str) -> None:
        """Write a JSON file."""
        with guarded(f"{path} of {self.framework}"):
            artifacts.log_dict(content, path, run_id=self.run_id)

    def log_text(self, text: str, path: str) -> None:
        """Write a text file."""
        with guarded(f"{path} of {self.framework}"):
            artifacts.log_text(text, path, run_id=self.run_id)

    def log_figure(self, draw: Callable[[Any], None], path: str) -> None:
        """Have something drawn into axes, and write it; not where matplotlib is not installed."""
        with guarded(f"{path} of {self.framework}"):
            figure = new_figure()
            if figure is not None:
                draw(figure.add_subplot())
                artifacts.log_figure(figure, path)

    def log_model(self, model: Any, *, flavor: str = "", name: str = MODEL_NAME, **arguments: Any) -> ModelInfo | None:
        """Log a model where ``log_models`` wants it, and register it where a name was given."""
        if not self.settings.log_models:
            return None
        with guarded(f"the model of {self.framework}"):
            module = importlib.import_module(f"cloudtrack.flavors.{flavor or self.framework}")
            given = {key: value for key, value in arguments.items() if value is not None}
            if self.settings.registered_model_name and name == MODEL_NAME:
                given["registered_model_name"] = self.settings.registered_model_name
            info: ModelInfo = module.log_model(model, name=name, run_id=self.run_id, **given)
            return info
        return None


class _Trainings(threading.local):
    """What this thread is logging, outermost first."""

    def __init__(self) -> None:
        self.all: list[Training] = []


_trainings = _Trainings()


def current_training() -> Training | None:
    """What the call around this one is logged to, in this thread."""
    return _trainings.all[-1] if _trainings.all else None


@contextmanager
def training(framework: str, call: Call) -> Iterator[Training | None]:
    """What to log a call to, for the body of an observer; None where nothing is to be logged.

    A run that is begun here ends here: FINISHED, or FAILED where the call failed.
    """
    settings = settings_of(framework)
    active = active_runs.active_run()
    if settings is None or (active is not None and settings.exclusive):
        yield None
        return
    own = None
    if active is None:
        active = own = active_runs.start_run(tags={AUTOLOGGING_TAG: framework})
    logged = Training(active, framework, settings)
    _trainings.all.append(logged)
    try:
        if settings.extra_tags:
            logged.set_tags(settings.extra_tags)
        yield logged
        status = active_runs.status_of(call.error)
    except BaseException:
        status = RunStatus.FAILED
        raise
    finally:
        _trainings.all.remove(logged)
        if own is not None and active_runs.active_run() is own:
            active_runs.end_run(status)


def log_to_run(run_id: str, key: str, value: Any, step: int | None = None) -> None:
    """Log a point to a run, and to the models that it made here, also when it has ended."""
    writer = active_runs.active_writer(run_id)
    models, _ = models_of(run_id, None)
    if writer is None:
        point = Metric(key, float(value), clock.now_ms(), step or 0, model_id=models[-1] if models else None)
        session.client().runs.log_batch(run_id, metrics=[point])
    elif models:
        writer.log_model_metric(models, key, value, step)
    else:
        writer.log_metric(key, value, step)


def _text(value: Any) -> str:
    """A param as text; a broken ``repr`` is no reason to lose the others."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - any object may be a param
        return f"<{type(value).__name__}: {type(error).__name__}>"
