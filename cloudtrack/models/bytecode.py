"""Importing code of a model without leaving anything beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_bytecode() -> Iterator[None]:
    """What is imported within leaves no compiled file: one that was not saved with a model makes it another model."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
