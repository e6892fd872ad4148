"""Texts in an exported program that torch evaluates: sizes with ``sympify``, guards with ``exec``, names as source.

Source: ``GraphModuleDeserializer._parse_sym_expr`` in ``torch/_export/serde/serialize.py``,
``_convert_guards_code_to_fn`` in ``torch/export/_unlift.py``, ``CodeGen`` in ``torch/fx/graph.py``, of PyTorch 2.15.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from typing import Any

from cloudtrack.models.pickle_values import Refused

SYMBOL = re.compile(r"[a-z]{1,8}[0-9]{1,6}", re.ASCII)
"""The name of a size that is not fixed."""
_SHOWN = 60
_WORD = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_(),=<>!'\[\] .+*/%-]*", re.ASCII)
_FUNCTIONS = frozenset(
    "Add Mul Pow Min Max Mod Abs Integer Rational FloorDiv CeilDiv CleanDiv PythonMod ModularIndexing IntTrueDiv "
    "FloatTrueDiv PowByNatural FloatPow ToFloat TruncToInt CeilToInt FloorToInt RoundToInt Identity Where And Or Not "
    "Equality Unequality LessThan GreaterThan StrictLessThan StrictGreaterThan".split()
)
_ASSUMPTIONS = frozenset("integer positive nonnegative negative nonzero real finite".split())


def misplaced(what: str, value: Any) -> Refused:
    """The error for a value that is not ``what`` belongs there."""
    return Refused(f"has {str(value)[:_SHOWN]!r} where {what} belongs")


def check_name(value: Any) -> None:
    """Raises Refused for what is no name of a value in source."""
    if not isinstance(value, str) or not _WORD.fullmatch(value) or keyword.iskeyword(value):
        raise misplaced("a name", value)


def check_expression(value: Any) -> None:
    """The size of a dimension, as sympy's ``srepr`` writes it."""
    for node in _nodes(value):
        match node:
            case ast.Call(func=ast.Name(id="Symbol"), args=[ast.Constant(value=str(name))], keywords=words):
                if not SYMBOL.fullmatch(name):
                    raise misplaced("a symbol", name)
                for word in words:
                    if word.arg not in _ASSUMPTIONS or not isinstance(word.value, ast.Constant):
                        raise misplaced("an expression", value)
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS:
                pass
            case ast.UnaryOp(op=ast.USub()) | ast.Constant(value=int() | float()) | ast.USub():
                pass
            case _:
                raise misplaced("an expression", value)


def check_guard(value: Any) -> None:
    """A condition on the sizes of inputs, such as ``L['x'].size()[0] == L['y'].size()[0]``."""
    for node in _nodes(value):
        match node:
            case ast.Call(func=ast.Attribute(attr="size"), args=[], keywords=[]):
                pass
            case ast.Subscript(value=ast.Name(id="L") | ast.Subscript(), slice=ast.Constant(value=str(name))):
                check_name(name)
            case ast.Subscript(value=ast.Subscript() | ast.Call(), slice=ast.Constant(value=int())):
                pass
            case ast.Constant(value=int()):
                pass
            case ast.Compare() | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() | ast.Mod()):
                pass
            case ast.UnaryOp(op=ast.USub()):
                pass
            case ast.cmpop() | ast.operator() | ast.unaryop():
                pass
            case _:
                raise misplaced("a condition on sizes", value)


def _nodes(value: Any) -> Iterator[ast.AST]:
    """The parts of an expression that say what it does; names and texts belong to what surrounds them."""
    if not isinstance(value, str) or not _PLAIN.fullmatch(value):
        raise misplaced("an expression", value)
    try:
        tree = ast.parse(value, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise misplaced("an expression", value) from error
    todo: list[ast.AST] = [tree.body]
    while todo:
        node = todo.pop()
        yield node
        match node:
            case ast.Call(func=ast.Name(id="Symbol")):
                continue
            case ast.Call(func=ast.Name()):
                todo += node.args
            case ast.Call(func=ast.Attribute(value=inner)):
                todo.append(inner)
            case ast.Subscript(value=ast.Name()):
                continue
            case ast.Subscript():
                todo.append(node.value)
            case _:
                todo += ast.iter_child_nodes(node)
