"""What ``torch.export`` writes of a program: JSON that torch evaluates, in parts, as Python.

Torch reads sizes with ``sympify`` and runs guards with ``exec``, both of which evaluate text; it puts the names of
values into source that it compiles, looks operators up by a path of attributes, and imports modules that the structure
of inputs names. So every key and value must be of a known form here, and what is not known is refused.

Source: ``torch/_export/serde/schema.py`` and ``serialize.py``, ``torch/export/_unlift.py``, of PyTorch 2.15.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from cloudtrack.models.exported_operators import is_operator
from cloudtrack.models.exported_text import SYMBOL, check_expression, check_guard, check_name, misplaced
from cloudtrack.models.pickle_values import Refused

Check = Callable[[Any], None]
_PATH = re.compile(r"((?!__)[A-Za-z0-9_]+(\.(?!__)[A-Za-z0-9_]+)*)?", re.ASCII)


def check_program(content: bytes) -> None:
    """Raises Refused for a ``models/model.json`` that could run anything but listed operators on its inputs."""
    _PROGRAM(_parse(content))


def check_payloads(content: bytes, prefix: str) -> None:
    """Raises Refused for the list of weights or constants where one is not plain bytes in a file ``<prefix>_<n>``."""
    file = _matching(re.compile(rf"{prefix}_[0-9]+", re.ASCII), "a file of numbers")
    payload = _record(path_name=file, is_param=_BOOL, use_pickle=_no_pickle, tensor_meta=_fixed(_record(**_TENSOR)))
    _record(config=_table(_matching(_PATH, "a name"), payload))(_parse(content))


def check_inputs(inputs: Any, is_tensor: Callable[[Any], bool]) -> None:
    """Raises Refused for sample inputs, as they were loaded, that hold anything but tensors, numbers and names.

    Torch builds source from the keys under which the inputs are found.
    """
    if inputs is None or type(inputs) in (int, float, bool) or is_tensor(inputs):
        return
    if type(inputs) in (tuple, list):
        for one in inputs:
            check_inputs(one, is_tensor)
    elif type(inputs) is dict:
        _table(_NAME, lambda one: check_inputs(one, is_tensor))(inputs)
    else:
        raise Refused(f"has a sample input that is a {type(inputs).__name__}")


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(f"has a part that is no JSON: {error}") from error


def _of_type(*kinds: type) -> Check:
    def check(value: Any) -> None:
        if type(value) not in kinds:
            raise misplaced(kinds[0].__name__, value)

    return check


def _matching(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: Any) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise misplaced(what, value)

    return check


def _exactly(*known: Any) -> Check:
    def check(value: Any) -> None:
        if value not in known:
            raise misplaced(" or ".join(map(repr, known)), value)

    return check


def _maybe(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _each(check: Check) -> Check:
    def check_all(value: Any) -> None:
        _of_type(list)(value)
        for one in value:
            check(one)

    return check_all


def _table(check_key: Check, check: Check) -> Check:
    def check_all(value: Any) -> None:
        _of_type(dict)(value)
        for key, one in value.items():
            check_key(key)
            check(one)

    return check_all


def _record(**checks: Check) -> Check:
    """A dictionary of no other keys than these."""

    def check(value: Any) -> None:
        _of_type(dict)(value)
        for key, one in value.items():
            if key not in checks:
                raise Refused(f"has {key!r}, which is not known to be harmless")
            checks[key](one)

    return check


def _union(**checks: Check) -> Check:
    """A dictionary of exactly one of these keys."""
    check_record = _record(**checks)

    def check(value: Any) -> None:
        check_record(value)
        if len(value) != 1:
            raise misplaced("one value", list(value))

    return check


def _number(value: Any) -> None:
    if type(value) not in (int, float) and value not in ("Infinity", "-Infinity", "NaN"):
        raise misplaced("a number", value)


def _no_pickle(value: Any) -> None:
    if value is not False:
        raise Refused("has a tensor of a class of its own, which torch unpickles")


def _operator(value: Any) -> None:
    if not isinstance(value, str) or not is_operator(value):
        raise Refused(f"calls {str(value)[:60]}, which is not known to be harmless")


def _structure(value: Any) -> None:
    """How inputs or outputs nest, as ``treespec_dumps`` writes it: tuples, lists, and dictionaries of names."""
    _of_type(str)(value)
    found = _parse(value.encode())
    if not isinstance(found, list) or len(found) != 2 or found[0] != 1:
        raise misplaced("a structure", value)
    _tree(found[1])


def _tree(value: Any) -> None:
    _record(
        type=_exactly(None, "builtins.tuple", "builtins.list", "builtins.dict"),
        context=_maybe(_keys),
        children_spec=_each(_tree),
    )(value)


def _keys(value: Any) -> None:
    _of_type(str)(value)
    _maybe(_each(check_name))(_parse(value.encode()))


def _fixed(check: Check) -> Check:
    """Of a tensor in a file: sizes are numbers there."""

    def check_sizes(value: Any) -> None:
        check(value)
        for size in [*value.get("sizes", []), *value.get("strides", [])]:
            _union(as_int=_INT)(size)

    return check_sizes


def _argument(value: Any) -> None:
    _ARGUMENT(value)


def _graph(value: Any) -> None:
    _GRAPH(value)


_NAME: Check = check_name
_INT, _BOOL, _TEXT = _of_type(int), _of_type(bool), _of_type(str)
_ANY_WORD = _matching(re.compile(r"[A-Za-z0-9_]*", re.ASCII), "a name")
_DOTTED = _matching(_PATH, "a name")
_TENSOR_NAME = _record(name=_NAME)
_HINT = _maybe(_union(as_int=_INT, as_float=_number, as_bool=_BOOL))
_SIZE = _union(as_int=_INT, as_expr=_record(expr_str=check_expression, hint=_HINT))
_SYM_INT = _union(as_int=_INT, as_name=_NAME)
_SYM_FLOAT = _union(as_float=_number, as_name=_NAME)
_SYM_BOOL = _union(as_bool=_BOOL, as_name=_NAME)
_DEVICE = _record(type=_matching(re.compile("[a-z]+", re.ASCII), "a device"), index=_maybe(_INT))
_TENSOR: dict[str, Check] = {
    "dtype": _INT,
    "sizes": _each(_SIZE),
    "requires_grad": _BOOL,
    "device": _DEVICE,
    "strides": _each(_SIZE),
    "storage_offset": _SIZE,
    "layout": _INT,
}
_ARGUMENT = _union(
    as_none=_BOOL,
    as_tensor=_TENSOR_NAME,
    as_tensors=_each(_TENSOR_NAME),
    as_optional_tensors=_each(_union(as_tensor=_TENSOR_NAME, as_none=_BOOL)),
    as_nested_tensors=_each(_each(_TENSOR_NAME)),
    as_int=_INT,
    as_ints=_each(_INT),
    as_float=_number,
    as_floats=_each(_number),
    as_bool=_BOOL,
    as_bools=_each(_BOOL),
    as_string=_TEXT,
    as_sym_int=_SYM_INT,
    as_sym_ints=_each(_SYM_INT),
    as_sym_float=_SYM_FLOAT,
    as_sym_floats=_each(_SYM_FLOAT),
    as_sym_bool=_SYM_BOOL,
    as_sym_bools=_each(_SYM_BOOL),
    as_scalar_type=_INT,
    as_memory_format=_INT,
    as_layout=_INT,
    as_device=_DEVICE,
    as_graph=_record(name=_NAME, graph=_graph),
)
_NODE = _record(
    target=_operator,
    inputs=_each(_record(name=_ANY_WORD, arg=_argument, kind=_maybe(_INT))),
    outputs=_each(_argument),
    metadata=_record(stack_trace=_TEXT, nn_module_stack=_TEXT, torch_fn=_TEXT),
    is_hop_single_tensor_return=_maybe(_BOOL),
    name=_maybe(_NAME),
)
_NOTHING = _exactly({})
_GRAPH = _record(
    inputs=_each(_union(as_tensor=_TENSOR_NAME)),
    outputs=_each(_argument),
    nodes=_each(_NODE),
    tensor_values=_table(_NAME, _record(**_TENSOR)),
    sym_int_values=_table(_NAME, _SIZE),
    sym_float_values=_table(_NAME, _union(as_float=_number, as_expr=_record(expr_str=check_expression, hint=_HINT))),
    sym_bool_values=_table(_NAME, _union(as_bool=_BOOL, as_expr=_record(expr_str=check_expression, hint=_HINT))),
    custom_obj_values=_NOTHING,
    is_single_tensor_return=_BOOL,
)
_SIGNATURE = _record(
    input_specs=_each(
        _union(
            user_input=_record(arg=_union(as_tensor=_TENSOR_NAME)),
            parameter=_record(arg=_TENSOR_NAME, parameter_name=_DOTTED),
            buffer=_record(arg=_TENSOR_NAME, buffer_name=_DOTTED, persistent=_BOOL),
            tensor_constant=_record(arg=_TENSOR_NAME, tensor_constant_name=_DOTTED),
        )
    ),
    output_specs=_each(
        _union(
            user_output=_record(arg=_argument),
            buffer_mutation=_record(arg=_TENSOR_NAME, buffer_name=_DOTTED),
            user_input_mutation=_record(arg=_TENSOR_NAME, user_input_name=_NAME),
        )
    ),
)
_CALL = _record(
    fqn=_DOTTED,
    signature=_maybe(
        _record(
            inputs=_each(_argument),
            outputs=_each(_argument),
            in_spec=_structure,
            out_spec=_structure,
            forward_arg_names=_maybe(_each(_NAME)),
        )
    ),
)
_PROGRAM = _record(
    graph_module=_record(
        graph=_GRAPH,
        signature=_SIGNATURE,
        module_call_graph=_each(_CALL),
        metadata=_NOTHING,
        treespec_namedtuple_fields=_NOTHING,
    ),
    opset_version=_table(_ANY_WORD, _INT),
    range_constraints=_table(_matching(SYMBOL, "a symbol"), _record(min_val=_maybe(_INT), max_val=_maybe(_INT))),
    schema_version=_record(major=_INT, minor=_INT),
    verifiers=_each(_exactly("TRAINING", "ATEN")),
    torch_version=_TEXT,
    guards_code=_each(check_guard),
)
