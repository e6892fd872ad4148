"""The signature of a model that comes with an example of its input, and without a signature."""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloudtrack.errors import InvalidInput
from cloudtrack.models.bytecode import without_bytecode
from cloudtrack.models.infer import infer_schema, infer_signature
from cloudtrack.models.input_example import split_example
from cloudtrack.models.loading import load_predictor
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import PyFuncModel
from cloudtrack.models.signature import ModelSignature
from cloudtrack.models.trust import trusting

_log = logging.getLogger(__name__)


def infer_from_example(model: Model, folder: Path, example: Any) -> ModelSignature | None:
    """The signature of the example and of what the model predicts for it, loaded from the folder as others load it.

    The model is handed the example as it is handed data with that signature: a table where it is of columns. None,
    with a warning in the log, where it cannot predict, and where no signature describes such data; without outputs
    where none describes what it predicts. A model that is not for prediction has none.
    """
    if "python_function" not in model.flavors:
        return None
    try:
        data, params = split_example(example)
        signature = infer_signature(data, params=params)
        with trusting(trust=True), _same_path(), without_bytecode():
            loaded = PyFuncModel(load_predictor(model, folder), model.model_copy(update={"signature": signature}))
            predictions = loaded.predict(copy.deepcopy(data), params)
    except Exception as error:  # noqa: BLE001 - a model may raise anything
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
        _log.warning(
            "the model has no signature, since it did not predict for its input_example (%s): give "
            "signature=infer_signature(...), or signature=False for none",
            reason,
        )
        return None
    try:
        return replace(signature, outputs=infer_schema(predictions))
    except InvalidInput as error:
        _log.warning("the signature of the model says nothing of its outputs: %s", error)
        return signature


@contextmanager
def _same_path() -> Iterator[None]:
    """Code of the model is imported from its folder, which moves: its path is forgotten."""
    path = sys.path[:]
    try:
        yield
    finally:
        sys.path[:] = path
