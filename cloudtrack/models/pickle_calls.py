"""With which arguments a pickle may call what it imports, and what state it may give to what it made."""

from __future__ import annotations

import re
from math import prod
from typing import Any

from cloudtrack.models.pickle_values import OPAQUE, SET, Group, Import, Made, Refused, Row, Table, store

JOBLIB_ARRAY = "joblib.numpy_pickle.NumpyArrayWrapper"
LISTS = ("builtins.list", "collections.deque")
TABLES = (
    "builtins.dict",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.Counter",
    "sklearn.utils._bunch.Bunch",
)

_PLAIN_DTYPE = re.compile(r"(b1|[iu][1248]|f2|f4|f8|f16|c8|c16|c32|[mM]8|O8|[SUV][0-9]{1,9})", re.ASCII)
_ARRAY_CLASSES = ("numpy.ndarray", "numpy.matrix", "numpy.recarray")
_MASKED = ("numpy.ma.MaskedArray",)
_BIT_GENERATORS = ("numpy.random._mt19937.", "numpy.random._pcg64.", "numpy.random._philox.", "numpy.random._sfc64.")
_TAKES_A_CLASS = {
    "numpy.core.multiarray._reconstruct": _ARRAY_CLASSES,
    "numpy._core.multiarray._reconstruct": _ARRAY_CLASSES,
    "numpy.ma.core._mareconstruct": _MASKED,
    "numpy.random._pickle.__bit_generator_ctor": _BIT_GENERATORS,
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": ("numpy.random.bit_generator.SeedSequence",),
    "sklearn.metrics._dist_metrics.newObj": ("sklearn.metrics._dist_metrics.",),
    "sklearn.neighbors._kd_tree.newObj": ("sklearn.neighbors._kd_tree.KDTree",),
    "sklearn.neighbors._ball_tree.newObj": ("sklearn.neighbors._ball_tree.BallTree",),
    "pandas.core.indexes.base._new_Index": ("pandas.core.indexes.", "pandas."),
    "pandas.core.indexes.datetimes._new_DatetimeIndex": ("pandas.DatetimeIndex", "pandas.core.indexes.datetimes."),
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked": ("pandas.arrays.", "pandas.core.arrays.", "pandas.Categorical"),
    "pandas._libs.interval.__pyx_unpickle_IntervalMixin": ("pandas.arrays.", "pandas.core.arrays.interval."),
}
"""Functions that make an instance of their first argument: which classes that may be, exactly or (``.``) by module."""
_FINISHED = ("numpy.ndarray", "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")
"""What makes arrays that are whole: given a state, too, they would be let go of what they hold."""
_SPLINE = "scipy.interpolate._bsplines.BSpline"
"""Since scipy 1.18 its state is a ``_BSpline``, which has the numbers, and an empty array."""
_CONTAINERS = ("set", "frozenset", "list", "dict", "tuple", "bytearray", "bytes")


def check_call(function: Import, arguments: Group) -> None:
    """Raises Refused unless calling it with these is harmless."""
    if function.use not in ("call", "class", "type"):
        raise Refused(f"calls {function.path}")
    path = function.path
    if path == "copyreg._reconstructor":
        _reconstructor(arguments)
    elif path in _TAKES_A_CLASS:
        _first_is_class(path, arguments)
    elif path == "_codecs.encode":
        if len(arguments) != 2 or arguments[1] not in ("latin1", "latin-1"):
            raise Refused("calls _codecs.encode for another encoding than latin1")
    elif path in ("numpy.random._pickle.__generator_ctor", "numpy.random._pickle.__randomstate_ctor"):
        _random(arguments)
    elif path == "numpy.dtype":
        _dtype(arguments)
    elif path.endswith(".multiarray.scalar"):
        if len(arguments) != 2 or _item_size(arguments[0])[1]:
            raise Refused("makes a scalar of objects")
    elif path == "collections.defaultdict":
        _factory(arguments)
    elif function.module == "builtins":
        _builtin(function.name, arguments)
    else:
        store(arguments)


def class_made(function: Import, arguments: Group) -> Import:
    """What an instance comes from: the class that ``copyreg._reconstructor`` is given, or what is called."""
    made: Import = arguments[0] if function.path == "copyreg._reconstructor" else function
    return made


def check_new(function: Import, arguments: Group) -> None:
    """Raises Refused unless making an instance without calling its ``__init__`` is harmless."""
    if arguments:
        check_call(function, arguments)
    elif function.use not in ("new", "class"):
        raise Refused(f"makes an instance of {function.path}")


def check_state(made: Made, state: Any) -> None:
    """Raises Refused unless giving this state to what was made is harmless."""
    path = made.of.path
    if path == "numpy.dtype":
        _dtype_state(made, state)
    elif path.endswith((".multiarray._reconstruct", "._mareconstruct")):
        _array_state(state)
    elif path in _FINISHED or (state.__class__ not in (Table, Group, Row, type(None)) and state is not OPAQUE):
        raise Refused(f"gives {path} a state of unknown form")
    elif (
        state.__class__ is Group
        and len(state) == 2
        and not path.startswith(("numpy.", "pandas."))
        and not (path == _SPLINE and _is_spline_state(state))
        and not (
            state[1] is None
            or (state[1].__class__ is Table and state[1].exact and not any("__" in k for k in state[1].items))
        )
    ):
        raise Refused(f"sets attributes of {path} by names that are not known")


def _is_spline_state(state: Group) -> bool:
    numbers, array = state[0], state[1]
    if numbers.__class__ is not Made or array.__class__ is not Made:
        return False
    is_array = array.of.path in _FINISHED or array.of.path.endswith("._reconstruct")
    return is_array and numbers.of.path == "scipy.interpolate._bsplines._BSpline"


def _array_state(state: Any) -> None:
    """The state of an array: numpy takes as many objects from the list as its shape says, without counting them."""
    if state.__class__ is not Group or len(state) not in (5, 7) or not _is_shape(state[1]):
        raise Refused("gives an array a state of unknown form")
    _, objects = _item_size(state[2])
    if objects and (state[4].__class__ is not Row or state[4].size != prod(state[1])):
        raise Refused("gives an array more or fewer objects than its shape has")


def _is_shape(value: Any) -> bool:
    return value.__class__ is Group and all(size.__class__ is int and size >= 0 for size in value)


def check_storage(identity: Any) -> None:
    """Raises Refused unless a persistent id is one of torch's storages."""
    if not (
        identity.__class__ is Group
        and len(identity) == 5
        and identity[0] == "storage"
        and identity[1].__class__ is Import
        and re.fullmatch(r"torch\.\w+Storage", identity[1].path)
    ):
        raise Refused("has a persistent id that is none of torch's")


def joblib_size(state: Any) -> int | None:
    """The bytes of the array that joblib reads behind a wrapper of this state; None for a pickle of objects."""
    if state.__class__ is not Table or not state.exact:
        raise Refused("has an array of joblib's of unknown form")
    items = dict(state.items)
    shape, dtype, padding = (
        items.pop("shape", None),
        items.pop("dtype", None),
        items.pop("numpy_array_alignment_bytes", None),
    )
    subclass, order, mapped = items.pop("subclass", None), items.pop("order", None), items.pop("allow_mmap", False)
    if not (
        not items
        and _is_shape(shape)
        and (padding is None or padding.__class__ is int)
        and subclass.__class__ is Import
        and subclass.path in _ARRAY_CLASSES
        and order in ("C", "F")
        and mapped.__class__ is bool
    ):
        raise Refused("has an array of joblib's of unknown form")
    size, objects = _item_size(dtype)
    return None if objects else size * prod(shape)


def _is_dtype(value: Any) -> bool:
    return value.__class__ is Made and value.of.path == "numpy.dtype"


def _reconstructor(arguments: Group) -> None:
    """Of ``object``, or a Bunch of a dict: any other base is called with what the pickle says."""
    if len(arguments) == 3 and all(item.__class__ is Import for item in arguments[:2]):
        made, base, state = arguments
        if base.use == "base" and made.use in ("new", "class") and state is None:
            return
        if base.path == "builtins.dict" and made.path == "sklearn.utils._bunch.Bunch" and state.__class__ is Table:
            return
    raise Refused("calls copyreg._reconstructor for another base than object")


def _first_is_class(path: str, arguments: Group) -> None:
    allowed = _TAKES_A_CLASS[path]
    first = arguments[0] if arguments else None
    if path.endswith("__bit_generator_ctor") and first.__class__ is str:
        return  # numpy 1 looks the name up among its own
    if first.__class__ is not Import or not any(
        first.path == name or (name.endswith(".") and first.path.startswith(name)) for name in allowed
    ):
        raise Refused(f"calls {path} for a class that is not known to be harmless")
    shape = {"_reconstruct": 1, "_mareconstruct": 2}.get(path.rpartition(".")[2])
    if shape is not None and arguments[shape : shape + 1] != ((0,),):
        raise Refused(f"calls {path} for an array that is not empty")
    for argument in arguments[1:]:
        store(argument)


def _random(arguments: Group) -> None:
    """A generator of a bit generator, or of its name and the function that numpy 1 makes it by."""
    maker = "numpy.random._pickle.__bit_generator_ctor"
    for argument in arguments:
        if argument.__class__ not in (str, Made) and not (argument.__class__ is Import and argument.path == maker):
            raise Refused("makes a random generator of what is none")


def _factory(arguments: Group) -> None:
    first = arguments[0] if arguments else None
    if len(arguments) > 1 or not (first is None or (first.__class__ is Import and first.use == "type")):
        raise Refused("makes a defaultdict of what is no plain type")


def _builtin(name: str, arguments: Group) -> None:
    if name in _CONTAINERS:
        encoded = [item for item in arguments if item.__class__ is Made and item.of.path == "_codecs.encode"]
        known = (SET, OPAQUE)
        if len(arguments) > 1 or not all(
            item in known or item in encoded or item.__class__ in (Group, Table, Row) for item in arguments
        ):
            raise Refused(f"calls builtins.{name} with what is no container")
        store(arguments)
    elif name not in ("complex", "slice", "range"):
        raise Refused(f"calls builtins.{name}")
    else:
        store(arguments)


def _dtype(arguments: Group) -> None:
    """Dtypes as numpy writes them: a copy, so that none of numpy's own is given another state."""
    if (
        len(arguments) != 3
        or arguments[0].__class__ is not str
        or not _PLAIN_DTYPE.fullmatch(arguments[0])
        or arguments[1:] not in ((False, True), (0, 1))
    ):
        raise Refused("makes a numpy.dtype of unknown form")


def _item_size(dtype: Any) -> tuple[int, bool]:
    """The size in bytes, and whether the items are objects."""
    if not _is_dtype(dtype):
        raise Refused("has an array of unknown dtype")
    kind, size = dtype.args[0][0], int(dtype.args[0][1:])
    return size * 4 if kind == "U" else size, kind == "O"


def _dtype_state(made: Made, state: Any) -> None:
    """A dtype that lies of its size or of its objects would let arrays reach memory that is not theirs."""
    if made.sealed or made.state is not None or state.__class__ is not Group or len(state) not in (8, 9):
        raise Refused("gives a numpy.dtype a state of unknown form")
    size, objects = _item_size(made)
    kind = made.args[0][0]
    version, order, base, names, fields, own_size, alignment, flags = state[:8]
    sized, timed = kind in "SUV", kind in "mM"
    if (
        order not in ("<", ">", "|", "=")
        or base is not None
        or flags not in ((63,) if objects else (0, 8, 16, 128, 144))
        or own_size != (size if sized else -1)
        or alignment not in ((1, 2, 4, 8, 16) if sized else (-1,))
        or version != (4 if timed else 3)
        or (len(state) == 9) != timed
        or (timed and not _is_time_unit(state[8]))
    ):
        raise Refused("gives a numpy.dtype a state of unknown form")
    if names is not None or fields is not None:
        _check_fields(kind, names, fields, size)


def _is_time_unit(value: Any) -> bool:
    """``(None, (b"D", 1, 1, 1))``, which numpy reads without looking whether it is there."""
    return (
        value.__class__ is Group
        and len(value) == 2
        and (value[0] is None or value[0].__class__ is Table)
        and value[1].__class__ is Group
        and len(value[1]) == 4
        and all(number.__class__ is int and 0 < number < 1 << 31 for number in value[1][1:])
    )


def _check_fields(kind: str, names: Any, fields: Any, size: int) -> None:
    if kind != "V" or fields.__class__ is not Table or not fields.exact or names.__class__ is not Group:
        raise Refused("gives a numpy.dtype fields of unknown form")
    if sorted(fields.items) != sorted(name for name in names if name.__class__ is str):
        raise Refused("gives a numpy.dtype fields of unknown form")
    for field in fields.items.values():
        if field.__class__ is not Group or len(field) != 2 or field[1].__class__ is not int:
            raise Refused("gives a numpy.dtype fields of unknown form")
        inner, objects = _item_size(field[0])
        if objects or field[1] < 0 or field[1] + inner > size:
            raise Refused("gives a numpy.dtype fields that are not within its size")
    fields.frozen = True
