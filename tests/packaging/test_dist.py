"""What `make package` built: the right files, no others, and a wheel that does the whole job where nothing else is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.package
MACHINE = re.compile(rb"/(?:root|home|work|Users|tmp/[a-z])[/\w.-]*/(?:cloudtrack|dist|node_modules|site-packages)\b")


@pytest.fixture(scope="module")
def wheel() -> Path:
    (found,) = (ROOT / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sdist() -> Path:
    (found,) = (ROOT / "dist").glob("*.tar.gz")
    return found


def test_the_wheel_is_the_package_its_page_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {
        "cloudtrack",
        next(n for n in names if ".dist-info/" in n).split("/")[0],
    }
    assert "cloudtrack/py.typed" in names
    assert "cloudtrack/ui/dist/index.html" in names
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    assert not [
        name for name in names if re.search(r"(^|/)(tests?|node_modules|__pycache__|src)/|\.tsx?$|\.map$", name)
    ]


def test_the_sdist_has_what_the_wheel_and_the_tests_are_made_of(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[-1] for name in archive.getnames()}
    wanted = "pyproject.toml LICENSE README.md CHANGELOG.md Makefile infra/lambda.mk docs/format.md tests/conftest.py"
    assert set(wanted.split()) <= names
    assert "cloudtrack/ui/dist/index.html" in names
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]


def test_neither_knows_the_machine_that_built_it(wheel: Path, sdist: Path) -> None:
    found = []
    with zipfile.ZipFile(wheel) as archive:
        found += [name for name in archive.namelist() if MACHINE.search(archive.read(name))]
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() and "/tests/" not in member.name else None
            if file and MACHINE.search(file.read()):
                found.append(member.name)
    assert found == []


def test_the_wheel_does_the_whole_job_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, "env"], cwd=tmp_path, check=True)
    python = str(tmp_path / "env" / "bin" / "python")
    install = [*uv, "pip", "install", "--quiet", "--python", python, f"cloudtrack[sklearn] @ {wheel.as_uri()}"]
    subprocess.run(install, cwd=tmp_path, check=True, env=environment)
    command = [str(tmp_path / "env" / "bin" / "cloudtrack"), "demo"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Production" in done.stdout
