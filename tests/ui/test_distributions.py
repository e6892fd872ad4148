"""What is in an sdist and a wheel, and that two builds of the page are the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from cloudtrack.ui import building
from tests.ui.stand_in import FILES, built

ROOT = Path(__file__).parents[2]
UI = "cloudtrack/ui/"
SOURCES = {
    "package.json": "{}",
    "package-lock.json": "{}",
    "vite.config.ts": "",
    "src/main.tsx": "",
    "tests/a.test.ts": "",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with a small page, built already: no Node and no npm are needed."""
    root = tmp_path_factory.mktemp("tree")
    leave = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    shutil.copytree(ROOT / "cloudtrack", root / "cloudtrack", ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    ui = root / "cloudtrack" / "ui"
    for name in ("src", "public", "tests"):
        shutil.rmtree(ui / name, ignore_errors=True)
    for name, text in SOURCES.items():
        (ui / name).parent.mkdir(parents=True, exist_ok=True)
        (ui / name).write_text(text)
    (ui / "node_modules" / "vite").mkdir(parents=True)
    (ui / "node_modules" / "vite" / "package.json").write_text("{}")
    built(ui / "dist")
    (ui / "dist" / building.STAMP).write_text(json.dumps({"format": 1, "stamp": building.source_stamp(ui)}))
    return root


def distributions(tree: Path, target: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files of the sdist, and of the wheel that is made of it."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    assert uv, "the Makefile installs uv"
    subprocess.run([uv, "build", "--quiet", "--out-dir", str(target), str(tree)], check=True)
    (sdist,), (wheel,) = target.glob("*.tar.gz"), target.glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = {each.name: each for each in archive.getmembers() if each.isfile()}
        packed = {name.partition("/")[2]: archive.extractfile(each).read() for name, each in names.items()}
    with zipfile.ZipFile(wheel) as archive:
        return packed, {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_has_the_page_and_not_what_it_is_made_of(tree: Path, tmp_path: Path) -> None:
    sdist, wheel = distributions(tree, tmp_path)
    dist = {f"{UI}dist/{name}": content for name, content in FILES.items()}
    assert dist.items() <= wheel.items()
    assert dist.items() <= sdist.items()
    assert f"{UI}dist/{building.STAMP}" in wheel
    assert f"{UI}dist/assets/index-Ab12_-9z.js.gz" in wheel
    in_wheel = {name for name in wheel if name.startswith(UI) and not name.startswith(f"{UI}dist/")}
    assert {Path(name).suffix for name in in_wheel} == {".py"}
    assert f"{UI}hatch_build.py" not in wheel
    assert f"{UI}building.py" in wheel
    assert {f"{UI}{name}" for name in (*SOURCES, "hatch_build.py")} <= sdist.keys()
    assert not any("node_modules" in name for name in (*sdist, *wheel))


def test_the_page_of_this_checkout_is_built_the_same_twice(tmp_path: Path) -> None:
    if not building.has_sources():
        pytest.skip("this tree has no sources of the page")
    found = []
    for name in ("one", "two"):
        copied = tmp_path / name / "ui"
        shutil.copytree(building.UI, copied, ignore=shutil.ignore_patterns("node_modules", "dist", "__pycache__"))
        dist = building.build(copied)
        found.append(
            {path.relative_to(dist).as_posix(): path.read_bytes() for path in dist.rglob("*") if path.is_file()}
        )
        assert building.is_fresh(copied)
    assert found[0] == found[1]
    assert {"index.html", building.LICENCES, building.STAMP} <= found[0].keys()
    assert not any(str(tmp_path).encode() in content for content in found[0].values()), "no path of this machine"
