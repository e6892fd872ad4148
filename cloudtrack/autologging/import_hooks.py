"""Doing something when a module has been imported: nothing is imported for the sake of autologging."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from cloudtrack.autologging.patching import guarded

Then = Callable[[Any], None]

_hooks: dict[str, list[Then]] = {}
_searching = threading.local()


def after_import(name: str, then: Then) -> None:
    """Call ``then`` with the module of this name: now where it is there, else when somebody has imported it.

    ``package.*`` stands for a package and all modules in it.
    """
    callbacks = _hooks.setdefault(name, [])
    if then in callbacks:
        return
    callbacks.append(then)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    for module_name, module in list(sys.modules.items()):
        if _matches(module_name, name) and module is not None:
            _tell(then, module)


def forget(then: Then) -> None:
    """Call it no more."""
    for callbacks in _hooks.values():
        if then in callbacks:
            callbacks.remove(then)


def _matches(module_name: str, pattern: str) -> bool:
    package = pattern.removesuffix(".*")
    return module_name == package or (package != pattern and module_name.startswith(f"{package}."))


def _callbacks(module_name: str) -> list[Then]:
    return [then for pattern, found in _hooks.items() if _matches(module_name, pattern) for then in found]


def _tell(then: Then, module: ModuleType) -> None:
    with guarded(f"training with {module.__name__}"):
        then(module)


class _Finder(MetaPathFinder):
    """Finds what the others find, and has it tell when it is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None where nobody wants to know, or nobody else finds it."""
        if getattr(_searching, "name", None) == fullname or not _callbacks(fullname):
            return None
        _searching.name, before = fullname, getattr(_searching, "name", None)
        try:
            others = (finder for finder in list(sys.meta_path) if finder is not self)
            found = (finder.find_spec(fullname, path, target) for finder in others if hasattr(finder, "find_spec"))
            spec = next((spec for spec in found if spec is not None), None)
        finally:
            _searching.name = before
        if spec is not None and spec.loader is not None:
            spec.loader = _TellingLoader(spec.loader)
        return spec


class _TellingLoader(Loader):
    """Another loader, for once: the module has the other one afterwards."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the other does."""
        spec.loader = self._loader
        try:
            module: ModuleType | None = self._loader.create_module(spec)
        finally:
            spec.loader = self
        return module

    def exec_module(self, module: ModuleType) -> None:
        """As the other does; then the hooks are told."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        for then in _callbacks(module.__name__):
            _tell(then, module)
