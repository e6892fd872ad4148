"""Temporary folders that live as long as what reads them."""

from __future__ import annotations

import atexit
import os
import shutil
import weakref
from pathlib import Path
from typing import Any


def keep_while(owner: Any, folder: str | Path) -> None:
    """Remove a folder when ``owner`` is gone, and at the latest when this process ends.

    A forked process that has a copy of the owner removes nothing.
    """
    try:
        weakref.finalize(owner, _remove, folder, os.getpid())
    except TypeError:  # what has no weak references, such as a dictionary
        atexit.register(_remove, folder, os.getpid())


def _remove(folder: str | Path, process_id: int) -> None:
    if os.getpid() == process_id:
        shutil.rmtree(folder, ignore_errors=True)
