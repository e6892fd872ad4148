"""How a framework is autologged: the arguments of its ``autolog``, with MLflow's names and meanings."""

from __future__ import annotations

import importlib.metadata
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloudtrack.autologging import import_hooks, patching

AUTOLOGGING_TAG = "mlflow.autologging"
_log = logging.getLogger("cloudtrack.autologging")
_settings: dict[str, Settings] = {}


@dataclass(frozen=True)
class Settings:
    """What ``autolog`` was told."""

    log_models: bool = True
    log_datasets: bool = True
    log_input_examples: bool = False
    log_model_signatures: bool = True
    exclusive: bool = False
    silent: bool = False
    registered_model_name: str | None = None
    extra_tags: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """What this framework alone has."""


@dataclass(frozen=True)
class Framework:
    """A library that is autologged."""

    name: str
    """The flavor's."""
    package: str
    """As it is installed."""
    oldest: str
    """The oldest version that it works with."""
    hooks: Mapping[str, Callable[[Any], None]]
    """What is patched when a module has been imported."""


def switch(framework: Framework, settings: Settings, *, disable: bool, disable_for_unsupported_versions: bool) -> None:
    """Autolog a framework from now on, or not any more."""
    unsupported = disable_for_unsupported_versions and _is_older(framework)
    if disable or unsupported:
        _settings.pop(framework.name, None)
        for then in framework.hooks.values():
            import_hooks.forget(then)
        patching.unpatch(framework.name)
        if unsupported and not settings.silent:
            _log.warning("autologging of %s needs version %s or newer", framework.package, framework.oldest)
        return
    _settings[framework.name] = settings
    (patching.silent.add if settings.silent else patching.silent.discard)(framework.name)
    for module, then in framework.hooks.items():
        import_hooks.after_import(module, then)


def settings_of(name: str) -> Settings | None:
    """What is in force for a framework; None where it is not autologged."""
    return _settings.get(name)


def autologged() -> Iterable[str]:
    """The frameworks that are autologged now."""
    return list(_settings)


def _is_older(framework: Framework) -> bool:
    try:
        installed = importlib.metadata.version(framework.package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return _numbers(installed) < _numbers(framework.oldest)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]
