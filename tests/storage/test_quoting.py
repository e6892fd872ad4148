"""Names and paths in keys."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtrack.errors import InvalidInput
from cloudtrack.storage.object_store import check_key
from cloudtrack.storage.quoting import quote_name, quote_path, unquote_name, unquote_path

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
segments = names.filter(lambda s: "/" not in s and "\x00" not in s and s not in (".", "..") and len(s.encode()) < 60)
SAFE = set(string.ascii_letters + string.digits + "-_.%~")


@given(names)
def test_a_name_is_one_safe_segment(name: str) -> None:
    segment = quote_name(name)
    assert set(segment) <= SAFE
    assert segment not in (".", "..")
    assert len(segment) <= 200
    assert check_key(segment) == segment


@given(names)
def test_a_name_comes_back_unless_it_was_cut(name: str) -> None:
    found = unquote_name(quote_name(name))
    assert found == name or (found is None and len(quote_name(name)) == 200)


@given(names, names)
def test_two_names_have_two_segments(one: str, two: str) -> None:
    assert (quote_name(one) == quote_name(two)) == (one == two)


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = quote_name("ü" * 200 + "a"), quote_name("ü" * 200 + "b")
    assert one != two
    assert len(one) == len(two) == 200
    assert unquote_name(one) is None


@given(st.lists(segments, min_size=1, max_size=4).map("/".join))
def test_a_path_comes_back(path: str) -> None:
    quoted = quote_path(path)
    assert check_key(quoted) == quoted
    assert unquote_path(quoted) == path
    assert quoted.count("/") == path.count("/")


@pytest.mark.parametrize("path", ["a b/ü+(1).txt", "x=1/y,z;w", "plain"])
def test_ordinary_paths_keep_their_spelling(path: str) -> None:
    assert quote_path(path) == path


@pytest.mark.parametrize("path", ["", "/", "a//b", "../a", "a/..", ".", "./a", "a\x00", "x" * 256])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        quote_path(path)
