"""A fork while a thread of ours imports: the child can import too."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cloudtrack.storage.opening  # noqa: F401 - it has each fork wait

_SLOW = """
import os
import time

open(os.environ["BEGAN"], "w").close()
time.sleep(0.5)
DONE = True
"""


@pytest.fixture
def slow_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that takes half a second to import and says when it begins."""
    (tmp_path / "slow_to_import.py").write_text(_SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("BEGAN", str(tmp_path / "began"))
    yield "slow_to_import"
    sys.modules.pop("slow_to_import", None)


def _in_a_child(work: Callable[[], bool]) -> int:
    """How a fork ended that has five seconds: 0 where ``work`` was right."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(5)
        os._exit(0 if work() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _import_in_a_thread(name: str, module: str) -> threading.Thread:
    thread = threading.Thread(target=__import__, args=(module,), name=name)
    thread.start()
    while not os.path.exists(os.environ["BEGAN"]):
        time.sleep(0.001)
    return thread


def test_a_child_imports_what_a_thread_of_ours_was_importing(slow_module: str) -> None:
    thread = _import_in_a_thread("cloudtrack-test", slow_module)
    assert _in_a_child(lambda: bool(__import__(slow_module).DONE)) == 0
    thread.join()


def test_a_fork_does_not_wait_for_threads_of_others(slow_module: str) -> None:
    thread = _import_in_a_thread("somebody", slow_module)
    assert _in_a_child(lambda: not hasattr(sys.modules[slow_module], "DONE")) == 0
    thread.join()


def test_a_fork_waits_no_longer_than_it_must_for_an_import_that_waits_for_it(
    slow_module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudtrack.storage.forking._LONGEST_S", 0.05)
    thread = _import_in_a_thread("cloudtrack-test", slow_module)
    assert _in_a_child(lambda: not hasattr(sys.modules[slow_module], "DONE")) == 0
    thread.join()
