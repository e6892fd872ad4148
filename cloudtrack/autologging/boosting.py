"""What the autologging of the boosting libraries has in common."""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

from cloudtrack.autologging.datasets import example_of
from cloudtrack.autologging.patching import Call, guarded
from cloudtrack.autologging.session import Training
from cloudtrack.fluent import artifacts
from cloudtrack.models.infer import infer_signature

_ROWS = "_cloudtrack_rows"
_SMALL = 100_000
"""Cells of data that may stay a little longer."""
_NOT_IN_KEYS = re.compile(r"[^/\w.\- :]")


class Rows:
    """What a library's own form of data was made of; large data are not kept alive by it, but for an example."""

    def __init__(self, data: Any) -> None:
        self.example = example_of(data)
        cells = data.shape[0] * (data.shape[1] if len(data.shape) > 1 else 1)
        self._small = data if cells <= _SMALL else None
        self._data = weakref.ref(data)

    def log(self, logged: Training, context: str, name: str | None = None) -> None:
        """Record that the training read it, where it is still there."""
        logged.log_dataset(self._data(), context=context, name=name)


def observe_rows(call: Call) -> Generator[None]:
    """Of the constructor of a library's own form of data."""
    yield
    if call.error is None:
        data = call.args[1] if len(call.args) > 1 else call.kwargs.get("data")
        if hasattr(data, "shape"):
            setattr(call.owner, _ROWS, Rows(data))


def log_rows(logged: Training, trained_on: Any, evaluated_on: Mapping[str, Any]) -> Any:
    """Record what a training read; an example of its rows, or None."""
    rows: Rows | None = getattr(trained_on, _ROWS, None)
    if rows is not None:
        rows.log(logged, "train")
    for name, data in evaluated_on.items():
        evaluated: Rows | None = getattr(data, _ROWS, None)
        if evaluated is not None:
            evaluated.log(logged, "eval", name)
    return rows.example if rows is not None else None


def log_train_params(
    logged: Training, arguments: Mapping[str, Any], own: Mapping[str, Any], leave_out: Iterable[str]
) -> None:
    """Log the params of the booster, and the arguments of ``train`` that are plain values."""
    rest = {key: value for key, value in arguments.items() if key not in leave_out}
    logged.log_params({**own, **{key: value for key, value in rest.items() if key not in own}})


def key_of(name: str) -> str:
    """A metric's name as a key: ``ndcg@3`` is ``ndcg_at_3``."""
    return _NOT_IN_KEYS.sub("_", name.replace("@", "_at_"))


def log_importance(logged: Training, importance: Mapping[str, float], kind: str) -> None:
    """Log how important features are: as JSON, and drawn."""
    if not importance:
        return
    name = f"feature_importance_{kind}"
    ordered = sorted(importance.items(), key=lambda item: item[1])
    with guarded(f"{name} of {logged.framework}"):
        text = json.dumps({key: float(value) for key, value in reversed(ordered)})
        artifacts.log_text(text, f"{name}.json", run_id=logged.run_id)

    def draw(axes: Any) -> None:
        shown = ordered[-40:]
        axes.barh([key for key, _ in shown], [value for _, value in shown])
        axes.set_xlabel("Importance")
        axes.set_title(f"Feature importance ({kind})")
        axes.figure.set_figheight(max(4.0, 0.28 * len(shown)))
        axes.figure.tight_layout()

    logged.log_figure(draw, f"{name}.png")


def log_booster(logged: Training, booster: Any, example: Any, predict: Callable[[Any], Any], **arguments: Any) -> None:
    """Log the model, with a signature and an example where there are rows to make them of."""
    signature = None
    settings = logged.settings
    if settings.log_models and settings.log_model_signatures and example is not None:
        with guarded(f"the signature of the model of {logged.framework}"):
            signature = infer_signature(example, predict(example))
    shown = example if settings.log_input_examples else None
    logged.log_model(booster, signature=signature or False, input_example=shown, **arguments)
