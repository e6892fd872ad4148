"""Autologging of transformers: what a ``Trainer`` trains.

Source of the arguments: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.transformers.html#mlflow.transformers.autolog;
names of params and metrics are those that transformers itself reports.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging.patching import Call, guarded, patch
from cloudtrack.autologging.session import Training, training
from cloudtrack.autologging.settings import Framework, Settings, switch
from cloudtrack.fluent import logging

_NAME = "transformers"


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = False,
    log_models: bool = False,
    log_datasets: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Log what a Trainer trains: the arguments and the model's configuration, and all that the Trainer reports.

    With ``log_models`` the model is logged with its tokenizer, once, when training has ended. The other arguments are
    MLflow's and mean nothing here: batches of tokens make no example and no table.
    """
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        exclusive=exclusive,
        silent=silent,
        extra_tags=extra_tags,
    )
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def make_callback(log: Any) -> Any:
    """A callback of a Trainer that gives metrics and a step to ``log``."""
    import transformers

    class LogMetrics(transformers.TrainerCallback):  # type: ignore[misc]
        """Logs what the Trainer reports."""

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
            """All numbers, with the step of the Trainer."""
            if state.is_world_process_zero:
                log(
                    {key: value for key, value in (logs or {}).items() if isinstance(value, int | float)},
                    state.global_step,
                )

    return LogMetrics()


def Callback() -> Any:  # noqa: N802 - used as a class
    """A callback for ``Trainer(callbacks=[...])`` that logs to the active run."""

    def log(metrics: Mapping[str, Any], step: int) -> None:
        with guarded("metrics of transformers"):
            logging.log_metrics(metrics, step=step)

    return make_callback(log)


def _observe_train(call: Call) -> Generator[None]:
    trainer = call.owner
    if not trainer.is_world_process_zero():
        yield
        return
    with training(_NAME, call) as logged:
        if logged is None:
            yield
            return
        callback = None
        with guarded("params of transformers"):
            config = getattr(trainer.model, "config", None)
            of_model = config.to_dict() if config is not None else {}
            logged.log_params({**of_model, **trainer.args.to_dict()})
        with guarded("metrics of transformers"):
            callback = make_callback(logged.log_metrics)
            trainer.add_callback(callback)
        yield
        if callback is not None:
            trainer.remove_callback(callback)
        if call.error is None:
            _log_trained(logged, trainer)


def _log_trained(logged: Training, trainer: Any) -> None:
    parts = {"model": trainer.model, "tokenizer": getattr(trainer, "processing_class", None)}
    logged.log_model({name: part for name, part in parts.items() if part is not None})


def _patch(module: Any) -> None:
    patch(_NAME, module.Trainer, "train", _observe_train)


_FRAMEWORK = Framework(_NAME, "transformers", "5", {"transformers.trainer": _patch})
