"""Loading a model folder by the flavor that wrote it. Flavors are found by name; nothing imports one."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol, cast

from cloudtrack.errors import InvalidInput
from cloudtrack.models.bytecode import without_bytecode
from cloudtrack.models.model_file import Model
from cloudtrack.models.trust import require_trust

ENTRY_POINTS = "cloudtrack.flavors"
"""Third parties name their flavors under this group of entry points."""
_LOADERS = dict.fromkeys(("mlflow.pyfunc.model", "mlflow.pyfunc.loaders.code_model"), "python_function")


class Predictor(Protocol):
    """What a flavor gives for prediction through ``pyfunc``."""

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predictions for a table or arrays."""


class Flavor(Protocol):
    """A module in ``cloudtrack.flavors``."""

    def load_saved(self, folder: Path, entry: dict[str, Any]) -> Any:
        """The model in its framework's own form; ``entry`` is the flavor's in ``MLmodel``."""

    def load_predictor(self, folder: Path, entry: dict[str, Any]) -> Predictor:
        """The model for prediction; ``entry`` is that of ``python_function``."""


def find_flavor(name: str) -> Flavor:
    """The flavor of this name: ours, or a third party's. Raises InvalidInput."""
    if name.isidentifier() and importlib.util.find_spec(f"cloudtrack.flavors.{name}") is not None:
        return cast(Flavor, importlib.import_module(f"cloudtrack.flavors.{name}"))
    for entry in metadata.entry_points(group=ENTRY_POINTS, name=name):
        return cast(Flavor, entry.load())
    raise InvalidInput(f"there is no flavor {name!r}: install the package that brings it")


def load_flavor(folder: Path, flavor: str) -> Any:
    """The model in its framework's own form. Raises InvalidInput where the model has no such flavor."""
    model = Model.load(folder)
    entry = flavor_entry(model, flavor, folder)
    with _code_of(folder, entry):
        return find_flavor(flavor).load_saved(folder, entry)


def flavor_entry(model: Model, flavor: str, folder: Path) -> dict[str, Any]:
    """What ``MLmodel`` says of a flavor. Raises InvalidInput."""
    if flavor not in model.flavors:
        raise InvalidInput(
            f"the model in {folder} has no flavor {flavor!r}; it has {', '.join(model.flavors) or 'none'}"
        )
    return model.flavors[flavor]


def load_predictor(model: Model, folder: Path) -> Predictor:
    """The model for prediction, by the loader that ``python_function`` names."""
    entry = flavor_entry(model, "python_function", folder)
    loader = str(entry.get("loader_module", ""))
    name = _LOADERS.get(loader, loader.removeprefix("mlflow."))
    if not loader.startswith("mlflow.") or "." in name:
        raise InvalidInput(f"the model in {folder} has the loader {loader!r}, which this version does not know")
    with _code_of(folder, entry):
        return find_flavor(name).load_predictor(folder, entry)


def inside(folder: Path, relative: Any) -> Path:
    """A file of the model. Raises InvalidInput for a path that leads out of its folder."""
    path = folder / str(relative)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InvalidInput(f"the model names the file {str(relative)!r}, which is outside its folder")
    return path


@contextmanager
def _code_of(folder: Path, entry: dict[str, Any]) -> Iterator[None]:
    """Code that the model brings can be imported from here on."""
    if not (code := entry.get("code")):
        yield
        return
    require_trust(inside(folder, code), "is code that the model brings, which would be imported")
    path = str(inside(folder, code).resolve())
    if path not in sys.path:
        sys.path.insert(0, path)
    with without_bytecode():
        yield
