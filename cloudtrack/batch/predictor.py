"""A model as a function of tables that travels to other processes: Ray's, Dask's, or those of a pool.

    predict = ct.pyfunc.batch_predictor("models:/churn/Production")
    dataset.map_batches(predict, batch_format="pandas")                # ray.data
    frame.map_partitions(predict, meta=predict.meta(frame._meta))      # dask.dataframe

Sources: https://docs.ray.io/en/latest/data/api/doc/ray.data.Dataset.map_batches.html,
https://docs.dask.org/en/stable/generated/dask.dataframe.DataFrame.map_partitions.html.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from cloudtrack.batch.prediction import PREDICTION, as_table, with_kept
from cloudtrack.client import connect
from cloudtrack.entities.model_uri import (
    RegisteredVersion,
    ReleaseMember,
    is_local_uri,
    local_path,
    parse_model_uri,
    version_uri,
)
from cloudtrack.errors import InvalidInput
from cloudtrack.models.finding import load_from
from cloudtrack.models.model_file import Model
from cloudtrack.models.pyfunc import PyFuncModel, load_local
from cloudtrack.models.schema import ColSpec, Schema, TensorSpec
from cloudtrack.models.signature import ModelSignature
from cloudtrack.models.trust import trusting

_Key = tuple[str, str, bool | None]
_models: dict[_Key, PyFuncModel] = {}
_loading = threading.Lock()
_TYPES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "str",
}


class BatchPredictor:
    """Called with a DataFrame, it gives a DataFrame of as many rows: the columns kept, and the predictions.

    It pickles to a few bytes. Each process downloads and loads the model once, at its first table, and needs the
    rights to read the store. A stage or alias means the version that it meant when this was made, in all of them.
    """

    def __init__(
        self,
        model_uri: str,
        store: str,
        *,
        params: Mapping[str, Any] | None = None,
        keep: tuple[str, ...] = (),
        trust: bool | None = None,
    ) -> None:
        """``store`` is where the URI is looked up, as ``connect`` takes it. Raises NotFound, InvalidInput."""
        self.model_uri = _pinned(model_uri, store)
        self._key: _Key = (self.model_uri, store, trust)
        self._params = dict(params or {})
        self._keep = keep

    def __call__(self, table: Any) -> Any:
        """Predictions for a DataFrame, in its order and with its index. Raises InvalidInput."""
        predictions = as_table(_loaded(self._key).predict(table, self._params), len(table))
        made = with_kept(table, predictions, self._keep)
        made.index = table.index
        return made

    def meta(self, table: Any) -> Any:
        """The columns and types of what a table gives, as an empty DataFrame; Dask asks for it before any work.

        They are the signature's. Raises InvalidInput where it does not say them.
        """
        import pandas

        signature = self._signature()
        types = _output_types(signature.outputs if signature is not None else None)
        if not types:
            raise InvalidInput(f"the signature of {self.model_uri!r} does not say the columns of its output: give meta")
        made = pandas.DataFrame({name: pandas.Series(dtype=kind) for name, kind in types.items()})
        return with_kept(table.iloc[:0], made, self._keep)

    def _signature(self) -> ModelSignature | None:
        if is_local_uri(self.model_uri):
            return Model.load(self.model_uri).signature
        with closing(connect(self._key[1], create=False)) as client:
            return client.read_model_file(self.model_uri).signature


def _output_types(outputs: Schema | None) -> dict[str, str]:
    """The types of the columns that predictions of this schema become; empty where it does not say them."""
    match tuple(outputs or ()):
        case (TensorSpec(dtype=dtype, shape=(-1,)),):
            return {PREDICTION: dtype}
        case (TensorSpec(dtype=dtype, shape=(-1, int(count))),) if count > 0:
            return {f"{PREDICTION}_{number}": dtype for number in range(count)}
        case specs:
            kinds = {spec.name or PREDICTION: spec.kind.name for spec in specs if isinstance(spec, ColSpec)}
            known = len(kinds) == len(specs) and all(kind in _TYPES for kind in kinds.values())
            return {name: _TYPES[kind] for name, kind in kinds.items()} if known else {}


def _pinned(model_uri: str, store: str) -> str:
    """A URI that means the same model everywhere and always."""
    if is_local_uri(model_uri):
        return str(Path(local_path(model_uri)).resolve())
    location = parse_model_uri(model_uri)
    if not isinstance(location, RegisteredVersion | ReleaseMember):
        return model_uri
    with closing(connect(store, create=False)) as client:
        version = client.resolve_version(location)
    return version_uri(version.name, version.version)


def _loaded(key: _Key) -> PyFuncModel:
    """The model, loaded once by a process; its files stay as long as it does: it may read them late."""
    model_uri, store, trust = key
    with _loading:
        if key not in _models:
            with trusting(trust):
                _models[key] = load_local(model_uri) if is_local_uri(model_uri) else _loaded_from(model_uri, store)
        return _models[key]


def _loaded_from(model_uri: str, store: str) -> PyFuncModel:
    with closing(connect(store, create=False)) as client:
        return load_from(model_uri, lambda: client, None, load_local)
