"""Which slots of a grant this machine has used, and what it has sent: a small file beside the spool.

Processes of one machine that have the same grant take different slots by it. It is a help and not the truth: where it
is lost, storage refuses slots that are taken, and what is sent twice counts once.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
State = dict[str, Any]


class Slots:
    """The slots of one grant, 0, 1, 2 ...; any number of processes may use it."""

    def __init__(self, folder: Path, grant_id: str, count: int) -> None:
        self._path = folder / f"{grant_id}.slots"
        self._count = count
        self._fallback: State = {"next": 0, "sent": {}, "bytes": 0}

    @property
    def left(self) -> int:
        """How many were not claimed."""
        return max(0, self._count - self._change(lambda state: int(state["next"])))

    def claim(self) -> int | None:
        """The next one; None where there is none left."""

        def take(state: State) -> int | None:
            if state["next"] >= self._count:
                return None
            state["next"] += 1
            return int(state["next"]) - 1

        return self._change(take)

    def sent(self, writer: str) -> int:
        """The number of the last frame of a writer that was sent."""
        return self._change(lambda state: int(state["sent"].get(writer, 0)))

    @property
    def sent_bytes(self) -> int:
        """Of files, in all."""
        return self._change(lambda state: int(state["bytes"]))

    def note_sent(self, writer: str, seq: int, files_bytes: int) -> None:
        """Storage has the writer's frames up to this one, with files of that size."""
        self._change(
            lambda state: state.update(sent={**state["sent"], writer: seq}, bytes=state["bytes"] + files_bytes)
        )

    def _change(self, change: Callable[[State], T]) -> T:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:  # no disk: this process counts by itself
            return change(self._fallback)
        with os.fdopen(handle, "r+b", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            before = stream.read()
            state = _parsed(before)
            answer = change(state)
            after = json.dumps(state).encode()
            if after != before:
                os.pwrite(stream.fileno(), after, 0)
                os.ftruncate(stream.fileno(), len(after))
            return answer


def _parsed(text: bytes) -> State:
    try:
        state = json.loads(text)
        sent = {str(writer): int(seq) for writer, seq in state["sent"].items()}
        return {"next": int(state["next"]), "sent": sent, "bytes": int(state["bytes"])}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {"next": 0, "sent": {}, "bytes": 0}
