"""Autologging of PyTorch: what Lightning's ``Trainer`` fits and tests, and scalars for TensorBoard.

Source of what is logged: https://mlflow.org/docs/latest/api_reference/python_api/mlflow.pytorch.html#mlflow.pytorch.autolog.
A loop that somebody writes in plain PyTorch calls nothing that could be observed: it logs by ``ct.log_metric``.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from typing import Any

from cloudtrack.autologging.callback_steps import Steps
from cloudtrack.autologging.patching import Call, guarded, patch, warn
from cloudtrack.autologging.session import Training, log_to_run, training
from cloudtrack.autologging.settings import Framework, Settings, settings_of, switch
from cloudtrack.fluent import active_runs, artifacts

_NAME = "pytorch"
_RUN = "_cloudtrack_run"
_STOPPING = ("monitor", "mode", "patience", "min_delta", "stopped_epoch")


def autolog(
    log_every_n_epoch: int = 1,
    log_every_n_step: int | None = None,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
    log_model_signatures: bool = True,
) -> None:
    """Log what Lightning trains: params, the optimizer's, metrics of each n-th epoch and step, the summary, the model.

    With ``checkpoint``, the best checkpoint that the Trainer's own ``ModelCheckpoint`` kept becomes an artifact; the
    arguments ``checkpoint_...`` are MLflow's, and are that callback's to say. Data loaders are not logged as datasets.
    Scalars of ``torch.utils.tensorboard.SummaryWriter`` go to the active run.
    """
    settings = Settings(
        log_models=log_models,
        log_datasets=log_datasets,
        log_model_signatures=log_model_signatures,
        exclusive=exclusive,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
        options={"every_n_epoch": log_every_n_epoch, "every_n_step": log_every_n_step, "checkpoint": checkpoint},
    )
    chosen = (checkpoint_monitor, checkpoint_mode, checkpoint_save_best_only, checkpoint_save_weights_only)
    if (*chosen, checkpoint_save_freq) != ("val_loss", "min", True, False, "epoch"):
        warn("what checkpoint_... says (give the Trainer a ModelCheckpoint) is not heeded and its checkpoint")
    switch(_FRAMEWORK, settings, disable=disable, disable_for_unsupported_versions=disable_for_unsupported_versions)


def _callback(base: type, logged: Training) -> Any:
    """A callback of Lightning, in whichever of its two packages the Trainer is."""

    class LogMetrics(base):  # type: ignore[misc]
        """Logs what the module has logged."""

        def __init__(self) -> None:
            self._steps = Steps(logged.option("every_n_step"))
            self._of_training: set[str] = set()
            self._of_validation: set[str] = set()

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            """Of every n-th step; the Trainer still shows those of the validation before."""
            self._of_training.update(set(trainer.logged_metrics) - self._of_validation)
            if self._steps.next_is_due() and trainer.is_global_zero:
                found = {key: trainer.logged_metrics[key] for key in self._of_training & set(trainer.logged_metrics)}
                logged.log_metrics(_floats(found), step=trainer.global_step)

        def on_validation_end(self, trainer: Any, *_: Any) -> None:
            """Learn which metrics are the validation's."""
            self._of_validation.update(set(trainer.callback_metrics) - self._of_training)

        def on_train_epoch_end(self, trainer: Any, *_: Any) -> None:
            """Of every n-th epoch, its validation with it."""
            if (trainer.current_epoch + 1) % (logged.option("every_n_epoch") or 1) == 0 and trainer.is_global_zero:
                logged.log_metrics(_floats(trainer.callback_metrics), step=trainer.current_epoch)

    return LogMetrics()


def _floats(metrics: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for key, value in metrics.items():
        with guarded(f"metric {key!r} of Lightning"):
            found[key] = float(value)
    return found


def _observe_fit(call: Call) -> Generator[None]:
    trainer = call.owner
    if not trainer.is_global_zero:
        yield
        return
    with training(_NAME, call) as logged:
        if logged is None:
            yield
            return
        callback = None
        with guarded("metrics of Lightning"):
            callback = _callback(_package_of(trainer).callbacks.Callback, logged)
            trainer.callbacks.append(callback)
        yield
        if callback in trainer.callbacks:
            trainer.callbacks.remove(callback)
        if call.error is None:
            setattr(trainer, _RUN, logged.run_id)
            _log_fitted(logged, trainer)


def _log_fitted(logged: Training, trainer: Any) -> None:
    with guarded("params of Lightning"):
        found: dict[str, Any] = {"epochs": trainer.max_epochs}
        if trainer.optimizers:
            optimizer = trainer.optimizers[0]
            found["optimizer_name"] = type(optimizer).__name__
            found.update(optimizer.defaults)
        for callback in trainer.callbacks:
            if type(callback).__name__ == "EarlyStopping":
                found.update({key: getattr(callback, key, None) for key in _STOPPING[:-1]})
                logged.log_metrics({"stopped_epoch": callback.stopped_epoch})
        found.update(dict(getattr(trainer.lightning_module, "hparams", None) or {}))
        logged.log_params(found)
    with guarded("the summary of a module"):
        logged.log_text(
            str(_package_of(trainer).utilities.model_summary.ModelSummary(trainer.model)), "model_summary.txt"
        )
    if logged.option("checkpoint") and (kept := getattr(trainer.checkpoint_callback, "best_model_path", "")):
        with guarded("the checkpoint of Lightning"):
            if os.path.exists(kept):
                artifacts.log_artifact(kept, "checkpoints", run_id=logged.run_id)
    logged.log_model(trainer.lightning_module, serialization_format="pickle")


def _observe_test(call: Call) -> Generator[None]:
    yield
    trainer = call.owner
    run_id = getattr(trainer, _RUN, None)
    if call.error is None and run_id is not None:
        for key, value in _floats(trainer.callback_metrics).items():
            log_to_run(run_id, key, value, step=trainer.current_epoch)


def _observe_scalar(call: Call) -> Generator[None]:
    """Of ``SummaryWriter.add_scalar``."""
    yield
    settings, active = settings_of(_NAME), active_runs.active_run()
    if settings is not None and active is not None and call.error is None and not settings.exclusive:
        arguments = call.arguments()
        step = arguments.get("global_step")
        Training(active, _NAME, settings).log_metrics({arguments["tag"]: arguments["scalar_value"]}, step=step)


def _package_of(trainer: Any) -> Any:
    """The module ``lightning.pytorch`` or ``pytorch_lightning``, which is there by now."""
    import importlib

    kind = next(kind for kind in type(trainer).__mro__ if kind.__module__.endswith("trainer.trainer"))
    return importlib.import_module(kind.__module__.removesuffix(".trainer.trainer"))


def _patch_trainer(module: Any) -> None:
    patch(_NAME, module.Trainer, "fit", _observe_fit)
    patch(_NAME, module.Trainer, "test", _observe_test)


def _patch_tensorboard(module: Any) -> None:
    patch(_NAME, module.SummaryWriter, "add_scalar", _observe_scalar)


_FRAMEWORK = Framework(
    _NAME,
    "torch",
    "2",
    {
        "lightning.pytorch.trainer.trainer": _patch_trainer,
        "pytorch_lightning.trainer.trainer": _patch_trainer,
        "torch.utils.tensorboard.writer": _patch_tensorboard,
    },
)


def __getattr__(name: str) -> Any:
    """``CloudtrackLogger``, which needs Lightning."""
    if name not in ("CloudtrackLogger", "MLFlowLogger"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cloudtrack.autologging.lightning_logger import CloudtrackLogger

    return CloudtrackLogger
