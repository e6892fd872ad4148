"""When numbers of one type may become another: only where no value changes."""

from __future__ import annotations

from typing import Any

LIMITS = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
"""The smallest and the largest number of a type."""
NUMPY_TYPES = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}


def largest_exact(target: Any) -> int:
    """Up to here a floating type holds every whole number."""
    import numpy

    return int(2 ** (numpy.finfo(target).nmant + 1))


def widens(source: Any, target: Any, values: Any) -> bool:
    """Whether ``values`` of numpy's type ``source`` stay what they are in ``target``.

    By the types alone; by the values where whole numbers become floats. numpy calls that safe at any size.
    """
    import numpy

    if source == target:
        return True
    if source.kind not in "iufc" or target.kind not in "iufc":
        return False
    if source.kind in "iu" and target.kind in "fc":
        limit = largest_exact(target)
        return not values.size or (int(values.min()) >= -limit and int(values.max()) <= limit)
    return bool(numpy.can_cast(source, target, casting="safe"))
