"""A hash of each value of a column, 64 bits: the same on every machine, in every version of pandas, however the values
are kept.

Numbers and text are hashed as ``pandas.util.hash_array`` does, which has been the same since it was made (the tests
have its answers). What pandas hashes otherwise in one version than in another, or by where it is in memory, has a rule
of its own here: what is missing, NaN, times, nested values and objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudtrack.data.texts import CONTAINERS, check_has_text, nested_text
from cloudtrack.errors import InvalidInput, MissingDependency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[Any]

MISSING = 0xFFFFFFFFFFFFFFFF
"""The hash of what is missing; of a number that is missing, NaN's, where the column has NaN for it."""
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}


def hash_pandas_column(series: Any, name: str) -> Hashes:
    """The hash of each value. Raises InvalidInput for objects that have none."""
    import numpy
    import pandas

    dtype = series.dtype
    if isinstance(dtype, numpy.dtype):
        if dtype.kind in "mM":
            return hash_times(series.to_numpy().view("int64"), numpy.datetime_data(dtype)[0])
        return hash_numpy(series.to_numpy(), name)
    if isinstance(dtype, pandas.CategoricalDtype):
        of_categories = hash_pandas_column(pandas.Series(dtype.categories), name)
        return taken(of_categories, series.cat.codes.to_numpy())
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return hash_times(series.astype("int64").to_numpy(), dtype.unit)
    if isinstance(dtype, pandas.StringDtype):
        return hash_objects(series.to_numpy(dtype=object, na_value=None), name)
    if isinstance(dtype, pandas.ArrowDtype):
        from cloudtrack.data.arrow_hashes import hash_arrow_column

        chunks = [hash_arrow_column(chunk, name) for chunk in series.array.__arrow_array__().chunks]
        return numpy.concatenate(chunks) if chunks else numpy.empty(0, "uint64")
    if isinstance(dtype, pandas.SparseDtype):
        return hash_pandas_column(series.sparse.to_dense(), name)
    plain = getattr(dtype, "numpy_dtype", None)
    if plain is not None and plain.kind in "biuf":  # Int64, boolean, Float64 ...
        values = series.to_numpy(dtype=plain, na_value=numpy.nan if plain.kind == "f" else 0)
        return hash_numbers(values, series.isna().to_numpy())
    from pandas.util import hash_pandas_object

    found: Hashes = hash_pandas_object(series, index=False).to_numpy()
    return found


def hash_numpy(values: Any, name: str) -> Hashes:
    """Of a one-dimensional array of numbers, texts or objects."""
    if values.dtype.kind == "O":
        return hash_objects(values, name)
    if values.dtype.kind in "SU":
        return hash_objects(values.astype(object), name)
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        raise InvalidInput(
            f"the column {name!r} is of {values.dtype}, which machines keep otherwise: cast it to float64"
        )
    return hash_numbers(values.astype(values.dtype.newbyteorder("="), copy=False), None)


def hash_numbers(values: Any, missing: Any) -> Hashes:
    """Of numbers, where ``missing``, if given, says which are. NaN is one value, whatever its bits."""
    found = _hash_array(one_nan(values))
    if missing is not None and values.dtype.kind != "f":
        found[missing] = MISSING
    return found


def hash_times(values: Any, unit: str) -> Hashes:
    """Of instants or durations, int64 in a unit: the same for the same instant in every unit. NaT is the least."""
    import numpy

    is_nat = values == numpy.iinfo("int64").min
    if unit != "ns":
        return _hash_array(numpy.where(is_nat, values, values * _MICROSECONDS[unit]))
    micros, rest = numpy.divmod(values, 1000)
    found = _hash_array(numpy.where(is_nat, values, micros))
    finer = (rest != 0) & ~is_nat
    found[finer] ^= _hash_array(rest[finer])
    return found


def hash_objects(values: Any, name: str) -> Hashes:
    """Of an array of objects. Lists and dictionaries count as their JSON, objects as their text."""
    samples = {type(value): value for value in values}
    containers = [kind for kind in samples if issubclass(kind, CONTAINERS) or _is_array(kind)]
    for kind in samples.keys() - containers:
        check_has_text(samples[kind], name)
    if containers:
        of_kinds = tuple(containers)
        values = objects_of([nested_text(each, name) if isinstance(each, of_kinds) else each for each in values])
    try:
        return _hash_array(values)
    except UnicodeEncodeError:  # half a surrogate pair; text and its UTF-8 have the same hash
        return _hash_array(
            objects_of([each.encode("utf-8", "surrogatepass") if isinstance(each, str) else each for each in values])
        )
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"values of the column {name!r} have no digest ({error}); give digest= yourself") from error


def taken(hashes: Hashes, codes: Any) -> Hashes:
    """Of values that are kept as places in a list of others; what has a place below 0 is missing."""
    import numpy

    found = numpy.full(len(codes), MISSING, "uint64")
    there = codes >= 0
    found[there] = hashes[codes[there]]
    return found


def one_nan(values: Any) -> Any:
    """The same floats with one NaN: processors make NaN with other bits than each other."""
    import numpy

    if values.dtype.kind != "f":
        return values
    is_nan = numpy.isnan(values)
    return numpy.where(is_nan, values.dtype.type(numpy.nan), values) if is_nan.any() else values


def objects_of(values: list[Any]) -> Any:
    """A one-dimensional array of objects, whatever they are."""
    import numpy

    found = numpy.empty(len(values), object)
    found[:] = values
    return found


def _hash_array(values: Any) -> Hashes:
    try:
        from pandas.util import hash_array
    except ImportError as error:
        raise MissingDependency('digests of tables need pandas: pip install "cloudtrack[pandas]"') from error
    found: Hashes = hash_array(values)
    return found


def _is_array(kind: type) -> bool:
    return hasattr(kind, "tolist") and hasattr(kind, "__len__")
