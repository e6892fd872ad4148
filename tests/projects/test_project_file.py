"""What an MLproject file may say, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.project_file import DockerEnvironment, Parameter, read_project

TUTORIAL = """
name: tutorial
python_env: python_env.yaml
entry_points:
  main:
    parameters:
      alpha: {type: float, default: 0.5}
      data: path
      flag: {type: bool, default: true}
      note:
    command: "python train.py {alpha} {data}"
  check:
    command: "python check.py"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "MLproject").write_text(text)
    return folder


def test_entry_points_have_typed_parameters_with_defaults(tmp_path: Path) -> None:
    (tmp_path / "python_env.yaml").touch()
    project = read_project(write(tmp_path, TUTORIAL))
    assert (project.name, project.python_env) == ("tutorial", tmp_path / "python_env.yaml")
    assert dict(project.entry_point().parameters) == {
        "alpha": Parameter("alpha", "float", "0.5"),
        "data": Parameter("data", "path"),
        "flag": Parameter("flag", "bool", "true"),
        "note": Parameter("note"),
    }
    assert project.entry_point("check").command == "python check.py"


def test_the_files_name_may_be_of_any_case(tmp_path: Path) -> None:
    (tmp_path / "mlproject").write_text("name: small")
    assert read_project(tmp_path).name == "small"


def test_a_folder_without_the_file_has_its_scripts(tmp_path: Path) -> None:
    (tmp_path / "a b.py").touch()
    (tmp_path / "go.sh").touch()
    project = read_project(tmp_path)
    assert project.entry_point("a b.py").command == "python 'a b.py'"
    assert project.entry_point("go.sh").command == "bash go.sh"
    with pytest.raises(NotFound, match=r"no entry point 'main'; it has: a b.py, go.sh"):
        project.entry_point()
    with pytest.raises(NotFound, match="no entry point"):
        project.entry_point("../outside.py")


def test_docker_images_have_volumes_and_variables(tmp_path: Path) -> None:
    text = "docker_env: {image: 'a/b:1', volumes: ['/x:/y'], environment: [[A, 1], B]}"
    expected = DockerEnvironment("a/b:1", ("/x:/y",), (("A", "1"), ("B", None)))
    assert read_project(write(tmp_path, text)).docker_env == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "MLproject is not plain YAML"),
        ("[1]", "MLproject must be a mapping, not list"),
        ("!!python/object:os.system {}", "is not plain YAML"),
        ("entry_points: {main: {}}", "entry point 'main' of MLproject has no command"),
        ("entry_points: {main: {command: [a]}}", "has no command"),
        ("entry_points: [main]", "entry_points must be a mapping"),
        ("entry_points: {main: {command: x, parameters: {'a b': float}}}", "has a parameter 'a b'"),
        ("entry_points: {main: {command: x, parameters: {a: {default: [1]}}}}", "default of parameter 'a'"),
        ("python_env: a.yaml\nconda_env: b.yaml", "names python_env and conda_env: a project has one environment"),
        ("python_env: missing.yaml", "python_env of MLproject names 'missing.yaml', and the project has no such file"),
        ("conda_env: ../../etc/passwd", "has no such file"),
        ("docker_env: {image: --privileged}", "docker_env has no image"),
        ("docker_env: {image: a, environment: [{A: 1}]}", "must be a name, or a list of name and value"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_project(write(tmp_path, text))


def test_a_folder_that_is_not_there_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="it is no folder"):
        read_project(tmp_path / "nowhere")
