"""Long transfers say how far they are, where somebody looks."""

from __future__ import annotations

import io
import sys

import pytest

from cloudtrack.storage.progress_line import AFTER_S, progress_line

_MIB = 1 << 20


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, now = _Terminal(), [0.0]
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_line("logging a", 4 * _MIB, now=lambda: now[0]) as moved:
        assert moved is not None
        moved(_MIB)
        assert terminal.getvalue() == ""
        now[0] = AFTER_S
        moved(_MIB)
        moved(_MIB)
    assert terminal.getvalue() == "\rlogging a: 2.0 of 4.0 MiB\rlogging a: 3.0 of 4.0 MiB\n"


def test_what_is_quick_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_line("logging a", now=lambda: 0.0) as moved:
        assert moved is not None
        moved(_MIB)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("name", ["CLOUDTRACK_PROGRESS", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"])
def test_it_can_be_switched_off(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", _Terminal())
    monkeypatch.setenv(name, "false")
    with progress_line("logging a") as moved:
        assert moved is None


def test_files_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_line("logging a") as moved:
        assert moved is None
