"""Parameters are checked before anything is written, and paths are made absolute."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudtrack.errors import InvalidInput, NotFound
from cloudtrack.projects.parameters import digest_of, input_files, values_of
from cloudtrack.projects.project_file import EntryPoint, Parameter


def entry(**types: str) -> EntryPoint:
    return EntryPoint("main", "run", {name: Parameter(name, kind) for name, kind in types.items()})


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("float", "abc", "parameter 'x' must be a float, not 'abc'"),
        ("float", "", "must be a float"),
        ("int", "1.5", "must be a int"),
        ("bool", "yes", "parameter 'x' must be true or false, not 'yes'"),
        ("path", "nowhere.csv", "parameter 'x' names 'nowhere.csv', and there is no such file or folder"),
    ],
)
def test_a_value_of_another_type_is_named(tmp_path: Path, kind: str, text: str, message: str) -> None:
    with pytest.raises((InvalidInput, NotFound), match=message):
        values_of(entry(x=kind), {"x": text}, tmp_path)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("float", "1e-3"), ("float", "nan"), ("int", "-4"), ("bool", "True"), ("str", "'; rm"), ("x", "y")],
)
def test_what_is_of_its_type_stays_as_it_is(tmp_path: Path, kind: str, text: str) -> None:
    assert values_of(entry(x=kind), {"x": text}, tmp_path).declared == {"x": text}


def test_all_missing_parameters_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"needs a, b: give -P a=... -P b=..."):
        values_of(entry(a="float", b="string"), {"c": 1}, tmp_path)


def test_parameters_that_are_not_declared_follow_the_command(tmp_path: Path) -> None:
    values = values_of(entry(a="float"), {"a": 1, "verbose": True}, tmp_path)
    assert (values.declared, values.extra) == ({"a": "1"}, {"verbose": "True"})
    assert values.all == {"a": "1", "verbose": "True"}


def test_paths_given_start_here_and_defaults_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, project = tmp_path / "here", tmp_path / "project"
    for folder in (here, project):
        folder.mkdir()
        (folder / "data.csv").write_text(folder.name)
    monkeypatch.chdir(here)
    point = EntryPoint("main", "run", {"x": Parameter("x", "path", "data.csv"), "u": Parameter("u", "uri", "s3://b/k")})
    assert values_of(point, {}, project).declared == {"x": str(project / "data.csv"), "u": "s3://b/k"}
    given = values_of(point, {"x": "data.csv", "u": "data.csv"}, project)
    assert given.declared == {"x": str(here / "data.csv"), "u": str(here / "data.csv")}
    assert values_of(point, {"x": (here / "data.csv").as_uri()}, project).declared["x"] == str(here / "data.csv")
    [x, u] = input_files(point, given)
    assert (x.parameter, x.size_bytes, x.sha256) == ("x", 4, digest_of(here / "data.csv")[0])
    assert u.sha256 == x.sha256


def test_a_folders_digest_is_of_paths_and_contents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "one").write_text("1")
        (tmp_path / name / "two").write_text("2")
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")
    (tmp_path / "b" / "two").rename(tmp_path / "b" / "three")
    assert digest_of(tmp_path / "a")[0] != digest_of(tmp_path / "b")[0]
