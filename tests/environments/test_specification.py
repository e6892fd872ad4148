"""What an environment must have is read from the files that say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.environments.manager import EnvironmentManager
from cloudtrack.environments.specification import from_conda, from_pyproject, from_python_env
from cloudtrack.errors import CorruptData, InvalidInput
from cloudtrack.projects.environments import environment_of
from cloudtrack.projects.project_file import read_project


def test_a_python_env_has_a_version_and_lines_for_pip(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("numpy\n")
    file = tmp_path / "python_env.yaml"
    file.write_text("python: 3.11.7\nbuild_dependencies: [pip, wheel==0.37.1]\ndependencies: [-r more.txt, six]")
    found = from_python_env(file)
    assert (found.python, found.requirements) == ("3.11.7", ("pip", "wheel==0.37.1", f"-r {tmp_path}/more.txt", "six"))
    before = found.content()
    (tmp_path / "more.txt").write_text("numpy<2\n")
    assert found.content() != before, "what a file includes is part of what is wanted"


@pytest.mark.parametrize(
    ("dependencies", "python", "lines", "is_pip_only"),
    [
        ("[python=3.10, pip, pip: [a==1, b]]", "3.10", ("a==1", "b"), True),
        ("[python==3.10.4, 'pip<=23', setuptools]", "3.10.4", (), True),
        ("[python=3.10.*, pip]", "3.10.", (), True),
        ("[python, pip: [a]]", "", ("a",), True),
        ("['python>=3.9', pip: [a]]", "", ("a",), False),
        ("[python=3.10, scikit-learn=1.2, pip: [a]]", "3.10", ("a",), False),
        ("[cudatoolkit]", "", (), False),
    ],
)
def test_a_conda_file_needs_conda_where_it_names_more_than_pips_packages(
    tmp_path: Path, dependencies: str, python: str, lines: tuple[str, ...], is_pip_only: bool
) -> None:
    (tmp_path / "conda.yaml").write_text(f"dependencies: {dependencies}")
    found = from_conda(tmp_path / "conda.yaml")
    assert (found.python.rstrip("."), found.requirements) == (python.rstrip("."), lines)
    assert found.is_pip_only is is_pip_only


def test_a_pyproject_has_its_lock_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "a"\nrequires-python = "==3.11.*"\n')
    assert (from_pyproject(file).python, from_pyproject(file).lock) == ("3.11", None)
    (tmp_path / "uv.lock").touch()
    assert from_pyproject(file).lock == tmp_path / "uv.lock"
    file.write_text("[")
    with pytest.raises(CorruptData, match="is no TOML"):
        from_pyproject(file)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({}, "system"),
        ({"requirements.txt": "six"}, "uv"),
        ({"pyproject.toml": "[project]\nname='a'", "requirements.txt": "six"}, "uv"),
        ({"conda.yaml": "dependencies: [pip, pip: [six]]"}, "uv"),
        ({"conda.yaml": "dependencies: [scikit-learn]"}, "conda"),
        ({"python_env.yaml": "dependencies: [six]", "conda.yaml": "dependencies: [scikit-learn]"}, "uv"),
        ({"MLproject": "docker_env: {image: a}", "requirements.txt": "six"}, "docker"),
    ],
)
def test_a_project_without_words_on_its_environment_has_its_files(
    tmp_path: Path, files: dict[str, str], kind: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert environment_of(read_project(tmp_path)).kind == kind
    assert environment_of(read_project(tmp_path), EnvironmentManager.LOCAL).kind == "system"


def test_what_a_manager_cannot_make_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="names no environment that uv could make"):
        environment_of(read_project(tmp_path), EnvironmentManager.UV)
    (tmp_path / "conda.yaml").write_text("dependencies: [scikit-learn=1.2]")
    with pytest.raises(InvalidInput, match="packages that are not pip's, and uv has no others"):
        environment_of(read_project(tmp_path), EnvironmentManager.UV)
    (tmp_path / "conda.yaml").write_text("dependencies: {a: 1}\nx: [")
    with pytest.raises(CorruptData, match=r"conda.yaml is not plain YAML"):
        environment_of(read_project(tmp_path))
