"""What building the package does about the page, as hatchling calls it."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cloudtrack.ui import building
from tests.ui.test_building import calls, ui

__all__ = ["calls", "ui"]


class _App:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def hook(ui: Path, calls: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hook beside the sources of a small page."""
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = type("BuildHookInterface", (), {"__init__": lambda self: None})  # type: ignore[attr-defined]
    for name in ("hatchling", "hatchling.builders", "hatchling.builders.hooks", "hatchling.builders.hooks.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    for name in ("building.py", "hatch_build.py"):
        shutil.copy(building.UI / name, ui / name)
    made = runpy.run_path(str(ui / "hatch_build.py"))["UiBuildHook"]()
    made.app = _App()
    return made


@pytest.mark.parametrize("version", ["standard", "editable"])
def test_the_page_is_built_once(hook: Any, ui: Path, calls: Any, version: str) -> None:
    assert hook.dependencies() == [], "the system has Node"
    hook.initialize(version, {})
    hook.initialize(version, {})
    assert building.is_fresh(ui)
    assert len(calls()) == 2
    assert hook.app.warnings == []


def test_node_is_asked_for_only_where_it_is_missing_and_needed(
    hook: Any, ui: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.initialize("standard", {})
    monkeypatch.setenv("PATH", "")
    assert hook.dependencies() == []
    (ui / "src" / "main.tsx").write_text("other")
    assert hook.dependencies() == [building.NODE_PACKAGE]
    monkeypatch.setenv("CLOUDTRACK_UI_BUILD", "skip")
    assert hook.dependencies() == []


def test_an_editable_installation_goes_on_without_the_page(
    hook: Any, ui: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITE_FAILS", "1")
    hook.initialize("editable", {})
    (warning,) = hook.app.warnings
    assert "the web page is not built" in warning
    with pytest.raises(RuntimeError, match="ended with 3"):
        hook.initialize("standard", {})
    monkeypatch.setenv("CLOUDTRACK_UI_BUILD", "skip")
    hook.initialize("standard", {})
    assert not building.is_fresh(ui)


def test_a_tree_without_sources_is_left_alone(hook: Any, ui: Path, calls: Any) -> None:
    (ui / "package.json").unlink()
    assert hook.dependencies() == []
    hook.initialize("standard", {})
    assert calls() == []
