"""Ray Tune: a callback that makes every trial a run.

tune.Tuner(train, run_config=tune.RunConfig(callbacks=[ct.ray.LoggerCallback()]))
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """``LoggerCallback``, also as ``CloudtrackLoggerCallback`` and ``MLflowLoggerCallback``; it needs Ray."""
    if name not in ("LoggerCallback", "CloudtrackLoggerCallback", "MLflowLoggerCallback"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cloudtrack.autologging.ray_logger import CloudtrackLoggerCallback

    return CloudtrackLoggerCallback
