"""The hashes of ``column_hashes`` of Arrow's arrays: strings in any of Arrow's forms are the same strings."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from cloudtrack.data.column_hashes import MISSING, hash_numbers, hash_objects, hash_times, objects_of, taken
from cloudtrack.data.texts import nested_text
from cloudtrack.errors import InvalidInput

if TYPE_CHECKING:
    from cloudtrack.data.column_hashes import Hashes


def hash_arrow_column(column: Any, name: str) -> Hashes:
    """The hash of each value of an array. Raises InvalidInput for values that have none."""
    import numpy
    import pyarrow
    import pyarrow.compute

    kind, types = column.type, pyarrow.types
    if isinstance(kind, pyarrow.BaseExtensionType):
        return hash_arrow_column(column.storage, name)
    if types.is_null(kind):
        return numpy.full(len(column), MISSING, "uint64")
    if types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return hash_arrow_column(column.dictionary_decode(), name)
        return taken(hash_arrow_column(column.dictionary, name), _places(column))
    if types.is_run_end_encoded(kind):
        return hash_arrow_column(pyarrow.compute.run_end_decode(column), name)
    if types.is_floating(kind):
        return hash_numbers(column.to_numpy(zero_copy_only=False), None)
    if types.is_boolean(kind) or types.is_integer(kind):
        plain = column.fill_null(False if types.is_boolean(kind) else 0).to_numpy(zero_copy_only=False)
        return hash_numbers(plain, column.is_null().to_numpy(zero_copy_only=False))
    if types.is_timestamp(kind) or types.is_duration(kind):
        return hash_times(_integers(column, numpy.iinfo("int64").min), kind.unit)
    if types.is_nested(kind):
        rows = column.to_pylist()
        return hash_objects(objects_of([None if row is None else nested_text(row, name) for row in rows]), name)
    if types.is_string_view(kind) or types.is_binary_view(kind):
        column = column.cast(pyarrow.large_string() if types.is_string_view(kind) else pyarrow.large_binary())
    return _hash_distinct(column, name)


def _hash_distinct(column: Any, name: str) -> Hashes:
    """Of texts, decimals, dates and times: each distinct value is hashed once."""
    import pyarrow

    try:
        coded = column.dictionary_encode()
    except pyarrow.ArrowNotImplementedError as error:
        raise InvalidInput(f"the column {name!r} of the type {column.type} has no digest: cast it") from error
    distinct = coded.dictionary
    if _is_text(distinct.type):
        values = _texts(distinct, name)
    elif pyarrow.types.is_time(distinct.type):
        values = objects_of([_time_text(each) for each in _integers(distinct.cast(pyarrow.time64("ns")), 0).tolist()])
    else:
        values = objects_of([str(each) for each in distinct.to_pylist()])
    return taken(hash_objects(values, name), _places(coded))


def _texts(distinct: Any, name: str) -> Any:
    import pyarrow

    try:
        return distinct.to_numpy(zero_copy_only=False)
    except pyarrow.ArrowException as error:
        raise InvalidInput(f"the column {name!r} has text that is not UTF-8: make it binary") from error


def _places(coded: Any) -> Any:
    """The places in the dictionary, -1 for what is missing."""
    import pyarrow

    return coded.indices.cast(pyarrow.int64()).fill_null(-1).to_numpy(zero_copy_only=False)


def _integers(column: Any, missing: int) -> Any:
    import pyarrow

    return column.cast(pyarrow.int64()).fill_null(missing).to_numpy(zero_copy_only=False)


def _is_text(kind: Any) -> bool:
    import pyarrow

    types = pyarrow.types
    return any(
        is_it(kind) for is_it in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    )


def _time_text(nanoseconds: int) -> str:
    """A time of day as ``datetime.time`` writes it, and what is finer than that behind it."""
    micros, rest = divmod(nanoseconds, 1000)
    moment = (datetime.datetime.min + datetime.timedelta(microseconds=micros)).time()
    return f"{moment} {rest}ns" if rest else str(moment)
