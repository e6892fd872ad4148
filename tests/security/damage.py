"""Good inputs, and what an enemy makes of them: other values in JSON, other bytes, other characters."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1e400, -0.0, float("nan")]),
    st.sampled_from(
        ["", " ", ".", "..", "../x", "\x00", "\ud800", "a" * 70_000, "[" * 500, "NaN", "1" * 5000, "%2e%2e"]
    ),
    st.text(max_size=6),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
)


def places(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every part of some JSON, the whole included."""
    found = [before]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*before, key))
    return found


@st.composite
def damaged_json(draw: st.DrawFn, good: Any) -> Any:
    """The same with some parts exchanged, left out or added."""
    value = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(value)))
        if not place:
            if draw(st.integers(0, 20)) == 0:
                return draw(STRANGE)
            continue
        parent = value
        for step in place[:-1]:
            parent = parent[step]
        what = draw(st.integers(0, 5))
        if what == 0:
            del parent[place[-1]]
        elif what == 1 and isinstance(parent, dict):
            parent[draw(st.text(max_size=4))] = draw(STRANGE)
        else:
            parent[place[-1]] = draw(STRANGE)
    return value


@st.composite
def damaged_bytes(draw: st.DrawFn, good: bytes) -> bytes:
    """The same with some bytes exchanged, cut out or repeated."""
    body = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        if not body:
            break
        start = draw(st.integers(0, len(body) - 1))
        end = min(len(body), start + draw(st.integers(0, 8)))
        body[start:end] = draw(st.one_of(st.binary(max_size=8), st.just(bytes(body[start:end]) * 2), st.just(b"")))
    return bytes(body)


def stored(good: Any) -> st.SearchStrategy[bytes]:
    """The bytes of some JSON, damaged in one way or the other."""
    text = json.dumps(good).encode()
    return st.one_of(
        damaged_json(good).map(lambda value: json.dumps(value).encode()), damaged_bytes(text), st.binary(max_size=60)
    )


def texts(*good: str, alphabet: str = "") -> st.SearchStrategy[str]:
    """Texts near to good ones, and any others."""
    near = st.one_of(
        *(damaged_bytes(text.encode()).map(lambda body: body.decode("utf-8", "surrogateescape")) for text in good)
    )
    odd = st.text(alphabet=alphabet or "".join(sorted({*"".join(good), *"/:@#?%[]{}.\\\0 \n"})), max_size=40)
    return st.one_of(near, odd, st.text(max_size=20))
