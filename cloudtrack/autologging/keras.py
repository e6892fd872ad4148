"""Autologging of Keras, which is TensorFlow's too: every ``Model.fit``.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.keras.html#mlflow.keras.autolog
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging.callback_steps import Steps
from cloudtrack.autologging.datasets import example_of
from cloudtrack.autologging.patching import Call, guarded, patch
from cloudtrack.autologging.session import Training, training
from cloudtrack.autologging.settings import Framework, Settings, switch
from cloudtrack.fluent import logging
from cloudtrack.models.infer import infer_signature

_NAME = "keras"
_PARAMS = (
    *("batch_size", "epochs", "validation_split", "shuffle", "class_weight", "sample_weight", "initial_epoch"),
    *("steps_per_epoch", "validation_steps", "validation_batch_size", "validation_freq"),
)
_STOPPING = ("monitor", "min_delta", "patience", "baseline", "restore_best_weights", "mode", "start_from_epoch")


def autolog(
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    log_models: bool = True,
    log_model_signatures: bool = True,
    save_exported_model: bool = False,
    log_datasets: bool = True,
    log_input_examples: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    save_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what Keras fits: params, the optimizer's, metrics of each epoch, the summary, the model, the data.

    With ``log_every_n_steps`` metrics are logged of every n-th batch, and not of epochs. ``save_model_kwargs`` go to
    Keras's own ``save``, and ``save_exported_model`` is ``ct.keras.log_model``'s.
    """
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        exclusive=exclusive,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
        options={
            "every_n_steps": log_every_n_steps,
            "every_epoch": log_every_epoch,
            "to_log": {"save_exported_model": save_exported_model, "save_model_kwargs": save_model_kwargs},
        },
    )
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def make_callback(log: Any, *, every_epoch: bool = True, every_n_steps: int | None = None) -> Any:
    """A callback of Keras that gives metrics and a step to ``log``."""
    import keras

    class LogMetrics(keras.callbacks.Callback):  # type: ignore[misc]
        """Logs the metrics of epochs or of batches."""

        def __init__(self) -> None:
            super().__init__()
            self._steps = Steps(every_n_steps)
            self._fits = False

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - its interface
            """Validations from now on are the fit's."""
            self._fits = True

        def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002 - its interface
            """The fit is over."""
            self._fits = False

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            """Of the epoch, and of its validation."""
            if every_n_steps is None and every_epoch:
                log(dict(logs or {}), epoch)
            elif logs:
                log({key: value for key, value in logs.items() if key.startswith("val_")}, self._steps.count)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 - its interface
            """Of every n-th batch."""
            if every_n_steps is not None and self._steps.next_is_due():
                log(dict(logs or {}), self._steps.count)

        def on_test_end(self, logs: Any = None) -> None:
            """Of ``evaluate``, which is not the validation of a fit."""
            if logs and not self._fits:
                log({f"eval_{key}": value for key, value in logs.items()}, None)

    return LogMetrics()


def Callback(*, log_every_epoch: bool = True, log_every_n_steps: int | None = None) -> Any:  # noqa: N802 - used as a class
    """A callback for ``Model.fit(callbacks=[...])`` that logs to the active run."""

    def log(metrics: Mapping[str, Any], step: int | None) -> None:
        with guarded("metrics of Keras"):
            logging.log_metrics(metrics, step=step)

    return make_callback(log, every_epoch=log_every_epoch, every_n_steps=log_every_n_steps)


MLflowCallback = Callback
"""MLflow's name for it."""


def _observe_fit(call: Call) -> Generator[None]:
    with training(_NAME, call) as logged:
        if logged is None:
            yield
            return
        arguments = call.arguments()
        with guarded("params of Keras"):
            _log_params(logged, call.owner, arguments)
        callback = make_callback(
            logged.log_metrics,
            every_epoch=logged.option("every_epoch"),
            every_n_steps=logged.option("every_n_steps"),
        )
        given: Any = arguments.get("callbacks")
        if hasattr(given, "callbacks"):
            given.append(callback)
        else:
            call.set("callbacks", [*(given if isinstance(given, list | tuple) else [given] if given else []), callback])
        yield
        if call.error is None:
            _log_fitted(logged, call.owner, arguments)


def _log_params(logged: Training, model: Any, arguments: Mapping[str, Any]) -> None:
    found = {key: arguments[key] for key in _PARAMS if key in arguments and _is_plain(arguments[key])}
    if (optimizer := getattr(model, "optimizer", None)) is not None:
        config = optimizer.get_config()
        found["optimizer_name"] = config.pop("name", type(optimizer).__name__)
        found.update({f"optimizer_{key}": value for key, value in config.items()})
    stopping = _early_stopping(arguments)
    if stopping is not None:
        found.update({f"early_stopping_{key}": getattr(stopping, key, None) for key in _STOPPING})
    logged.log_params(found)
    lines: list[str] = []
    model.summary(print_fn=lambda line, *_args, **_more: lines.append(str(line)))
    logged.log_text("\n".join(lines), "model_summary.txt")


def _log_fitted(logged: Training, model: Any, arguments: Mapping[str, Any]) -> None:
    rows = arguments.get("x")
    logged.log_dataset(rows, arguments.get("y"), context="train")
    if (validation := arguments.get("validation_data")) is not None and isinstance(validation, tuple):
        logged.log_dataset(validation[0], validation[1], context="eval")
    with guarded("where Keras stopped"):
        stopping = _early_stopping(arguments)
        if stopping is not None and stopping.stopped_epoch:
            found = {"stopped_epoch": stopping.stopped_epoch}
            if stopping.restore_best_weights and stopping.best_weights is not None:
                found["restored_epoch"] = stopping.best_epoch
            logged.log_metrics(found)
    example = signature = None
    if logged.settings.log_models:
        with guarded("the signature of the model of Keras"):
            example = _example(rows)
            if example is not None and logged.settings.log_model_signatures:
                signature = infer_signature(example, model.predict(example, verbose=0))
    shown = example if logged.settings.log_input_examples else None
    logged.log_model(model, flavor=_NAME, signature=signature or False, input_example=shown, **logged.option("to_log"))


def _example(rows: Any) -> Any:
    if isinstance(rows, Mapping):
        return {name: value[:5] for name, value in rows.items()}
    return example_of(rows) if type(rows).__module__.partition(".")[0] in ("numpy", "pandas") else None


def _early_stopping(arguments: Mapping[str, Any]) -> Any:
    import keras

    given = arguments.get("callbacks")
    found = given if isinstance(given, list | tuple) else getattr(given, "callbacks", [given])
    return next((each for each in found if isinstance(each, keras.callbacks.EarlyStopping)), None)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | dict)


def _patch(module: Any) -> None:
    owner = next(kind for kind in module.Model.__mro__ if "fit" in vars(kind))
    patch(_NAME, owner, "fit", _observe_fit)


_FRAMEWORK = Framework(_NAME, "keras", "3", {"keras": _patch})
