"""A fork waits for what our threads are importing.

A child has only the thread that forked. A module that another thread was just importing stays locked in the child for
ever, and half done: the first ``import`` of it there never returns. Our threads import libraries when they first need
them, which is often while a training script starts its workers.
"""

from __future__ import annotations

import sys
import threading
import time
from types import FrameType

_LONGEST_S = 5.0
"""For what is imported may itself wait for the thread that forks."""
_AGAIN_S = 0.001
_OURS = "cloudtrack-"
_IMPORTING = "<frozen importlib._bootstrap>"


def wait_for_imports() -> None:
    """Return when no thread of ours imports a module, or after five seconds; called before each fork.

    What is left is an import that begins between this and the fork: Python has no lock that can be held over both.
    """
    deadline = time.monotonic() + _LONGEST_S
    while _is_importing() and time.monotonic() < deadline:
        time.sleep(_AGAIN_S)


def _is_importing() -> bool:
    frames, here = sys._current_frames(), threading.get_ident()
    ours = [each.ident for each in threading.enumerate() if each.name.startswith(_OURS) and each.ident != here]
    return any(_has_import(frames[ident]) for ident in ours if ident in frames)


def _has_import(top: FrameType) -> bool:
    frame: FrameType | None = top
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False
