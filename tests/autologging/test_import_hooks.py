"""What is to be done after an import: nothing is imported for it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cloudtrack.autologging import import_hooks, patching
from cloudtrack.autologging.import_hooks import after_import, forget


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package that nobody has imported: ``made_up`` with modules ``one`` and ``broken``."""
    folder = tmp_path / "made_up"
    folder.mkdir()
    (folder / "__init__.py").write_text("x = 1\n")
    (folder / "one.py").write_text("import made_up\ny = 2\n")
    (folder / "broken.py").write_text("raise RuntimeError('cannot be imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = list(sys.meta_path)
    yield "made_up"
    sys.meta_path[:] = before
    import_hooks._hooks.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_up"]:
        del sys.modules[name]


def test_nothing_is_imported_and_the_hook_sees_the_whole_module(package: str) -> None:
    seen: list[Any] = []
    after_import(package, lambda module: seen.append(module.x))
    assert package not in sys.modules
    module = importlib.import_module(package)
    assert seen == [1]
    importlib.import_module(package)
    assert seen == [1]
    assert "_Telling" not in type(module.__loader__).__name__
    assert module.__spec__ is not None
    assert module.__spec__.loader is module.__loader__
    assert importlib.reload(module) is module


def test_what_is_there_already_is_told_at_once(package: str) -> None:
    importlib.import_module(f"{package}.one")
    seen: list[str] = []
    after_import(f"{package}.*", lambda module: seen.append(module.__name__))
    assert sorted(seen) == [package, f"{package}.one"]


def test_modules_of_a_package_are_told_one_by_one(package: str) -> None:
    seen: list[str] = []
    after_import(f"{package}.*", lambda module: seen.append(module.__name__))
    importlib.import_module(package)
    assert seen == [package]
    importlib.import_module(f"{package}.one")
    assert seen == [package, f"{package}.one"]


def test_a_hook_that_fails_fails_no_import(package: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(module: Any) -> None:
        raise LookupError("no such class")

    patching._warned.clear()
    after_import(package, fail)
    assert importlib.import_module(package).x == 1
    assert "no such class" in caplog.text


def test_an_import_that_fails_fails_as_before(package: str) -> None:
    seen: list[Any] = []
    after_import(f"{package}.*", seen.append)
    with pytest.raises(RuntimeError, match="cannot be imported"):
        importlib.import_module(f"{package}.broken")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{package}.nowhere")
    assert [module.__name__ for module in seen] == [package]


def test_a_forgotten_hook_is_not_called(package: str) -> None:
    seen: list[Any] = []
    after_import(package, seen.append)
    forget(seen.append)
    importlib.import_module(package)
    assert seen == []
