"""The data of an evaluation: what the model is handed, what is right, and what was predicted before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cloudtrack import data as datasets
from cloudtrack.data.dataset import Dataset
from cloudtrack.errors import InvalidInput, MissingDependency

_TARGET_COLUMN = "target"


@dataclass(frozen=True)
class Rows:
    """Rows to evaluate on; ``dataset`` is what the run's document says of them."""

    dataset: Dataset
    features: Any
    """What the model is handed: a DataFrame, or an array of more than two dimensions."""
    table: Any
    """A DataFrame of all columns, numbered from 0; of arrays, the features and the targets as ``target``."""
    targets: Any
    """An array, or None."""
    predictions: Any
    """An array of what the data say that was predicted, or None."""

    def __len__(self) -> int:
        return len(self.table)


def read_rows(
    data: Any,
    targets: Any,
    predictions: str | None,
    feature_names: Sequence[str] | None,
    path: str | None,
    *,
    has_model: bool,
) -> Rows:
    """The rows of a DataFrame, an array, lists, or a dataset of ``cloudtrack.data``.

    ``targets`` is the name of a column, or an array; ``predictions`` names the column of what was predicted, where no
    model says it now. Raises InvalidInput where a column is not there, or there are no rows.
    """
    _pandas()
    if isinstance(data, Dataset):
        if has_model and data.predictions:
            raise InvalidInput(
                f"the dataset {data.name!r} has predictions, and a model is given to make others: give one of the two"
            )
        given = data
        targets = given.targets if targets is None else targets
        predictions = predictions or given.predictions
        data = given.data
    else:
        given = None
    if data is None:
        raise InvalidInput("evaluate takes data: a DataFrame, an array with targets, or a dataset of cloudtrack.data")
    frame = _as_frame(data)
    if frame is None:
        return _of_array(data, given, targets, feature_names, path)
    return _of_frame(frame, given, targets, None if has_model else predictions, feature_names, path)


def _of_frame(
    frame: Any,
    given: Dataset | None,
    targets: Any,
    predictions: str | None,
    feature_names: Sequence[str] | None,
    path: str | None,
) -> Rows:
    column = targets if isinstance(targets, str) else None
    for role, name in (("targets", column), ("predictions", predictions)):
        if name is not None and name not in frame.columns:
            raise InvalidInput(f"{role} names the column {name!r}, and the data have {_listed(frame.columns)}")
    if feature_names is not None and (missing := [name for name in feature_names if name not in frame.columns]):
        raise InvalidInput(f"feature_names has {_listed(missing)}, and the data have {_listed(frame.columns)}")
    _check_not_empty(frame)
    features = frame[list(feature_names)] if feature_names else frame.drop(columns=[column] if column else [])
    right = frame[column].to_numpy() if column is not None else one_for_each("targets", targets, len(frame))
    return Rows(
        dataset=given or datasets.from_pandas(frame, path, targets=column, predictions=predictions),
        features=features,
        table=frame.reset_index(drop=True),
        targets=right,
        predictions=None if predictions is None else frame[predictions].to_numpy(),
    )


def _of_array(
    data: Any, given: Dataset | None, targets: Any, feature_names: Sequence[str] | None, path: str | None
) -> Rows:
    import numpy

    try:
        array = numpy.asarray(data)
    except ValueError as error:
        raise InvalidInput(f"the data make no array: {error}") from error
    if not array.shape or isinstance(data, str):
        raise InvalidInput(f"evaluate takes a DataFrame, an array or a dataset as data, not a {type(data).__name__}")
    if isinstance(targets, str):
        raise InvalidInput(f"targets is {targets!r}; of an array give them as an array, one for each row")
    _check_not_empty(array)
    right = one_for_each("targets", targets, len(array))
    features = _named_columns(array, feature_names) if array.ndim < 3 else array
    table = features.copy() if array.ndim < 3 else _pandas().DataFrame(index=range(len(array)))
    if right is not None:
        table[_TARGET_COLUMN] = right
    return Rows(
        dataset=given or datasets.from_numpy(array, path, targets=right),
        features=features,
        table=table,
        targets=right,
        predictions=None,
    )


def _named_columns(array: Any, names: Sequence[str] | None) -> Any:
    """A DataFrame of an array; where its columns have no names, ``feature_1`` and so on, as MLflow calls them."""
    flat = array.reshape(len(array), -1)
    width = flat.shape[1]
    if names is not None and len(names) != width:
        raise InvalidInput(f"feature_names has {len(names)} names, and the data {width} columns")
    return _pandas().DataFrame(flat, columns=list(names or [f"feature_{number + 1}" for number in range(width)]))


def _as_frame(data: Any) -> Any:
    """A table of pandas, or of what makes one of itself: polars, Arrow, Spark, Hugging Face. None for anything else."""
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        return data
    if hasattr(data, "toPandas"):
        return data.toPandas()
    return data.to_pandas() if hasattr(data, "to_pandas") else None


def one_for_each(role: str, values: Any, rows: int) -> Any:
    """One value for each row, as an array; None of None."""
    import numpy

    if values is None:
        return None
    array = numpy.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or len(array) != rows:
        raise InvalidInput(f"{role} has the shape {array.shape}; it has one value for each of {rows} rows")
    return array


def _check_not_empty(data: Any) -> None:
    if len(data) == 0:
        raise InvalidInput("the data have no rows: there is nothing to evaluate")


def _listed(names: Any) -> str:
    shown = [repr(name) for name in list(names)[:20]]
    return ", ".join(shown) + (" ..." if len(names) > 20 else "")


def _pandas() -> Any:
    try:
        import pandas
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingDependency('evaluate needs scikit-learn and pandas: pip install "cloudtrack[sklearn]"') from error
    return pandas
