"""Requests to models whose signature has tensors."""

from __future__ import annotations

from tests.scoring.corpus.ask import CSV, Ask

_ONE = [[1.0, 2.0], [3.0, 4.0]]

TENSOR = [
    Ask("inputs", {"inputs": [_ONE]}),
    Ask("inputs twice", {"inputs": [_ONE, _ONE]}),
    Ask("inputs of integers", {"inputs": [[[1, 2], [3, 4]]]}),
    Ask("inputs of other shape", {"inputs": [[1.0, 2.0]]}),
    Ask("inputs too wide", {"inputs": [[[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]]}),
    Ask("inputs that are ragged", {"inputs": [[[1.0], [3.0, 4.0]]]}),
    Ask("inputs of text", {"inputs": [[["a", "b"], ["c", "d"]]]}),
    Ask("inputs of booleans", {"inputs": [[[True, False], [True, False]]]}),
    Ask("inputs with null", {"inputs": [[[None, 2.0], [3.0, 4.0]]]}),
    Ask("inputs too large", {"inputs": [[[1e300, 2.0], [3.0, 4.0]]]}),
    Ask("inputs by name", {"inputs": {"x": [_ONE]}}),
    Ask("inputs of one number", {"inputs": 1.0}),
    Ask("no inputs", {"inputs": []}),
    Ask("inputs of null", {"inputs": None}),
    Ask("instances", {"instances": [_ONE, _ONE]}),
    Ask("instances of integers", {"instances": [[[1, 2], [3, 4]]]}),
    Ask("instances by name", {"instances": [{"x": _ONE}]}),
    Ask("no instances", {"instances": []}),
    Ask("split", {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 2.0]]}}),
    Ask("split of arrays", {"dataframe_split": {"columns": ["a"], "data": [[_ONE]]}}),
    Ask("records", {"dataframe_records": [{"a": 1.0, "b": 2.0}]}),
    Ask("csv", "a,b\n1,2\n", CSV),
    Ask("NaN", '{"inputs": [[[NaN, 2.0], [3.0, 4.0]]]}'),
]

TENSORS = [
    Ask("inputs", {"inputs": {"x": [[1.0, 2.0]], "y": [3]}}),
    Ask("inputs of integers", {"inputs": {"x": [[1, 2]], "y": [3]}}),
    Ask("inputs of floats for integers", {"inputs": {"x": [[1.0, 2.0]], "y": [3.5]}}),
    Ask("inputs of whole floats for integers", {"inputs": {"x": [[1.0, 2.0]], "y": [3.0]}}),
    Ask("inputs without y", {"inputs": {"x": [[1.0, 2.0]]}}),
    Ask("inputs with more", {"inputs": {"x": [[1.0, 2.0]], "y": [3], "z": [4]}}),
    Ask("inputs of other shape", {"inputs": {"x": [[1.0, 2.0, 3.0]], "y": [3]}}),
    Ask("inputs of text", {"inputs": {"x": [["a", "b"]], "y": [3]}}),
    Ask("inputs that are ragged", {"inputs": {"x": [[1.0], [1.0, 2.0]], "y": [3, 4]}}),
    Ask("inputs of two lengths", {"inputs": {"x": [[1.0, 2.0]], "y": [3, 4]}}),
    Ask("inputs of scalars", {"inputs": {"x": [1.0, 2.0], "y": 3}}),
    Ask("inputs without names", {"inputs": [[1.0, 2.0]]}),
    Ask("inputs with null", {"inputs": {"x": [[1.0, None]], "y": [3]}}),
    Ask("inputs of huge integers", {"inputs": {"x": [[1.0, 2.0]], "y": [10**30]}}),
    Ask("instances", {"instances": [{"x": [1.0, 2.0], "y": 3}, {"x": [4.0, 5.0], "y": 6}]}),
    Ask("instances of which one lacks y", {"instances": [{"x": [1.0, 2.0], "y": 3}, {"x": [4.0, 5.0]}]}),
    Ask("instances without y", {"instances": [{"x": [1.0, 2.0]}]}),
    Ask("instances with more", {"instances": [{"x": [1.0, 2.0], "y": 3, "z": 1}]}),
    Ask("instances of lists", {"instances": [[1.0, 2.0]]}),
    Ask("records", {"dataframe_records": [{"x": [1.0, 2.0], "y": 3}]}),
    Ask("records without y", {"dataframe_records": [{"x": [1.0, 2.0]}]}),
    Ask("split", {"dataframe_split": {"columns": ["x", "y"], "data": [[[1.0, 2.0], 3]]}}),
    Ask("csv", "x,y\n1,2\n", CSV),
]
